"""`timeline.json` is what its published schema says, and tells everything of the timeline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from stories import performed
from wire_stories import SCRIPTS, spoken_by_tone

from avatar_bridge.wire import timeline_json

SCHEMA = Path(__file__).parents[2] / "docs" / "timeline.schema.json"


def published() -> dict[str, Any]:
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


def test_the_published_schema_is_the_present_one() -> None:
    text = json.dumps(timeline_json.schema(), indent=2, ensure_ascii=False) + "\n"
    assert SCHEMA.read_text(encoding="utf-8") == text, "write it anew with scripts/regold"


def test_the_schema_is_a_schema_and_says_what_its_numbers_are() -> None:
    jsonschema.Draft202012Validator.check_schema(published())
    assert set(published()["properties"]) >= {
        "duration_s", "timing", "segments", "words", "phonemes", "cues", "mouth", "diagnostics",
    }  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_document_satisfies_the_schema(script: str) -> None:
    timeline = spoken_by_tone(script)
    text = timeline_json.encode(timeline)
    assert text == timeline_json.encode(timeline)
    data = json.loads(text)
    jsonschema.Draft202012Validator(published()).validate(data)
    assert len(data["words"]) == len(timeline.words)
    assert len(data["cues"]) == len(timeline.cues)
    assert len(data["diagnostics"]) == len(timeline.diagnostics)
    for word in data["words"]:
        assert data["speech"][word["char"] : word["char"] + len(word["text"])] == word["text"]
        assert 0 <= word["at"] <= word["at"] + word["duration"] <= data["duration_s"] + 1e-6
    mouth = data["mouth"]
    assert {len(mouth[name]) for name in ("open", "aa", "ih", "ou", "ee", "oh")} == {len(mouth["open"])}
    assert len(mouth["open"]) / mouth["rate"] == pytest.approx(data["duration_s"], abs=0.02)


def test_an_invalid_document_is_refused() -> None:
    data = json.loads(timeline_json.encode(performed("one [nod] two")))
    validator = jsonschema.Draft202012Validator(published())
    assert validator.is_valid(data)
    assert not validator.is_valid(data | {"timing": "guessed"})
    assert not validator.is_valid(data | {"more": 1})
    assert not validator.is_valid({key: value for key, value in data.items() if key != "mouth"})


def test_a_cue_tells_what_its_tag_gave_and_nothing_else() -> None:
    timeline = performed("one [Nod 0.4 for=1s] two [smile]three four[/smile] five")
    nod, smile = (entry.model_dump() for entry in timeline_json.document(timeline).cues)
    assert nod["args"] == {"strength": 0.4}
    assert (nod["name"], nod["written"], nod["duration"]) == ("nod", "Nod", 1.0)
    assert (nod["at"], nod["start"]) == (0.4, pytest.approx(0.2))
    assert (smile["args"], smile["duration"], smile["released"]) == ({}, None, pytest.approx(1.6))
