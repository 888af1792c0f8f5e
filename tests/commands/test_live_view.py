"""What happens on stage, as a picture and as lines."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from players import ToneVoice, Witness, prepare_here
from stories import MAP, performed
from virtual_time import VirtualClock, run

from avatar_bridge.assembly import Bridge
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.commands.live_view import live_view, word_of
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.ports import Abilities, TargetState
from avatar_bridge.stage.body import Fired

SCRIPT = "One two [nod] three four, [hat] five. Six seven [smile] eight nine ten."


def bridge_of(*drivers: Witness) -> Bridge:
    clock = VirtualClock()
    return Bridge(
        voice=ToneVoice(),
        speaker=SilentSpeaker(now=clock.time),
        drivers=list(drivers),
        motion_map=MAP,
        clock=clock,
        preparing=prepare_here,
    )


def drawn(bridge: Bridge, width: int) -> str:
    rich_console = pytest.importorskip("rich.console", reason="needs the extra: avatar-bridge[view]")
    from avatar_bridge.commands.live_picture import Picture

    console = rich_console.Console(file=io.StringIO(), width=width, color_system=None)
    picture = Picture(bridge)
    console.print(picture.render())
    return console.file.getvalue()


@pytest.mark.parametrize("width", [30, 40, 80, 200])
def test_the_picture_tells_words_mouth_actions_and_targets_at_any_width(width: int) -> None:
    async def scene() -> None:
        driver = Witness(name="vts", native=frozenset({"hat"}))
        driver.state = TargetState("ready", "Driving Akari.", 3.25, 120, 4)
        async with bridge_of(driver) as bridge:
            bridge.notes.append(Diagnostic("no sound: none.", None, "plug one in"))
            before = drawn(bridge, width)
            assert "getting ready" in before
            speaking = asyncio.create_task(bridge.perform(SCRIPT))
            await bridge.stage.until(lambda: (bridge.stage.heard() or 0.0) > 2.0)
            text = drawn(bridge, width)
            await speaking
        for line in text.splitlines():
            assert len(line) <= width
        flat = "".join(text.split())
        for word in ("One", "three", "five."):
            assert word in text
        assert "nod" in text
        assert "hat" in text
        assert "vts" in flat
        assert "█" in text or "─" in text
        if width >= 80:
            for expected in (
                "ready",
                "answers in 3.2 ms",
                "120 frames, 4 dropped",
                "Driving Akari.",
                "its own",
                "by channels",
                "on “three”",
            ):
                assert expected in text, expected
        assert "Driving Akari." in text
        assert "nosound:none.(plugonein)" in flat

    run(scene())


def test_a_long_speech_is_shown_around_the_word_that_is_heard() -> None:
    async def scene() -> None:
        async with bridge_of(Witness()) as bridge:
            speaking = asyncio.create_task(bridge.perform("Here is a sentence. " * 60 + "The very last word."))
            await bridge.stage.until(lambda: (bridge.stage.heard() or 0.0) > 30.0)
            text = drawn(bridge, 80)
            assert len(text.splitlines()) < 20
            assert "very last word" not in text
            bridge.interrupt()
            await speaking
            assert "sentence" in drawn(bridge, 80) or "getting ready" in drawn(bridge, 80)

    run(scene())


@contextmanager
def standard_error(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        yield stream


@pytest.mark.parametrize("rich", [True, False])
def test_without_a_terminal_each_thing_is_told_once_for_each_target(
    rich: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avatar_bridge.commands.live_view.find_spec", lambda _: object() if rich else None)

    async def scene() -> str:
        first, second = Witness(name="one"), Witness(name="two", native=frozenset({"hat"}))
        second.state = TargetState("unreachable", "Nothing answers at ws://x.")
        with standard_error(monkeypatch) as stream:
            async with bridge_of(first, second) as bridge, live_view(bridge):
                await bridge.perform(SCRIPT)
                await bridge.stage.frames(6)
                second.state = TargetState("ready")
                await bridge.perform("One [nod] two three.")
                await bridge.stage.frames(6)
        return stream.getvalue()

    lines = run(scene()).splitlines()
    assert lines.count("one: ready") == 1
    assert lines.count("two: unreachable: Nothing answers at ws://x.") == 1
    assert lines.count("two: ready") == 1
    assert sum("two was unreachable and missed 'nod'" in line for line in lines) == 1
    for name, expected in (("one", ["nod", "hat", "smile", "nod"]), ("two", ["nod"])):
        told = [line.split()[2] for line in lines if f"({name}, " in line]
        assert told == expected
    assert any("on “three”" in line and "nod" in line for line in lines)


def test_what_a_target_lacks_is_told_at_once_and_what_it_cannot_show_is_not_claimed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("avatar_bridge.commands.live_view.find_spec", lambda _: None)
    lack = Diagnostic("smile: OBS has no source 'Sun'; did you mean 'Son'?", None, "Son")

    async def scene() -> tuple[str, list[Diagnostic]]:
        obs = Witness(name="obs")
        obs.abilities = Abilities(frozenset({"hat"}), moves=False)
        obs.state = TargetState("ready", diagnostics=(lack,))
        with standard_error(monkeypatch) as stream:
            async with bridge_of(obs) as bridge, live_view(bridge) as told:
                await bridge.perform(SCRIPT)
                await bridge.stage.frames(6)
        return stream.getvalue(), told

    text, told = run(scene())
    lines = text.splitlines()
    note = lines.index("note: smile: OBS has no source 'Sun'; did you mean 'Son'?")
    acted = [index for index, line in enumerate(lines) if "(obs, " in line]
    assert [lines[index].split()[2] for index in acted] == ["hat"]
    assert note < acted[0]
    assert told == [lack]


def test_a_target_that_shows_no_frames_misses_only_what_the_map_asks_of_it() -> None:
    async def scene(target: str) -> list[str]:
        driver: Witness = type("Asked", (Witness,), {"target": target})(name="obs")
        driver.abilities = Abilities(moves=False)
        driver.state = TargetState("refused", "It asks for a password.")
        async with bridge_of(driver) as bridge:
            await bridge.perform(SCRIPT)
            assert not bridge.stage.bodies[0].fired
            return [note.message for note in (bridge.stage.bodies[0].missed,) if note]

    assert run(scene("obs")) == []
    assert run(scene("vts")) == ["obs was refused and missed 'hat', and what came until it was ready"]


def test_the_word_of_an_action() -> None:
    timeline = performed("one two [nod] three [smile]")
    nod, smile = timeline.cues
    assert word_of(timeline, Fired("x", "nod", "nod", nod.start, 0.0, native=False)) == "on “three”"
    assert word_of(timeline, Fired("x", "smile", "smile", smile.start, 0.0, native=False)) == "at the end"
    assert word_of(timeline, Fired("x", "bow", "bow", 0.0, 0.0, native=False)) == ""
    assert word_of(None, Fired("x", "nod", "nod", nod.start, 0.0, native=False)) == ""


def test_drawing_asks_nobody_because_it_is_done_in_another_thread() -> None:
    pytest.importorskip("rich", reason="needs the extra: avatar-bridge[view]")
    from avatar_bridge.commands.live_picture import Picture

    async def scene() -> None:
        asked: list[str] = []

        class Asked(SilentSpeaker):
            def heard(self) -> float:
                asked.append("heard")
                return super().heard()

            def diagnostics(self) -> list[Diagnostic]:
                asked.append("diagnostics")
                return super().diagnostics()

        clock = VirtualClock()
        speaker = Asked(now=clock.time)
        drivers = [Witness()]
        async with Bridge(
            voice=ToneVoice(),
            speaker=speaker,
            drivers=drivers,
            motion_map=MAP,
            clock=clock,
            preparing=prepare_here,
        ) as bridge:
            speaking = asyncio.ensure_future(bridge.perform(SCRIPT))
            await bridge.stage.until(lambda: (bridge.stage.heard() or 0.0) > 1.0)
            picture = Picture(bridge)
            assert {"heard", "diagnostics"} <= set(asked)
            asked.clear()
            picture.render()
            assert asked == []
            await speaking

    run(scene())
