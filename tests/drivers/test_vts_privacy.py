from __future__ import annotations

import logging
from pathlib import Path

import pytest

from avatar_bridge.drivers.vts_client import open_client
from avatar_bridge.drivers.vts_discovery import _Listener
from avatar_bridge.drivers.vts_session import authenticate
from avatar_bridge.drivers.vts_token import TokenFile
from avatar_bridge.simulators.vts.server import VTubeStudioSimulator
from avatar_bridge.wire.vts_replies import Token, read


async def test_the_token_stands_in_no_log_and_no_repr(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tokens = TokenFile(tmp_path / "token.json", "Avatar Bridge")
    async with VTubeStudioSimulator() as sim:
        with caplog.at_level(logging.DEBUG):
            for _ in range(2):
                async with open_client(sim.url) as client:
                    await authenticate(
                        client, tokens, plugin="Avatar Bridge", developer="Avatar Bridge", wait=lambda _: None
                    )
    token = tokens.read()
    assert token is not None
    told = [record.getMessage() for record in caplog.records if not record.name.startswith("avatar_bridge.simulators")]
    assert not any(token[-8:] in text or token[:8] in text for text in told)
    assert token not in repr(read(Token, {"authenticationToken": token}))


@pytest.mark.parametrize(("host", "heard"), [("127.0.0.1", [b"x"]), ("203.0.113.7", []), ("192.0.2.1", [])])
def test_what_another_machine_says_of_its_own_ports_is_not_believed(host: str, heard: list[bytes]) -> None:
    got: list[bytes] = []
    _Listener(got.append).datagram_received(b"x", (host, 47779))
    assert got == heard
