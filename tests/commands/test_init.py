"""A commented bridge.toml from a few answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from avatar_bridge import registry
from avatar_bridge.commands import init
from avatar_bridge.commands.init import Answers
from avatar_bridge.errors import SettingsError, UsageError
from avatar_bridge.settings import Settings, override, parse_settings, read_settings


def test_without_answers_it_says_the_defaults() -> None:
    expected = override(Settings(), {"drivers.vts.driver": "vts"})
    assert parse_settings(init.compose(Answers()), source="test") == expected


def test_answers_stand_where_they_belong_with_their_comments() -> None:
    text = init.compose(
        Answers(
            targets="overlay, obs,vts",
            voice="elevenlabs",
            voice_key="env:MY_KEY",
            mind="ollama",
            model='odd "name" \\ it',
            url="http://127.0.0.1:11434/v1",
            user="Kim",
        )
    )
    settings = parse_settings(text, source="test")
    assert list(settings.drivers) == ["vts", "overlay", "obs"]
    assert (settings.voice.engine, settings.voice.key) == ("elevenlabs", "env:MY_KEY")
    assert (settings.mind.engine, settings.mind.model) == ("ollama", 'odd "name" \\ it')
    assert (settings.mind.url, settings.mind.user) == ("http://127.0.0.1:11434/v1", "Kim")
    assert 'engine = "elevenlabs"       # a voice' in text
    assert text.count("\n[voice]\n") == 1


def test_no_target_at_all() -> None:
    assert parse_settings(init.compose(Answers(targets="none")), source="test").drivers == {}


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (Answers(targets="vst"), "did you mean 'vts'?"),
        (Answers(voice="pipper"), "did you mean 'piper'?"),
        (Answers(mind="olama"), "did you mean 'ollama'?"),
        (Answers(mind="openai", key="sk-12345678"), "a key itself does not belong in the settings"),
        (Answers(mind="ollama", url="localhost:11434"), "expected an address as http"),
        (Answers(persona="nowhere.png"), "there is no file nowhere.png"),
    ],
)
def test_an_answer_that_cannot_be_is_told(answers: Answers, told: str) -> None:
    with pytest.raises((UsageError, SettingsError)) as caught:
        init.compose(answers)
    assert told in str(caught.value)
    assert "12345678" not in str(caught.value)


def test_only_what_is_open_is_asked_and_a_wrong_answer_is_asked_again() -> None:
    given = iter(["pipper", "piper", "openai", "", "", "env:KEY", "", ""])
    asked: list[str] = []
    told: list[str] = []

    def prompt(words: str, default: str) -> str:
        asked.append(words.partition("?")[0])
        return next(given) or default

    answers = init.ask(Answers(targets="vts"), prompt, told.append)
    assert asked == [
        "Which voice",
        "Which voice",
        "Which language model",
        "What is the model called",
        "The server's address",
        "Where is the key of openai kept",
        "A persona.toml or character card",
        "What does the character call you",
    ]
    assert len(told) == 1
    assert answers == Answers(targets="vts", voice="piper", mind="openai", key="env:KEY", user="you")


def test_a_file_that_is_there_is_never_lost(tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    path.write_text("log = 'info'\n", encoding="utf-8")
    with pytest.raises(UsageError, match="is there already"):
        list(init.write(path, Answers()))
    assert path.read_text(encoding="utf-8") == "log = 'info'\n"
    told = list(init.write(path, Answers(mind="ollama"), force=True))
    assert (tmp_path / "bridge.toml.old1").read_text(encoding="utf-8") == "log = 'info'\n"
    assert read_settings(path).mind.engine == "ollama"
    assert any("kept" in line for line in told)
    assert told[-1].startswith("next: ")


def test_what_is_not_installed_is_named_with_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "missing_packages", lambda name: ("kokoro",) if name == "kokoro" else ())
    told = list(init.write(tmp_path / "bridge.toml", Answers(voice="kokoro")))
    assert any('pip install "avatar-bridge[kokoro]"' in line for line in told)
