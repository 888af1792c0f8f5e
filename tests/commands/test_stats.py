"""What utterances cost: counted as they are spoken, priced, kept, added up."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from avatar_bridge.assembly import Bridge
from avatar_bridge.commands import stats
from avatar_bridge.core.mind.cost import Spent, money, total
from avatar_bridge.core.mind.dialogue import Usage
from avatar_bridge.core.timeline.timeline import Timeline, prepare
from avatar_bridge.core.vocabulary import Segment
from avatar_bridge.registry import read_map
from avatar_bridge.settings import parse_settings
from avatar_bridge.stage import ledger
from avatar_bridge.stage.ledger import Ledger, entries
from avatar_bridge.stage.performance import join
from avatar_bridge.tts.tone import ToneEngine

PRICES = """
[prices.openai]
input = 1.0
output = 4.0
[prices."openai/small"]
input = 0.5
output = 2.0
[prices.elevenlabs]
characters = 0.1
audio = 0.6
[prices.machine]
cpu = 3.6
"""


def spoken(text: str) -> Timeline:
    timeline = Timeline(read_map("any_vts_model"))
    timeline.place(Segment(0, text, 0, final=True), prepare(text, join(list(ToneEngine().speak(text)))))
    timeline.place(Segment(1, "", len(text)), None)
    timeline.close()
    return timeline


def test_what_no_voice_could_speak_costs_no_characters() -> None:
    timeline = Timeline(read_map("any_vts_model"))
    timeline.place(Segment(0, "Unspeakable.", 0, final=True), None)
    timeline.close()
    book = Ledger()
    book.spoke(timeline, 0.0)
    assert (book.session.utterances, book.session.characters) == (1, 0)


def test_money_goes_by_who_took_part() -> None:
    prices = parse_settings(PRICES, source="test").prices
    spent = Spent(1, 1_000_000, 500_000, 2_000, 120.0, 10.0)
    assert money(spent, prices, voice="piper") == pytest.approx(0.01)
    assert money(spent, prices, voice="elevenlabs") == pytest.approx(0.01 + 0.2 + 1.2)
    assert money(spent, prices, voice="", model="openai/large") == pytest.approx(0.01 + 1.0 + 2.0)
    assert money(spent, prices, voice="", model="openai/small") == pytest.approx(0.01 + 0.5 + 1.0)
    assert money(spent, prices, voice="", model="ollama/llama3") == pytest.approx(0.01)
    assert total([spent, Spent(1, money=2.0)]) == Spent(2, 1_000_000, 500_000, 2_000, 120.0, 10.0, 2.0)


def test_what_is_spent_is_kept_and_added_up(tmp_path: Path) -> None:
    at = [1_780_000_000.0]
    settings = parse_settings(PRICES + f"[stats]\nfile = {json.dumps(str(tmp_path / 'stats.jsonl'))}\n", source="test")
    book = Ledger(settings.stats.file, voice="elevenlabs", prices=settings.prices, now=lambda: at[0])
    timeline = spoken("Hello there.")
    book.thought("openai/small", Usage(1000, 100), cpu=1.0)
    book.spoke(timeline, 2.0)
    assert book.last.characters == len("Hello there.")
    assert book.last.audio == pytest.approx(timeline.duration)
    at[0] += 3 * 86400
    Ledger(settings.stats.file, voice="piper", prices=settings.prices, now=lambda: at[0]).spoke(timeline, 1.0)
    told = stats.data(settings, "voice")
    assert [row["voice"] for row in told["rows"]] == ["(thinking)", "elevenlabs", "piper"]
    assert told["total"]["cpu"] == 4.0
    assert told["total"]["prompt_tokens"] == 1000
    assert len(stats.data(settings, "day")["rows"]) == 2
    assert [row["model"] for row in stats.data(settings, "model")["rows"]] == ["openai/small", "(speaking)"]
    table = list(stats.lines(settings, "session"))
    assert len(table) == 4
    assert len({len(row) for row in table}) == 1


def test_what_a_fallback_speaks_is_not_charged_to_the_voice_that_failed(tmp_path: Path) -> None:
    settings = parse_settings(PRICES, source="test")
    book = Ledger(tmp_path / "stats.jsonl", voice="elevenlabs", prices=settings.prices)
    text = "A hundred characters and more of them. " * 3
    timeline = spoken(text)
    book.spoke(timeline, 0.0, {"piper": 30})
    assert book.last.money == 0.0
    book.spoke(timeline, 4.0, {"piper": 30, "elevenlabs": 10})
    assert book.session.utterances == 2
    rows = [(each.voice, each.spent.utterances, each.spent.cpu) for each in entries(tmp_path / "stats.jsonl")]
    assert rows == [("piper", 1, 0.0), ("piper", 1, 3.0), ("elevenlabs", 0, 1.0)]
    own = book.last.money - 4.0 * 3.6 / 3600
    assert own == pytest.approx(len(text) / 4 / 1000 * 0.1 + timeline.duration / 4 / 60 * 0.6, rel=0.01)


async def test_a_bridge_tells_which_voice_of_a_chain_spoke(tmp_path: Path) -> None:
    written = f"""
drivers = {{}}
sound.speaker = "none"
stats.file = {json.dumps(str(tmp_path / "stats.jsonl"))}
[voice]
engine = "openai"
url = "http://127.0.0.1:9/v1"
fallback = ["tone"]
"""
    async with Bridge.from_settings(parse_settings(written, source="test")) as bridge:
        await bridge.perform("Hi.")
    assert [(each.voice, each.spent.characters) for each in entries(tmp_path / "stats.jsonl")] == [("tone", 3)]


def test_a_line_that_cannot_be_read_loses_no_other(tmp_path: Path) -> None:
    path = tmp_path / "stats.jsonl"
    Ledger(path).spoke(spoken("One."), 1.0)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"at": 1, "spent": []}\nnot JSON\n{"at":')
        file.write("\n")
    Ledger(path).spoke(spoken("Two."), 1.0)
    assert [entry.spent.characters for entry in entries(path)] == [4, 4]


@pytest.mark.parametrize(
    "wrong",
    ["5", "[" * 9000, '{"at": "x"}', '{"spent": {"audio": "x"}}', '{"session": "x"}', '{"at": 1e300}', '{"model": 5}'],
)
def test_a_line_of_another_shape_is_left_out(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "stats.jsonl"
    book = Ledger(path, voice="piper")
    book.spoke(spoken("Hello."), 0.1)
    good = path.read_text(encoding="utf-8")
    if wrong.startswith("{"):
        wrong = json.dumps({**json.loads(good), **json.loads(wrong)})
    path.write_text(f"{wrong}\n{good}", encoding="utf-8")
    assert len(list(entries(path))) == 1
    written = json.dumps(str(path))
    assert len(list(stats.lines(parse_settings(f"stats.file = {written}", source="test"), "session"))) == 4


def test_a_long_record_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_LARGEST", 300)
    path = tmp_path / "stats.jsonl"
    book = Ledger(path)
    for _ in range(3):
        book.spoke(spoken("One."), 1.0)
    assert path.with_suffix(".old").exists()
    assert path.stat().st_size < 600
    assert len(list(entries(path))) == 3


def test_a_record_that_cannot_be_written_is_no_fault_of_the_show(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    book = Ledger(tmp_path / "file" / "stats.jsonl")
    book.spoke(spoken("One."), 1.0)
    assert book.session.utterances == 1


@dataclass
class Computing:
    cpu: float = 0.0


def test_a_meter_counts_what_the_voice_computes_meanwhile() -> None:
    voice = Computing(5.0)
    meter = ledger.Meter(voice)
    voice.cpu = 7.5
    assert meter.read() >= 2.5
    assert ledger.Meter(object()).read() < 2.5


def test_nothing_spent_is_said(tmp_path: Path) -> None:
    settings = parse_settings(f"[stats]\nfile = {json.dumps(str(tmp_path / 'none.jsonl'))}\n", source="test")
    (line,) = stats.lines(settings, "day")
    assert "nothing was spent" in line
