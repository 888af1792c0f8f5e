"""`render`: a script to sound, timeline, subtitles and report, without any target."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from avatar_bridge import registry
from avatar_bridge.assembly import build_mixer, build_voice
from avatar_bridge.assembly.aligners import build_aligner, needs_aligner
from avatar_bridge.assembly.faces import Faces
from avatar_bridge.core.script.feelings import Feelings
from avatar_bridge.core.script.parser import Parser
from avatar_bridge.core.script.segmenter import Segmenter
from avatar_bridge.core.timeline.rehearsal import rehearse
from avatar_bridge.core.timeline.timeline import Timeline
from avatar_bridge.core.vocabulary import Diagnostic, Frame, Samples, Segment
from avatar_bridge.errors import AvatarBridgeError, UsageError
from avatar_bridge.files import write_atomically
from avatar_bridge.ports import Voice
from avatar_bridge.settings import Settings
from avatar_bridge.stage.aligning import patient
from avatar_bridge.stage.performance import spoken
from avatar_bridge.stage.preparing import Preparing, prepare_aside
from avatar_bridge.wire import report, subtitles, timeline_json
from avatar_bridge.wire.wav import encode_wav

__all__ = ["Rendering", "compose", "render", "report_page"]

_PLENTY = 60.0
"""Seconds of unheard audio that the segmenter is told of: nothing is urgent, so it cuts at sentences."""


@dataclass(frozen=True, slots=True, eq=False)
class Rendering:
    """An utterance that nobody heard yet."""

    timeline: Timeline
    samples: Samples
    rate: int
    frames: list[Frame]
    """60 a second, from the audio's start to a second after its end."""
    notes: tuple[Diagnostic, ...] = field(default=())


async def compose(script: str, settings: Settings) -> Rendering:
    """Return a script as it would be performed: spoken by the configured voice, placed, and moved by the map.

    The same script, settings and seed give the same bytes. Raises what the settings, the map or the voice raise.
    """
    settings = settings.settled()
    motion_map = registry.read_map(settings.motion.map)
    timeline = Timeline(motion_map)
    faces = Faces(settings.feelings)
    feelings = faces.feelings(motion_map)
    segments = _cut(script, settings, motion_map.names(), timeline, feelings)
    voice, notes = build_voice(settings.voice)
    async with AsyncExitStack() as undo:
        await voice.open()
        undo.push_async_callback(voice.close)
        await faces.open()
        undo.push_async_callback(faces.close)
        preparing, more = await _preparing(voice, settings, undo)
        if feelings is not None:
            await _feel(segments, timeline, feelings, faces)
        parts, rate = await _speak(voice, segments, timeline, preparing)
        more = (*more, *faces.diagnostics())
    timeline.close()
    samples = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    frames = rehearse(timeline, build_mixer(settings.motion))
    return Rendering(timeline, samples, rate, frames, (*notes, *more))


async def render(script: str, out: Path, settings: Settings) -> list[Path]:
    """Write `speech.wav`, `timeline.json`, `subtitles.srt`, `subtitles.vtt` and `report.html` into `out`.

    Every file is written whole or not at all. Returns their paths; raises UsageError where `out` is no folder and
    WorldError where a file cannot be written.
    """
    _expect_folder(out)
    rendering = await compose(script, settings)
    captions = subtitles.subtitles(rendering.timeline)
    files: dict[str, str | bytes] = {
        "speech.wav": encode_wav(rendering.samples, rendering.rate),
        "timeline.json": timeline_json.encode(rendering.timeline),
        "subtitles.srt": subtitles.to_srt(captions),
        "subtitles.vtt": subtitles.to_vtt(captions),
        "report.html": report_page(rendering),
    }
    for name, content in files.items():
        write_atomically(out / name, content)
    return [out / name for name in files]


def _expect_folder(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out: expected a folder, got the file {out}; name a folder, it need not exist")


def report_page(
    rendering: Rendering,
    *,
    deliveries: Sequence[report.Delivery] = (),
    targets: Sequence[report.Target] = (),
) -> str:
    """Return the report of a rendering as one self-contained page."""
    template = registry.data_file("report.html").read_text(encoding="utf-8")
    return report.page(
        rendering.timeline,
        template=template,
        wav=encode_wav(rendering.samples, rendering.rate),
        samples=rendering.samples,
        rate=rendering.rate,
        frames=rendering.frames,
        deliveries=deliveries,
        targets=targets,
    )


def _cut(
    script: str, settings: Settings, names: frozenset[str], timeline: Timeline, feelings: Feelings | None
) -> list[Segment]:
    parser = Parser(dialect=settings.script.dialect, names=names)
    segmenter = Segmenter()
    segmenter.hear(_PLENTY)
    parser.feed(script)
    parser.close()
    for event in parser.events():
        timeline.feed(event)
        segmenter.feed(event)
        if feelings is not None:
            feelings.feed(event)
    segmenter.close()
    return segmenter.segments()


async def _feel(segments: Sequence[Segment], timeline: Timeline, feelings: Feelings, faces: Faces) -> None:
    """Put on the timeline what the face shows where the script has no tags for it, as a performance does."""
    if faces.classifier is not None:
        await faces.classifier.loaded()
    for segment in segments:
        felt = await faces.classifier.ask(segment.text).known() if faces.classifier is not None else None
        for event in feelings.judge(segment, felt=felt):
            timeline.feed(event)


async def _preparing(
    voice: Voice, settings: Settings, undo: AsyncExitStack
) -> tuple[Preparing, tuple[Diagnostic, ...]]:
    """Return how segments get their words, which has all the time it needs; and why it is but estimated."""
    aligner = build_aligner(settings.voice) if needs_aligner(voice, settings.voice) else None
    if aligner is None:
        return prepare_aside, ()
    try:
        await aligner.open()
    except AvatarBridgeError as error:
        return prepare_aside, (Diagnostic(f"the times of words are estimated: {error}"),)
    undo.push_async_callback(aligner.close)
    return patient(aligner, prepare_aside), ()


async def _speak(
    voice: Voice, segments: Sequence[Segment], timeline: Timeline, preparing: Preparing
) -> tuple[list[Samples], int]:
    parts: list[Samples] = []
    rate = 48_000
    for segment in segments:
        prepared = await spoken(voice, segment, timeline, preparing)
        rate = prepared.rate if prepared else rate
        placed = timeline.place(segment, prepared)
        parts.append(np.zeros(round(placed.silence * rate), np.float32))
        if prepared:
            parts.append(prepared.samples)
    return parts, rate
