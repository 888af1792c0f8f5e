"""Drives a VTube Studio through the package `coovts` (Python >= 3.12); prints one JSON object with what it saw."""

import asyncio
import json
import sys

from coovts.plugin import Plugin
from coovts.types.api import (
    HotkeysInCurrentModelRequest,
    HotkeyTriggerRequest,
    InjectParameterDataRequest,
    InputParameterListRequest,
    ParameterValueRequest,
)
from coovts.types.api.param import ParameterValue
from coovts.types.event.event import HotkeyTriggeredEventData


async def main(url: str) -> None:
    plugin = Plugin("Coovts Peer", "The Tests", endpoint=url, api_timeout=10)
    ready = asyncio.Event()
    events = []
    told = asyncio.Event()

    @plugin.on_authenticated
    async def _() -> None:
        ready.set()

    @plugin.subscribe_event(HotkeyTriggeredEventData)
    async def _(data: HotkeyTriggeredEventData) -> None:
        events.append(data.hotkey_name)
        told.set()

    plugin.run()
    await asyncio.wait_for(ready.wait(), 15)
    seen = {}
    seen["hotkeys"] = len((await plugin.call_api(HotkeysInCurrentModelRequest())).available_hotkeys)
    seen["parameters"] = len((await plugin.call_api(InputParameterListRequest())).default_parameters)
    for step in range(20):
        values = [ParameterValue(id="MouthOpen", value=step / 20)]
        await plugin.call_api(InjectParameterDataRequest(parameter_values=values))
    seen["mouth"] = (await plugin.call_api(ParameterValueRequest(name="MouthOpen"))).value
    seen["triggered"] = (await plugin.call_api(HotkeyTriggerRequest(hotkey_id="Eyes Cry"))).hotkey_id
    await asyncio.wait_for(told.wait(), 10)
    seen["events"] = events
    print(json.dumps(seen))
    await plugin.stop()


asyncio.run(main(sys.argv[1]))
