"""The report is one page that needs nothing else, and whatever the script says stays text in it."""

from __future__ import annotations

import base64
import json
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from players import new_mixer
from wire_stories import SCRIPTS, spoken_by_tone

from avatar_bridge import registry
from avatar_bridge.core.timeline.rehearsal import rehearse
from avatar_bridge.wire.report import Delivery, Target, page
from avatar_bridge.wire.wav import encode_wav

RATE = 16000
TEMPLATE = registry.data_file("report.html").read_text(encoding="utf-8")


def report_of(script: str, **more: Any) -> str:
    timeline = spoken_by_tone(script)
    samples = np.sin(np.arange(round(timeline.duration * RATE)) / 20).astype(np.float32) / 2
    return page(
        timeline,
        template=TEMPLATE,
        wav=encode_wav(samples, RATE),
        samples=samples,
        rate=RATE,
        frames=rehearse(timeline, new_mixer()),
        **more,
    )


class Reader(HTMLParser):
    """What a browser would see: the tags with their attributes, and the text of each script."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._inside = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag == "script"
        if self._inside:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.scripts[-1] += data

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.scripts[0])


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_page_is_whole_and_needs_nothing_else(script: str) -> None:
    text = report_of(script)
    reader = Reader(text)
    plain = Reader(TEMPLATE)
    assert [tag for tag, _ in reader.tags] == [tag for tag, _ in plain.tags], "the script adds no element"
    assert len(reader.scripts) == 2
    for tag, attributes in reader.tags:
        for key in {"src", "href", "srcset", "action", "poster"} & attributes.keys():
            assert (attributes[key] or "").startswith("data:"), (tag, key)
        assert not any(key.startswith("on") for key in attributes)
    outside = text.replace(reader.scripts[0], "").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"(https?:)?//[a-z0-9-]+\.[a-z]|@import|url\((?!#)", outside)
    policy = next(a["content"] for _, a in reader.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_data_are_the_timelines(script: str) -> None:
    timeline = spoken_by_tone(script)
    data = Reader(report_of(script)).data
    assert data["speech"] == timeline.speech
    assert [word["text"] for word in data["words"]] == [word.text for word in timeline.words]
    assert [cue["meaning"] for cue in data["cues"]] == [cue.action.meaning for cue in timeline.cues]
    assert len(data["wave"]["low"]) == len(data["wave"]["high"]) == int(timeline.duration * RATE) // (RATE // 250)
    lengths = {len(values) for values in data["motion"]["channels"].values()}
    assert lengths <= {int((timeline.duration + 1.0) * 60) + 1}


def test_the_sound_is_in_the_page() -> None:
    text = report_of("Hi there!")
    (audio,) = (attributes for tag, attributes in Reader(text).tags if tag == "audio")
    head, _, body = (audio["src"] or "").partition(",")
    assert head == "data:audio/wav;base64"
    assert base64.b64decode(body)[:4] == b"RIFF"


def test_the_loudest_sample_fills_the_wave_and_silence_is_flat() -> None:
    wave = Reader(report_of("Hi there!")).data["wave"]
    assert (min(wave["low"]), max(wave["high"])) == (-127, 127)
    timeline = spoken_by_tone("[pause 0.5]")
    samples = np.zeros(8000, np.float32)
    flat = page(timeline, template=TEMPLATE, wav=b"", samples=samples, rate=RATE, frames=[])
    assert set(Reader(flat).data["wave"]["low"]) == {0}


def test_what_was_delivered_and_where_is_told() -> None:
    text = report_of(
        "[nod] Hi!",
        deliveries=[Delivery("vts", "nod", -0.1, 1.25)],
        targets=[Target("vts</script>", "ready", None, "<b>at ws://127.0.0.1:8001</b>")],
    )
    data = Reader(text).data
    assert data["deliveries"] == [{"driver": "vts", "action": "nod", "due": -0.1, "late_ms": 1.25}]
    assert data["targets"][0]["name"] == "vts</script>"


def test_only_channels_that_move_are_kept() -> None:
    channels = Reader(report_of("[smile]Banana, banana.")).data["motion"]["channels"]
    assert "mouth_open" in channels
    assert "tongue_out" not in channels
    assert all(len(set(values)) > 1 or values[0] != 0 for values in channels.values())
