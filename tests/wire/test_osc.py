"""OSC 1.0: bytes to the letter, and what comes back is what went out."""

from __future__ import annotations

import contextlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from avatar_bridge.errors import ProtocolError, UsageError
from avatar_bridge.simulators.osc_packets import PacketError, read_packet
from avatar_bridge.wire.osc import FLOAT, Message, Sheet, bundle, encode, read

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20)
VALUES = st.one_of(
    st.integers(-(2**31), 2**31 - 1),
    st.floats(width=32, allow_nan=False, allow_infinity=False),
    TEXTS,
    st.booleans(),
    st.binary(min_size=1, max_size=9),
)


def test_a_message_to_the_byte() -> None:
    assert encode("/oscillator/4/frequency", 440.0) == b"/oscillator/4/frequency\0,f\0\0\x43\xdc\0\0"
    assert encode("/foo", 1000, -1, "hello", 1.234, 5.678) == (
        b"/foo\0\0\0\0,iisff\0\0\0\0\x03\xe8\xff\xff\xff\xffhello\0\0\0\x3f\x9d\xf3\xb6\x40\xb5\xb2\x2d"
    )


def test_a_float_stays_a_float_and_an_int_an_int() -> None:
    assert encode("/a", 1)[4:8] == b",i\0\0"
    assert encode("/a", 1.0)[4:8] == b",f\0\0"
    assert encode("/a", True, False, None)[4:] == b",TFN\0\0\0\0"


@given(st.lists(VALUES, max_size=6))
def test_what_is_read_is_what_was_written(values: list[int | float | str | bool | bytes]) -> None:
    packet = encode("/some/where", *values)
    assert len(packet) % 4 == 0
    assert read(packet) == [Message("/some/where", tuple(values))]
    theirs = OscMessage(packet)
    assert list(theirs.params) == values
    assert read_packet(packet).messages[0].values == tuple(values)


# python-osc writes the least of the 32-bit numbers with 64 bits
@given(st.lists(VALUES.filter(lambda value: value != -(2**31)), max_size=6))
def test_the_bytes_are_those_of_python_osc(values: list[int | float | str | bool | bytes]) -> None:
    builder = OscMessageBuilder("/some/where")
    for value in values:
        builder.add_arg(value)
    assert builder.build().dgram == encode("/some/where", *values)


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for packet in (data, b"#bundle\0" + data, b"/a\0\0" + data):
        with contextlib.suppress(ProtocolError):
            read(packet)
        with contextlib.suppress(PacketError):
            read_packet(packet)


def test_bundles_are_read_in_order_also_within_bundles() -> None:
    inner = bundle([encode("/b", 1), encode("/c", 2.0)])
    assert [message.address for message in read(bundle([encode("/a"), inner]))] == ["/a", "/b", "/c"]
    packet = inner
    for _ in range(20):
        packet = bundle([packet])
    with pytest.raises(ProtocolError, match="bundles within bundles"):
        read(packet)


@pytest.mark.parametrize(
    ("address", "values", "told"),
    [
        ("no", (), "starts with /"),
        ("/a b", (), "no space"),
        ("/a", (2**31,), "32 bits"),
        ("/a", ("x\0y",), "NUL"),
    ],
)
def test_what_osc_cannot_say_is_refused(address: str, values: tuple[int | str, ...], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        encode(address, *values)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.integers(120, 1472))
def test_a_sheet_holds_its_floats_in_order_in_bundles_that_fit(counts: list[int], most: int) -> None:
    sheet = Sheet([(f"/m/{index}", ("name", *(FLOAT,) * count)) for index, count in enumerate(counts)], most=most)
    values = np.arange(sheet.size, dtype=np.float32) / 4
    bundles = sheet.fill(values)
    assert all(len(each) <= most for each in bundles)
    messages = [message for each in bundles for message in read(each)]
    assert [message.address for message in messages] == [f"/m/{index}" for index in range(len(counts))]
    assert [value for message in messages for value in message.arguments[1:]] == list(values)
    again = sheet.fill(values + 1)
    assert [len(each) for each in again] == [len(each) for each in bundles]
    assert bundles != again or not sheet.size


def test_a_sheet_says_which_message_is_too_large() -> None:
    with pytest.raises(UsageError, match="fits in no bundle"):
        Sheet([("/a", ("x" * 2000,))])


def test_a_sheet_is_what_python_osc_reads() -> None:
    sheet = Sheet([("/a", (1, FLOAT)), ("/b", ("name", FLOAT, FLOAT))])
    (packet,) = sheet.fill([0.5, 1.5, 2.5])
    theirs = OscBundle(packet)
    assert [list(content.params) for content in theirs] == [[1, 0.5], ["name", 1.5, 2.5]]
    assert struct.unpack(">Q", packet[8:16]) == (1,)
