"""Scripts of every kind, spoken by the tone voice in this process."""

from __future__ import annotations

from functools import cache

from avatar_bridge import registry
from avatar_bridge.core.script.parser import Parser
from avatar_bridge.core.script.segmenter import Segmenter
from avatar_bridge.core.timeline.timeline import Prepared, Timeline, prepare
from avatar_bridge.core.vocabulary import Segment
from avatar_bridge.stage.performance import join
from avatar_bridge.tts.tone import ToneEngine

SCRIPTS = [
    "",
    "🙂",
    "...",
    "[smile]",
    "[pause 0.5]",
    "Hi there! [wave] I'm [smile 0.8]so happy[/smile] you came. [pause 0.4] [nod for=1s] Let's play!",
    "[moonwalk]What? [nodd x=]No.",
    "今日は[nod]いい天気ですね。🙂 [笑顔]またね",
    "مرحبا [nod] يا صديقي. Ça va, naïve?",
    "</script><img src=x onerror=\"document.title='owned'\"> [nod]A & B \u2028 <!-- __DATA__ __AUDIO__ ]]>",
]


@cache
def spoken_by_tone(script: str, map_name: str = "any_vts_model") -> Timeline:
    motion_map = registry.read_map(map_name)
    timeline = Timeline(motion_map)
    parser, segmenter, engine = Parser(names=motion_map.names()), Segmenter(), ToneEngine()
    segmenter.hear(60.0)
    parser.feed(script)
    parser.close()
    for event in parser.events():
        timeline.feed(event)
        segmenter.feed(event)
    segmenter.close()
    for segment in segmenter.segments():
        timeline.place(segment, _prepared(engine, segment))
    timeline.close()
    return timeline


def _prepared(engine: ToneEngine, segment: Segment) -> Prepared | None:
    pieces = list(engine.speak(segment.text)) if segment.text.strip() else []
    return prepare(segment.text, join(pieces)) if pieces else None


__all__ = ["SCRIPTS", "spoken_by_tone"]
