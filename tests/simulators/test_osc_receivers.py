"""The strict receivers of VMC and VRChat notice what is against the rules; packets are written by python-osc."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from udp_peers import free_port

from avatar_bridge.errors import ProtocolError, WorldError
from avatar_bridge.simulators.osc_packets import PacketError, read_packet
from avatar_bridge.simulators.vmc import BONES, VmcSimulator
from avatar_bridge.simulators.vrchat import VRChatSimulator

Row = tuple[str, Sequence[Any]]
REST = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
OK: Row = ("/VMC/Ext/OK", (1,))
TIME: Row = ("/VMC/Ext/T", (1.0,))
ROOT: Row = ("/VMC/Ext/Root/Pos", ("root", *REST))
BODY: tuple[Row, ...] = tuple(("/VMC/Ext/Bone/Pos", (bone, *REST)) for bone in sorted(BONES))
JOY: Row = ("/VMC/Ext/Blend/Val", ("Joy", 0.5))
APPLY: Row = ("/VMC/Ext/Blend/Apply", ())


def packets(rows: Sequence[Row]) -> list[bytes]:
    found: list[bytes] = []
    for begin in range(0, len(rows), 12):
        builder = OscBundleBuilder(IMMEDIATELY)
        for address, values in rows[begin : begin + 12]:
            message = OscMessageBuilder(address)
            for value in values:
                message.add_arg(value)
            builder.add_content(message.build())
        found.append(builder.build().dgram)
    return found


def fed(rows: Sequence[Row]) -> VmcSimulator:
    """Give packets to a receiver as its port would."""
    simulator = VmcSimulator()
    for packet in packets(rows):
        simulator.received(packet)
    return simulator


async def test_a_whole_frame_is_taken() -> None:
    simulator = fed([OK, TIME, ROOT, *BODY, JOY, APPLY])
    simulator.check()
    assert simulator.frames[-1].blends == {"Joy": 0.5}
    assert len(simulator.frames[-1].bones) == 55
    assert any(line.startswith("bones: 55") for line in simulator.describe())


async def test_the_face_alone_is_a_frame_and_so_is_a_body_without_a_jaw() -> None:
    fed([OK, TIME, JOY, APPLY]).check()
    fed([OK, TIME, ROOT, *(row for row in BODY if row[1][0] != "Jaw"), JOY, APPLY]).check()


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([("/VMC/Ext/OK", (1.0,))], "has the types 'f'"),
        ([OK, ("/VMC/Ext/T", (1,))], "has the types 'i'"),
        ([OK, TIME, ("/VMC/Ext/Blend/Val", ("Joy", 1))], "has the types 'si'"),
        ([OK, TIME, ("/VMC/Ext/Blend/Val", ("Joy", 1.5)), APPLY], "expected 0 to 1"),
        ([OK, TIME, ("/VMC/Ext/Blend/Val", ("", 0.5)), APPLY], "has no name"),
        ([OK, TIME, ("/vmc/ext/blend/val", ("Joy", 0.5))], "is no address of VMC; /VMC/Ext/Blend/Val is"),
        ([OK, TIME, ROOT, ("/VMC/Ext/Bone/Pos", ("hips", *REST))], "HumanBodyBones"),
        ([OK, TIME, ROOT, ("/VMC/Ext/Bone/Pos", ("Hips", *REST[:6], 2.0))], "has the length 2"),
        ([OK, TIME, ("/VMC/Ext/Root/Pos", ("Root", *REST))], "the root is called"),
        ([OK, TIME, *BODY[:1]], "before the root"),
        ([OK, TIME, ROOT, *BODY[:1], *BODY[:1]], "twice in a frame"),
        ([OK, TIME, ROOT, *BODY[:20], JOY, APPLY], "bones are missing"),
        ([OK, ROOT], "before T"),
        ([JOY], "expected OK first"),
        ([OK, TIME, JOY, OK], "before the last one was applied"),
        ([OK, TIME, APPLY], "without a Blend/Val"),
        ([OK, TIME, JOY, APPLY, JOY], "after Blend/Apply"),
    ],
)
async def test_what_is_against_the_rules_is_told(rows: Sequence[Row], told: str) -> None:
    with pytest.raises(ProtocolError, match=told):
        fed(rows).check()


async def test_a_blendshape_that_is_left_out_is_missed() -> None:
    simulator = fed([OK, TIME, JOY, ("/VMC/Ext/Blend/Val", ("Heart", 1.0)), APPLY])
    for packet in packets([OK, TIME, JOY, APPLY]):
        simulator.received(packet)
    with pytest.raises(ProtocolError, match="Heart is sent no more"):
        simulator.check()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"/a",
        b"/a\0\0,i\0\0\0\0\0",
        b"/a\0\0,i\0x\0\0\0\1",
        b"/a\0\0,\0\0\0\0\0\0\0",
        b"a\0\0\0,\0\0\0",
        b"/a\0\0,q\0\0",
        b"/a\0\0,f\0\0\x7f\xc0\0\0",
        b"/a\0\0",
        b"#bundle\0\0\0\0\0\0\0\0\1",
        b"#bundle\0\0\0\0\0\0\0\0\2\0\0\0\x08/a\0\0,\0\0\0",
        b"#bundle\0\0\0\0\0\0\0\0\1\0\0\0\x0c/a\0\0,\0\0\0",
        b"#bundle\0\0\0\0\0\0\0\0\1\xff\xff\xff\xff",
    ],
)
def test_packets_that_are_not_osc_to_the_letter_are_refused(data: bytes) -> None:
    with pytest.raises(PacketError):
        read_packet(data)


async def test_it_records_and_gives_its_port_back(tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    async with VmcSimulator(port=0, record=record) as simulator:
        assert simulator.running
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for packet in packets([OK, TIME, JOY, APPLY]):
                sender.sendto(packet, (simulator.host, simulator.port))
            frame = await simulator.wait(1)
        with pytest.raises(WorldError, match="cannot listen"):
            async with VmcSimulator(port=simulator.port):
                pass
    assert frame.time == 1.0
    (row,) = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    assert (row["kind"], row["blends"]) == ("frame", {"Joy": 0.5})
    assert not simulator.running
    with pytest.raises(WorldError, match="cannot be written"):
        async with VmcSimulator(port=free_port(), record=tmp_path):
            pass


@pytest.mark.parametrize(
    ("address", "values", "told"),
    [
        ("/avatar/parameters/Wave", (1,), "Wave is a Bool"),
        ("/avatar/parameters/Glow", (1,), "Glow is a Float"),
        ("/avatar/parameters/Glow", (1.5,), "expected -1 to 1"),
        ("/avatar/parameters/VRCEmote", (300,), "expected 0 to 255"),
        ("/avatar/parameters/Glow", (0.5, 0.5), "has 2 values"),
        ("/chatbox/input", ("x" * 145, True, False), "145 characters"),
        ("/chatbox/input", ("x",), "a string and one or two bools"),
        ("/tracking/eye/CenterPitchYaw", (1.0,), "has the types"),
        ("/avatar/nothing", (1.0,), "nothing that VRChat takes"),
    ],
)
async def test_vrchat_is_as_strict(address: str, values: Sequence[Any], told: str) -> None:
    simulator = VRChatSimulator()
    for packet in packets([(address, values)]):
        simulator.received(packet)
    with pytest.raises(ProtocolError, match=told):
        simulator.check()


async def test_vrchat_counts_what_the_avatar_lacks_and_throttles_the_chatbox() -> None:
    simulator = VRChatSimulator()
    line: Row = ("/chatbox/input", ("Hello", True, False))
    for packet in packets([("/avatar/parameters/Hat", (True,)), ("/avatar/parameters/Wave", (True,)), line]):
        simulator.received(packet)
    simulator.check()
    assert simulator.unknown == {"Hat": 1}
    assert simulator.values == {"Wave": True}
    assert "chatbox: Hello" in list(simulator.describe())
    simulator.received(packets([line])[0])
    with pytest.raises(ProtocolError, match=r"1\.3 s"):
        simulator.check()
