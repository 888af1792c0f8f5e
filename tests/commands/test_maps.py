import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from avatar_bridge import registry
from avatar_bridge.commands import maps
from avatar_bridge.commands.map_tables import TABLE_KEYS
from avatar_bridge.core.motion.action import PAIRS, TARGETS, Action
from avatar_bridge.core.motion.motion_map import load_motion_map
from avatar_bridge.core.motion.rig import CHANNELS, FACE_CHANNELS
from avatar_bridge.errors import MotionMapError, UsageError

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "motion-maps.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
FAST = """\
[actions.jerk]
meaning = "jerk"
kind = "gesture"
keyframes.head_yaw = [[0.0, 0], [0.1, 30], [0.5, 5]]
"""


def validator() -> Any:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    return jsonschema.Draft202012Validator(json.loads(maps.schema_json()))


def read(name: str) -> str:
    return registry.read_map_text(registry.find_map(name))


def test_the_packaged_maps_are_listed() -> None:
    assert any(line.startswith("any_vts_model  ") for line in maps.listing())
    rows = json.loads("\n".join(maps.listing(as_json=True)))
    row = next(row for row in rows if row["name"] == "any_vts_model")
    assert row["actions"] >= 40
    assert Path(row["path"]).is_file()


def test_the_actions_of_one_map_are_listed() -> None:
    lines = list(maps.listing("any_vts_model"))
    assert any(re.match(r"nod +gesture +1\.0 s +yes +also: ", line) for line in lines)
    rows = json.loads("\n".join(maps.listing("any_vts_model", as_json=True)))
    assert len(rows) == len(lines)
    assert next(row for row in rows if row["name"] == "happy")["duration"] is None


def test_the_packaged_map_has_no_remarks() -> None:
    assert list(maps.check_lines(maps.check("any_vts_model")))[1:] == ["no faults"]


def test_a_doubtful_map_gets_remarks(tmp_path: Path) -> None:
    path = tmp_path / "fast.toml"
    path.write_text(FAST, encoding="utf-8")
    report = maps.check(str(path))
    text = "\n".join(maps.check_lines(report))
    for words in ("450 units a second", "30 degrees", "does not begin and end at 0", "no stroke", "4 remarks"):
        assert words in text
    assert [remark["action"] for remark in report["remarks"]] == ["jerk"] * 4


def test_a_key_that_no_target_reads_is_told_with_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    tables = 'unity.triger = "Nod"\nunity.state = "Sit"\nobs.sorce = "Confetti"\nvmc.zzz = 1\nosc.anything = 1\n'
    path.write_text(f'extends = "any_vts_model"\n[actions.nod]\n{tables}', encoding="utf-8")
    assert [remark["message"] for remark in maps.check(str(path))["remarks"]] == [
        "unity.triger is read by nobody; did you mean unity.trigger?",
        "obs.sorce is read by nobody; did you mean obs.source?",
        "vmc.zzz is read by nobody; expected blend, weight",
    ]


def test_the_guide_names_the_keys_of_every_target() -> None:
    rows = [line.split("|")[1:3] for line in GUIDE.splitlines() if line.startswith("| `")]
    told = {target: keys for targets, keys in rows for target in re.findall(r"`([a-z]+)`", targets)}
    for target, keys in TABLE_KEYS.items():
        assert set(re.findall(r"`([a-z_]+)`", told[target])) == set(keys), target


def test_a_wrong_map_is_refused_with_its_path_and_line(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(FAST.replace("head_yaw", "hed_yaw"), encoding="utf-8")
    with pytest.raises(MotionMapError, match=r"wrong\.toml, line 4: .*head_yaw"):
        maps.check(str(path))


def test_a_map_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(FAST.replace("jerk", "zärtlich").encode("latin-1"))
    with pytest.raises(MotionMapError, match="UTF-8"):
        maps.check(str(path))


def test_an_unknown_map_is_refused_with_the_nearest() -> None:
    with pytest.raises(MotionMapError, match="any_vts_model"):
        maps.check("any_vts_modle")


def test_the_prompt_is_built_from_the_map() -> None:
    text = maps.prompt("any_vts_model", performed={"nod", "happy"}, persona="You are Ada.")
    assert text.startswith("You are Ada.")
    assert "nod = yes" in text


def test_the_published_schema_is_the_present_one() -> None:
    published = (ROOT / "docs" / "motion-map.schema.json").read_text(encoding="utf-8")
    assert published == maps.schema_json() + "\n", (
        "write it anew: avatar-bridge maps schema > docs/motion-map.schema.json"
    )


@pytest.mark.parametrize("name", registry.map_names())
def test_the_packaged_maps_satisfy_the_schema(name: str) -> None:
    validator().validate(tomllib.loads(read(name)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("head_yaw", "hed_yaw"),
        ('"gesture"', '"gestur"'),
        ("30", "300"),
        ("[0.1, 30]", "[0.1]"),
        ("meaning", "meening"),
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(old: str, new: str) -> None:
    assert validator().is_valid(tomllib.loads(FAST))
    text = FAST.replace(old, new)
    assert not validator().is_valid(tomllib.loads(text))
    with pytest.raises(MotionMapError):
        load_motion_map(text, source="x")


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_examples_of_the_guide_are_right(example: str) -> None:
    motion_map = load_motion_map(example, source="docs/motion-maps.md", load=read)
    for action in motion_map.actions.values():
        assert list(maps.remarks(action)) == []


def test_the_guide_names_every_key_channel_and_target() -> None:
    for key in Action.model_fields.keys() - {"name", "targets"}:
        assert f"`{key}" in GUIDE, key
    for channel in FACE_CHANNELS:
        assert f"`{channel.name}`" in GUIDE, channel.name
        row = next(line for line in GUIDE.splitlines() if line.startswith("| ") and f"`{channel.name}`" in line)
        assert f"| {channel.low} to {channel.high} |" in row, channel.name
    assert all(f"`{target}`" in GUIDE for target in TARGETS)
    assert all(f"`{pair}`" in GUIDE for pair in PAIRS)
    assert "left_upper_arm_z" in CHANNELS


def test_a_prompt_in_another_dialect() -> None:
    assert "<|ACT" in maps.prompt("any_vts_model", dialect="airi")
    with pytest.raises(UsageError, match="did you mean 'airi'"):
        maps.prompt("any_vts_model", dialect="airy")
