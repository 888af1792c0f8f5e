import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.core.motion.action import Action
from avatar_bridge.core.motion.motion_map import MotionMap, load_motion_map
from avatar_bridge.errors import MotionMapError

NOD = """\
[actions.nod]
meaning = "yes"
kind = "gesture"
stroke = 0.18
duration = 0.60
cooldown = 0.5
aliases = ["yes", "head nod"]
keyframes.head_pitch = [[0.0, 0], [0.18, -14], [0.36, 4], [0.60, 0]]
vts.hotkey = "Nod"
unity.trigger = "Nod"
"""


def load(text: str, **options: object) -> MotionMap:
    return load_motion_map(text, source="my.toml", **options)  # type: ignore[arg-type]


def faults(text: str, **options: object) -> list[str]:
    with pytest.raises(MotionMapError) as caught:
        load(text, **options)
    return str(caught.value).splitlines()


def fault(text: str, **options: object) -> str:
    found = faults(text, **options)
    assert len(found) == 1, found
    return found[0]


def test_an_action_is_read_as_it_was_written() -> None:
    nod = load(NOD).actions["nod"]
    assert (nod.name, nod.meaning, nod.kind, nod.stroke, nod.duration, nod.cooldown) == (
        "nod",
        "yes",
        "gesture",
        0.18,
        0.6,
        0.5,
    )
    assert nod.keyframes["head_pitch"][1] == (0.18, -14.0)
    assert nod.targets == {"vts": {"hotkey": "Nod"}, "unity": {"trigger": "Nod"}}


def test_what_a_kind_gives_is_filled_in() -> None:
    text = '[actions.happy]\nmeaning = "happy"\nkind = "expression"\nfade_in = 0.3\nchannels.happy = 1\n'
    happy = load(text).actions["happy"]
    assert (happy.fade_in, happy.fade_out, happy.minimum_hold, happy.weight, happy.linger) == (0.3, 1.0, 1.5, 0.8, 0.4)
    assert happy.exclusive == "expression"
    assert load(NOD).actions["nod"].exclusive == "gesture"


def test_names_are_found_however_they_are_written() -> None:
    motion_map = load(NOD)
    for name in ("nod", "NOD", "N-o d", "Yes", "head_nod", "HeadNod"):
        found = motion_map.find(name)
        assert found is not None
        assert found.name == "nod"
    assert motion_map.find("nods") is None
    assert motion_map.names() == {"nod", "yes", "head nod"}


@pytest.mark.parametrize(("asked", "near"), [("nood", "nod"), ("headnot", "head nod"), ("zzzzzz", None), ("", None)])
def test_the_nearest_name_is_offered(asked: str, near: str | None) -> None:
    assert load(NOD).nearest(asked) == near


def test_a_short_name_stands_for_both_sides_and_a_side_by_itself_stands() -> None:
    text = (
        '[actions.wink]\nmeaning = "wink"\nkind = "gesture"\n'
        "keyframes.blink = [[0, 0], [0.2, 1], [0.4, 0]]\nkeyframes.blink_right = [[0, 0], [0.2, 0.2], [0.4, 0]]\n"
    )
    wink = load(text).actions["wink"]
    assert sorted(wink.keyframes) == ["blink_left", "blink_right"]
    assert wink.keyframes["blink_left"][1] == (0.2, 1.0)
    assert wink.keyframes["blink_right"][1] == (0.2, 0.2)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("stroke = 0.18", "strok = 0.18", 4, ['unknown key "strok"', 'did you mean "stroke"?']),
        ('kind = "gesture"', 'kind = "gestur"', 3, ["gesture, expression, prop, scene", 'did you mean "gesture"?']),
        ("stroke = 0.18", 'stroke = "0.18"', 4, ["actions.nod.stroke", "number", "'0.18'"]),
        ("stroke = 0.18", "stroke = true", 4, ["actions.nod.stroke", "number", "True"]),
        ("stroke = 0.18", "stroke = -1", 4, ["greater than or equal to 0", "-1"]),
        ("stroke = 0.18", "stroke = 0.9", 4, ["within the action's 0.6 s", "0.9"]),
        ("stroke = 0.18", "stroke = nan", 4, ["finite"]),
        ("head_pitch", "head_pich", 8, ['unknown channel "head_pich"', 'did you mean "head_pitch"?']),
        ("[0.36, 4]", "[0.10, 4]", 8, ["out of order", "0.1 s follows 0.18 s"]),
        ("-14", "-41", 8, ["expected -40 to 40, got -41 at 0.18 s"]),
        ("[0.18, -14]", "[0.18]", 8, ["head_pitch: expected [[seconds, value], ...]"]),
        ("[0.18, -14]", '[0.18, "x"]', 8, ["actions.nod.keyframes.head_pitch", "number", "'x'"]),
        ("duration = 0.60", "duration = 0.5", 5, ["the last key stands at 0.6 s, after the end at 0.5 s"]),
        ('vts.hotkey = "Nod"', 'vtss.hotkey = "Nod"', 9, ['unknown key "vtss"', 'did you mean "vts"?']),
        ('vts.hotkey = "Nod"', 'vts = "Nod"', 9, ["actions.nod.vts", "'Nod'"]),
        ('vts.hotkey = "Nod"', "head_yaw = 3", 9, ['unknown key "head_yaw"', 'did you mean "keyframes.head_yaw"?']),
        ('meaning = "yes"\n', "", 1, ['"meaning" is missing']),
        ('meaning = "yes"', 'meaning = " "', 2, ["expected a text"]),
        ('"head nod"', '"[x]"', 7, ["cannot be written as a tag"]),
        ('"head nod"', '"pause"', 7, ["belongs to the script grammar"]),
        ('meaning = "yes"', 'meaning = "yes"\nname = "x"', 3, ["named by its table"]),
        ('meaning = "yes"', 'meaning = "yes"\nloop = [0.1, 0.5]', 3, ["from the stroke (0.18)"]),
        ('meaning = "yes"', 'meaning = "yes"\nloop = [0.18, 0.36]', 3, ["head_pitch is -14", "it would snap"]),
        ('meaning = "yes"', 'meaning = "yes"\nchannels.happy = 1', 3, ["a gesture moves by keyframes"]),
        ('meaning = "yes"', 'meaning = "yes"\nreplaces = ["armss"]', 3, ['no group "armss"']),
    ],
)
def test_a_fault_names_file_line_key_and_the_nearest_right_name(
    old: str, new: str, line: int, words: list[str]
) -> None:
    assert old in NOD
    message = fault(NOD.replace(old, new))
    assert message.startswith(f"my.toml, line {line}: "), message
    for word in words:
        assert word in message


def test_all_faults_of_a_file_are_told_at_once_in_their_order() -> None:
    text = NOD.replace("stroke =", "strok =").replace("head_pitch", "head_pich") + "[actons.bow]\n"
    found = faults(text)
    assert [line.split(":")[0] for line in found] == ["my.toml, line 4", "my.toml, line 8", "my.toml, line 11"]
    assert 'did you mean "actions"?' in found[2]


def test_a_map_without_actions_is_refused() -> None:
    for text in ("", "[actions]\n", 'name = "x"\n'):
        assert "the map has no actions" in fault(text)


def test_an_action_that_does_nothing_is_refused() -> None:
    assert "it does nothing: expected keyframes" in fault('[actions.nod]\nmeaning = "yes"\nkind = "gesture"\n')
    assert "it does nothing: expected channels" in fault('[actions.sad]\nmeaning = "sad"\nkind = "expression"\n')


@pytest.mark.parametrize(
    ("text", "line"), [("[actions.nod\n", 1), (NOD + "keyframes.head_pitch = 1\n", 11), ("a = 1\na = 2\n", 2)]
)
def test_broken_toml_names_the_line(text: str, line: int) -> None:
    assert fault(text).startswith(f"my.toml, line {line}: not valid TOML")


def test_names_that_are_one_to_a_tag_are_refused() -> None:
    second = NOD.replace("[actions.nod]", '[actions."N-O-D"]').replace('aliases = ["yes", "head nod"]\n', "")
    assert '"N-O-D" and "nod" are one name to a tag' in fault(NOD + second)
    clash = NOD + NOD.replace("[actions.nod]", "[actions.bow]").replace('"head nod"', '"x"')
    message = fault(clash)
    assert '"yes" already names the action "nod"' in message
    assert "line 17" in message


def test_groups_end_the_groups_that_they_replace() -> None:
    text = NOD + 'group = "arms"\n\n[groups.arms]\nreplaces = ["face"]\n\n[groups.face]\n'
    assert load(text).actions["nod"].replaces == ("face",)


def test_a_cycle_of_exclusive_groups_is_refused() -> None:
    text = NOD + '[groups.a]\nreplaces = ["b"]\n[groups.b]\nreplaces = ["c"]\n[groups.c]\nreplaces = ["a"]\n'
    message = fault(text)
    assert "a cycle of exclusive groups: a replaces b replaces c replaces a" in message
    assert "line 12" in message
    assert "cycle" in fault(NOD + 'group = "a"\nreplaces = ["a"]\n')


def test_an_unknown_group_or_key_of_a_group_is_refused() -> None:
    assert 'did you mean "gesture"?' in fault(NOD + '[groups.a]\nreplaces = ["gestur"]\n')
    assert 'did you mean "replaces"?' in fault(NOD + '[groups.a]\nreplace = ["gesture"]\n')


def test_a_map_extends_another_key_by_key() -> None:
    base = NOD.replace('vts.hotkey = "Nod"', 'vts.hotkey = "Nod"\nvts.hold = 2')
    child = 'extends = "base"\n[actions.NOD]\ncooldown = 3\nvts.hotkey = "Yes!"\n'
    motion_map = load(child, load=lambda _: base)
    nod = motion_map.actions["nod"]
    assert (nod.cooldown, nod.stroke) == (3.0, 0.18)
    assert nod.targets["vts"] == {"hotkey": "Yes!", "hold": 2}


def test_an_extending_map_may_leave_actions_out() -> None:
    base = NOD + NOD.replace("actions.nod", "actions.bow").replace('aliases = ["yes", "head nod"]\n', "")
    child = 'extends = "base"\nwithout = ["Nod"]\n'
    assert list(load(child, load=lambda _: base).actions) == ["bow"]
    assert 'did you mean "nod"?' in fault('extends = "base"\nwithout = ["nodd"]\n', load=lambda _: base)


def test_a_fault_in_what_is_extended_names_that_map() -> None:
    assert fault('extends = "base"\n', load=lambda _: NOD.replace("-14", "-99")).startswith("base, line 8: ")


def test_a_circle_of_maps_is_refused() -> None:
    maps = {"a": 'extends = "b"\n' + NOD, "b": 'extends = "a"\n' + NOD}
    assert "a circle of maps: a extends b extends a" in fault('extends = "a"\n' + NOD, load=maps.__getitem__)


def test_extends_without_a_loader_is_refused() -> None:
    assert '"base" cannot be read from here' in fault('extends = "base"\n' + NOD)


def test_a_target_of_a_third_party_may_be_made_known() -> None:
    text = NOD.replace("vts.hotkey", "kami.pose")
    assert load(text, targets=("kami",)).actions["nod"].targets["kami"] == {"pose": "Nod"}
    assert 'unknown key "kami"' in fault(text)


def test_the_line_is_right_behind_long_values_and_inside_inline_tables() -> None:
    text = (
        'description = """\n[actions.nod]\nstrok = 1\n"""\n'
        '[actions.nod]\nmeaning = "yes # [ no"\nkind = "gesture"\nkeyframes = {\n}\n'
    ).replace("{\n}", "{ head_pitch = [[0.0, 0], [0.3, -5], [0.6, 0]] }")
    assert "line 9" in fault(text + "strok = 1\n")
    assert "line 8" in fault(text.replace("-5", "-99"))


def test_actions_can_be_made_in_python_and_are_checked_alike() -> None:
    with pytest.raises(ValueError, match="out of order"):
        Action.model_validate(
            {"name": "nod", "meaning": "x", "kind": "gesture", "keyframes": {"head_yaw": [(0.2, 1), (0.1, 0)]}}
        )


@given(st.text(max_size=200))
def test_any_text_gives_a_map_or_a_clear_error(text: str) -> None:
    message = "my.toml"
    try:
        load(text)
    except MotionMapError as error:
        message = str(error)
    assert "my.toml" in message


@given(
    st.recursive(
        st.one_of(st.booleans(), st.integers(-9, 9), st.floats(-9, 9), st.text(max_size=5)),
        lambda inner: st.lists(inner, max_size=3),
        max_leaves=6,
    ),
    st.sampled_from(
        ["stroke", "loop", "kind", "aliases", "keyframes", "keyframes.head_yaw", "channels", "vts", "group"]
    ),
)
def test_any_value_gives_a_map_or_a_clear_error(value: object, key: str) -> None:
    kept = [line for line in NOD.splitlines() if not line.startswith(key.split(".", maxsplit=1)[0])]
    try:
        text = "\n".join([*kept, f"{key} = {tomlkit.item(value).as_string()}", ""])
    except tomlkit.exceptions.TOMLKitError:
        return
    message = "my.toml"
    try:
        load(text)
    except MotionMapError as error:
        message = str(error)
    assert "my.toml" in message
