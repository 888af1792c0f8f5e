"""The motion map as a form: only what was changed changes, comments stay, nothing half right is written."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_bridge import registry
from avatar_bridge.errors import MotionMapError
from avatar_bridge.web.map_edit import Change, edited
from avatar_bridge.web.map_form import MapForm, StaleMapError
from avatar_bridge.web.map_routes import map_routes

TEXT = """\
# A map of mine
name = "Mine"   # shown in the studio

# ── Heads ──

# the nod that everybody knows
[actions.nod]   # head
meaning = "yes" # told to the model
kind = "gesture"
stroke = 0.36
keyframes.head_pitch = [[0.0, 0], [0.36, -12], [0.98, 0]] # degrees
keyframes.brow = [[0.0, 0], [0.14, 0.2], [0.9, 0]]
vts.hotkey = "Nod" # in the model

# the shake
[actions.shake]
meaning = "no"
kind = "gesture"
stroke = 0.3
aliases = ["no",
  "never", # strong
]
keyframes.head_yaw = [
  [0.0, 0],
  [0.3, 11], # the far side
  [1.0, 0],
]

[groups.arms] # unused yet
replaces = []

[actions.smile]
meaning = "happy"
kind = "expression"
channels = { mouth_smile = 0.5, cheek = 0.2 } # all at once
"""
COMMENT = re.compile(r"#.*$", re.MULTILINE)
GESTURE = {"meaning": "so", "kind": "gesture", "keyframes": {"head_roll": [[0, 0], [0.3, 5], [0.6, 0]]}}


def form(folder: Path, text: str = TEXT) -> MapForm:
    path = folder / "mine.toml"
    path.write_bytes(text.encode())
    return MapForm(path, folder / "user")


def entry(shown: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in shown["actions"] if each["name"] == name)


def test_an_edit_touches_its_key_and_nothing_else() -> None:
    changed = edited(TEXT, [Change("nod", {"stroke": 0.4})])
    assert changed == TEXT.replace("stroke = 0.36", "stroke = 0.4")


def test_a_key_of_a_nested_table_is_edited_alone() -> None:
    keys = {"head_pitch": [[0, 0], [0.36, -9], [0.98, 0]], "brow": [[0.0, 0], [0.14, 0.2], [0.9, 0]]}
    changed = edited(TEXT, [Change("nod", {"keyframes": keys})])
    assert "[[0, 0], [0.36, -9], [0.98, 0]] # degrees" in changed
    assert changed.replace("[[0, 0], [0.36, -9], [0.98, 0]]", "[[0.0, 0], [0.36, -12], [0.98, 0]]") == TEXT


def test_a_new_key_stands_with_its_action_and_not_under_the_comment_of_the_next() -> None:
    changed = edited(TEXT, [Change("nod", {"cooldown": 1.5, "unity": {"trigger": "Nod"}})])
    own = '# in the model\ncooldown = 1.5\nunity.trigger = "Nod"\n\n# the shake\n[actions.shake]'
    assert own in changed


def test_what_is_equal_keeps_its_way_of_writing() -> None:
    same = {"aliases": ["no", "never"], "keyframes": {"head_yaw": [[0, 0], [0.3, 11], [1, 0]]}}
    assert edited(TEXT, [Change("shake", same)]) == TEXT


def test_an_inline_table_stays_one() -> None:
    changed = edited(TEXT, [Change("smile", {"channels": {"mouth_smile": 0.7}})])
    assert re.search(r"channels = \{ mouth_smile = 0\.7 *\} # all at once", changed)


def test_actions_come_and_go() -> None:
    changed = edited(TEXT, [Change("so so", GESTURE), Change("shake", remove=True)])
    actions = tomllib.loads(changed)["actions"]
    assert list(actions) == ["nod", "smile", "so so"]
    assert actions["so so"] == GESTURE


def test_an_inherited_action_is_left_out_by_name_and_overridden_by_key() -> None:
    text = (
        'extends = "any_vts_model"  # the house map\n\n[actions.mine]\nmeaning = "m"\nkind = "prop"\nvts.hotkey = "M"\n'
    )
    changed = edited(text, [Change("nod", remove=True), Change("bow", {"stroke": 0.5})], inherited=["nod", "bow"])
    assert tomllib.loads(changed)["without"] == ["nod"]
    assert tomllib.loads(changed)["actions"]["bow"] == {"stroke": 0.5}
    again = edited(changed, [Change("shake", remove=True)], inherited=["shake"])
    assert tomllib.loads(again)["without"] == ["nod", "shake"]
    assert "# the house map" in again


def test_half_a_character_is_refused() -> None:
    with pytest.raises(MotionMapError, match="half of a character"):
        edited(TEXT, [Change("nod", {"meaning": "\ud83d"})])


def test_a_file_that_is_not_toml_is_refused() -> None:
    with pytest.raises(MotionMapError, match="not valid TOML"):
        edited("[actions", [Change("nod", {"stroke": 1})])


NAMES = st.sampled_from(["nod", "shake", "smile", "so so", "über"])
KEYFRAMES = st.dictionaries(
    st.sampled_from(["head_pitch", "head_yaw", "brow", "gaze_x"]),
    st.lists(st.tuples(st.floats(0, 2, width=16), st.floats(-5, 5, width=16)).map(list), min_size=1, max_size=3),
    max_size=3,
)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "meaning": st.text(max_size=12) | st.none(),
        "stroke": st.floats(0, 2, width=16) | st.none(),
        "mirror": st.booleans(),
        "aliases": st.lists(st.text(min_size=1, max_size=5), max_size=3),
        "keyframes": KEYFRAMES,
        "channels": st.dictionaries(st.sampled_from(["cheek", "mouth_smile"]), st.floats(0, 1, width=16), max_size=2),
        "vts": st.dictionaries(st.sampled_from(["hotkey", "expression", "a b"]), st.text(max_size=6), max_size=2),
        "obs": st.just({"scene": "Break"}),
    },
)
CHANGES = st.lists(
    st.builds(Change, NAMES, VALUES) | st.builds(lambda name: Change(name, remove=True), NAMES), max_size=4
)


@settings(max_examples=80, deadline=None)
@given(CHANGES)
def test_any_changes_mean_what_they_say_and_keep_the_comments_of_what_stays(changes: list[Change]) -> None:
    expected = tomllib.loads(TEXT)["actions"]
    for change in changes:
        if change.remove:
            expected.pop(change.action, None)
            continue
        table = expected.setdefault(change.action, {})
        for key, value in change.values.items():
            if value is None or value == {}:
                table.pop(key, None)
            else:
                table[key] = value
    changed = edited(TEXT, changes)
    assert tomllib.loads(changed).get("actions", {}) == expected
    kept = COMMENT.findall(changed)
    for comment in ("# A map of mine", "# shown in the studio", "# ── Heads ──", "# unused yet"):
        assert comment in kept
    if "nod" not in {change.action for change in changes}:
        assert "# degrees" in kept
        assert "# in the model" in kept


def test_the_form_shows_what_is_written_and_what_is_inherited(tmp_path: Path) -> None:
    mug = '[actions.mug]\nmeaning = "m"\nkind = "prop"\nvts.hotkey = "Mug"\n'
    text = f'extends = "any_vts_model"\n[actions.nod]\nstroke = 0.4\n{mug}'
    shown = form(tmp_path, text).read()
    assert entry(shown, "mug") == {
        "name": "mug",
        "own": True,
        "inherited": False,
        "values": {"meaning": "m", "kind": "prop", "vts": {"hotkey": "Mug"}},
    }
    nod = entry(shown, "nod")
    assert (nod["own"], nod["inherited"]) == (True, True)
    assert (nod["values"]["stroke"], nod["values"]["meaning"]) == (0.4, "yes")
    assert "fade_in" not in nod["values"]
    assert shown["problems"] == []
    assert shown["toml"] == text
    assert not shown["packaged"]


def test_saving_writes_the_file_and_gives_the_map_to_play_by(tmp_path: Path) -> None:
    maps = form(tmp_path)
    saved = maps.save([Change("nod", {"meaning": "yes, yes"})], maps.etag())
    assert saved.path.read_text(encoding="utf-8") == TEXT.replace('"yes"', '"yes, yes"')
    assert not saved.copied
    found = saved.motion_map.find("nod")
    assert found is not None
    assert found.meaning == "yes, yes"
    assert [each.name for each in tmp_path.iterdir()] == ["mine.toml"]


def test_a_file_with_windows_line_ends_keeps_them(tmp_path: Path) -> None:
    maps = form(tmp_path, TEXT.replace("\n", "\r\n"))
    maps.save([Change("nod", {"stroke": 0.4})], maps.etag())
    assert maps.path.read_bytes().decode() == TEXT.replace("0.36\n", "0.4\n").replace("\n", "\r\n")


def test_a_stale_form_is_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    maps = form(tmp_path)
    old = maps.etag()
    maps.save([Change("nod", {"stroke": 0.4})], old)
    before = maps.path.read_bytes()
    with pytest.raises(StaleMapError, match="another studio"):
        maps.save([Change("nod", {"stroke": 0.1})], old)
    assert maps.path.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "action", "key", "says", "nearest"),
    [
        (Change("nod", {"stroke": -1}), "nod", "stroke", "greater than or equal to 0", None),
        (Change("nod", {"kind": "gestur"}), "nod", "kind", "expected one of gesture", "gesture"),
        (Change("nod", {"strok": 1}), "nod", "strok", "unknown key", "stroke"),
        (
            Change("nod", {"keyframes": {"hed_yaw": [[0, 0]]}}),
            "nod",
            "keyframes.hed_yaw",
            "unknown channel",
            "head_yaw",
        ),
        (
            Change("nod", {"keyframes": {"head_yaw": [[0, 0], [0.4, 99]]}}),
            "nod",
            "keyframes.head_yaw",
            "expected -45 to 45",
            None,
        ),
        (Change("nod", {"aliases": ["never"]}), "shake", "aliases", "already names", None),
        (Change("so so", {"meaning": "m"}), "so so", "", "kind", None),
    ],
)
def test_a_fault_names_its_action_its_key_and_the_nearest(
    tmp_path: Path, change: Change, action: str, key: str, says: str, nearest: str | None
) -> None:
    maps = form(tmp_path)
    found = maps.check([change])
    assert (found[0].action, found[0].key, found[0].nearest) == (action, key, nearest)
    assert says in found[0].message
    with pytest.raises(MotionMapError):
        maps.save([change], maps.etag())
    assert maps.path.read_text(encoding="utf-8") == TEXT


def test_a_map_of_the_package_is_copied_and_never_written(tmp_path: Path) -> None:
    packaged = registry.find_map("any_vts_model")
    before = packaged.read_bytes()
    maps = MapForm("any_vts_model", tmp_path)
    shown = maps.read()
    assert shown["packaged"]
    assert shown["saves_to"] == str(tmp_path / "any_vts_model.toml")
    saved = maps.save([Change("nod", {"stroke": 0.3})], shown["etag"])
    assert packaged.read_bytes() == before
    assert saved.copied
    assert "bridge.toml" in saved.note
    copy = (tmp_path / "any_vts_model.toml").read_text(encoding="utf-8")
    assert COMMENT.findall(copy) == COMMENT.findall(before.decode())
    second = MapForm("any_vts_model", tmp_path)
    assert second.read()["saves_to"].endswith("any_vts_model-2.toml")
    assert maps.read()["packaged"] is False


def test_a_map_broken_in_an_editor_is_shown_with_its_problems(tmp_path: Path) -> None:
    maps = form(tmp_path)
    maps.path.write_text(TEXT.replace("stroke = 0.36", 'stroke = "soon"'), encoding="utf-8")
    shown = maps.read()
    assert [(each["action"], each["key"], each["line"]) for each in shown["problems"]] == [("nod", "stroke", 10)]
    maps.path.write_text("[actions", encoding="utf-8")
    assert "not valid TOML" in maps.read()["problems"][0]["message"]


def test_what_the_form_offers_is_what_an_action_takes(tmp_path: Path) -> None:
    shown = form(tmp_path).read()
    keys = [each["key"] for each in shown["fields"]]
    assert keys[:3] == ["meaning", "kind", "stroke"]
    assert all(each["help"] for each in shown["fields"])
    assert set(shown["defaults"]) == {"gesture", "expression", "prop", "scene"}
    assert shown["defaults"]["expression"]["minimum_hold"] == 1.5


async def ask(
    app: FastAPI, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, dict[bytes, bytes], Any]:
    """Send one request into the application; return the status, the headers and the JSON."""
    sent: list[dict[str, Any]] = []
    data = b"" if body is None else json.dumps(body).encode()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": data, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    pairs = [(key.replace("_", "-").encode(), value.encode()) for key, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "http_version": "1.1"}
    scope |= {"headers": [*pairs, (b"content-type", b"application/json")], "scheme": "http", "server": ("x", 1)}
    await app(scope, receive, send)
    content = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], dict(sent[0]["headers"]), json.loads(content)


async def test_over_http_a_save_needs_the_etag_that_was_read(tmp_path: Path) -> None:
    adopted: list[Any] = []
    app = FastAPI()
    app.include_router(map_routes(form(tmp_path), adopted.append))
    status, headers, shown = await ask(app, "GET", "/v1/map")
    assert (status, headers[b"etag"].decode()) == (200, shown["etag"])
    change = {"changes": [{"action": "nod", "values": {"stroke": 0.4}}]}
    assert (await ask(app, "PUT", "/v1/map", change))[0] == 428
    status, headers, saved = await ask(app, "PUT", "/v1/map", change, if_match=shown["etag"])
    assert (status, headers[b"etag"].decode()) == (200, saved["etag"])
    assert adopted[0].actions["nod"].stroke == 0.4
    status, _, stale = await ask(app, "PUT", "/v1/map", change, if_match=shown["etag"])
    assert (status, "nothing was saved" in stale["error"], stale["suggestion"]) == (412, True, "GET /v1/map again")
    wrong = {"changes": [{"action": "nod", "values": {"kind": "gestur"}}]}
    status, _, refused = await ask(app, "PUT", "/v1/map", wrong, if_match=saved["etag"])
    assert (status, refused["problems"][0]["key"], refused["problems"][0]["nearest"]) == (422, "kind", "gesture")
    assert len(adopted) == 1
    assert (await ask(app, "POST", "/v1/map/check", wrong))[2] == {"problems": refused["problems"]}


async def test_over_http_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "user").write_text("a file in the folder's place")
    app = FastAPI()
    app.include_router(map_routes(MapForm("any_vts_model", tmp_path / "user" / "deeper"), lambda _: None))
    etag = (await ask(app, "GET", "/v1/map"))[2]["etag"]
    change = {"changes": [{"action": "nod", "values": {"stroke": 0.4}}]}
    status, _, refused = await ask(app, "PUT", "/v1/map", change, if_match=etag)
    assert (status, "cannot be written" in refused["error"]) == (500, True)


def test_an_action_of_a_long_map_is_edited_by_its_own_lines() -> None:
    text = registry.find_map("mascot").read_text(encoding="utf-8")
    wave = tomllib.loads(text)["actions"]["wave"]
    changed = edited(text, [Change("wave", {"stroke": wave["stroke"] / 2})])
    before, after = text.splitlines(), changed.splitlines()
    assert len(before) == len(after)
    assert [old.partition(" ")[0] for old, new in zip(before, after, strict=True) if old != new] == ["stroke"]


def test_tables_far_apart_are_edited_all_the_same() -> None:
    text = TEXT + '\n[actions.nod.unity]\ntrigger = "Nod" # late\n'
    changed = edited(text, [Change("nod", {"unity": {"trigger": "Bow"}, "stroke": 0.1})])
    assert tomllib.loads(changed)["actions"]["nod"]["unity"] == {"trigger": "Bow"}
    assert COMMENT.findall(changed) == COMMENT.findall(text)
