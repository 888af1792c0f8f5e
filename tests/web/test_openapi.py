"""The API is what its description says: fuzzed by schemathesis, and published as it is."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from served import Served, served

from avatar_bridge.web.application import openapi_document, openapi_json

DOCS = Path(__file__).parents[2] / "docs"


def test_the_description_in_docs_is_the_one_in_the_code() -> None:
    published = (DOCS / "openapi.json").read_text(encoding="utf-8")
    assert json.loads(published) == openapi_document(), "write openapi_json() to docs/openapi.json anew"
    assert published == openapi_json()


def test_every_operation_says_who_may_ask_and_what_it_answers() -> None:
    document = openapi_document()
    assert document["security"] == [{"bearer": []}, {"token": []}]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert {"401", "403"} <= set(operation["responses"]), path
            assert operation["summary"], path
            for status, response in operation["responses"].items():
                if status.startswith("4"):
                    assert response["content"]["application/json"]["schema"]["$ref"], path


async def test_the_server_gives_its_own_description() -> None:
    async with served() as stage:
        answer = await stage.ask("GET", "/v1/openapi.json")
        assert "/v1/perform" in answer.json["paths"]
        state = (await stage.ask("GET", "/v1/state")).json
    schema = {"$ref": "#/components/schemas/StateBody", "components": answer.json["components"]}
    jsonschema.validate(state, schema)


async def test_no_request_breaks_what_the_description_promises(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    motion_map = tmp_path / "mine.toml"
    motion_map.write_text('extends = "any_vts_model"  # kept\n', encoding="utf-8")
    async with served(speed=100.0, map_file=motion_map) as stage:
        only_this_machine(monkeypatch)
        await asyncio.to_thread(fuzz, stage, openapi_document())
        assert (await stage.ask("GET", "/v1/state")).status == 200
    assert motion_map.read_text(encoding="utf-8").startswith('extends = "any_vts_model"  # kept\n')


def only_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every connection to elsewhere fail the test."""
    connecting = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        assert address[0] in ("127.0.0.1", "::1", "localhost"), f"a request outside: {address}"
        connecting(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


def fuzz(stage: Served, document: dict[str, Any]) -> None:
    refused = {"expected-statuses": ["400", "404", "405", "409", "412", "413", "415", "422", "428"]}
    # what a map would mean and whether it is the newest, no schema can say
    saved = {"expected-statuses": ["2xx", "401", "403", "404", "409", "412", "422", "428"]}
    operations = [{"include-path-regex": "^/v1/map", "checks": {"positive_data_acceptance": saved}}]
    config = schemathesis.Config.from_dict({"checks": {"negative_data_rejection": refused}, "operations": operations})
    schema = schemathesis.openapi.from_dict(document, config=config)
    schema.config.update(base_url=stage.server.address)
    headers = {"Authorization": f"Bearer {stage.server.token}"}
    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:

            @settings(
                max_examples=8, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def answers(case: Case) -> None:
                case.call_and_validate(headers=headers, timeout=20)

            try:
                answers()
            except Exception as error:
                if type(error).__name__ == "Unsatisfiable":
                    continue  # nothing can be wrong with a request that takes nothing
                raise
