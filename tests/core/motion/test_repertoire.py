from avatar_bridge.core.motion.action import Action
from avatar_bridge.core.motion.repertoire import Repertoire

KEYS = {"head_pitch": ((0.0, 0.0), (0.3, -10.0), (0.8, 0.0))}


def gesture(name: str, **fields: object) -> Action:
    return Action.model_validate({"name": name, "meaning": name, "kind": "gesture", "keyframes": KEYS, **fields})


def test_an_action_waits_for_its_own_end_and_its_cooldown() -> None:
    repertoire = Repertoire()
    nod = gesture("nod", stroke=0.3, cooldown=0.5)
    assert repertoire.admit(nod, 1.0) is None
    reason = repertoire.admit(nod, 2.2)
    assert reason is not None
    assert '"nod"' in reason
    assert repertoire.admit(nod, 2.31) is None


def test_a_refused_play_does_not_count() -> None:
    repertoire = Repertoire()
    nod = gesture("nod", cooldown=1.0)
    assert repertoire.admit(nod, 0.0) is None
    assert repertoire.admit(nod, 1.5) is not None
    assert repertoire.admit(nod, 1.9) is None


def test_two_gestures_of_a_group_need_room_for_both_strokes() -> None:
    repertoire = Repertoire()
    assert repertoire.admit(gesture("nod"), 1.0) is None
    reason = repertoire.admit(gesture("tilt"), 1.1)
    assert reason is not None
    assert '"nod"' in reason
    assert repertoire.admit(gesture("wink", group="eyes"), 1.1) is None
    assert repertoire.admit(gesture("shake"), 1.5) is None


def test_expressions_may_change_at_will() -> None:
    repertoire = Repertoire()
    happy = Action(name="happy", meaning="happy", kind="expression", channels={"happy": 1.0})
    sad = Action(name="sad", meaning="sad", kind="expression", channels={"sad": 1.0})
    assert [repertoire.admit(action, 1.0) for action in (happy, sad, happy)] == [None, None, None]


def test_clearing_forgets() -> None:
    repertoire = Repertoire()
    nod = gesture("nod", cooldown=9.0)
    assert repertoire.admit(nod, 1.0) is None
    repertoire.clear()
    assert repertoire.admit(nod, 1.0) is None
