"""`lipsync`: mouth curves of audio files, as CSV."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from csv import writer
from pathlib import Path

from avatar_bridge.audio.decoding import Sound, read_sound
from avatar_bridge.commands.reading import read_script
from avatar_bridge.core.speech.alignment import Alignment, align
from avatar_bridge.core.speech.lipsync import best_lip_sync
from avatar_bridge.core.vocabulary import VISEMES, MouthCurve, SpokenSegment
from avatar_bridge.errors import AvatarBridgeError, UsageError
from avatar_bridge.files import write_atomically

__all__ = ["HEADER", "curves"]

HEADER = ("time_s", "open", *VISEMES)
"""The columns of a curve; one row per hundredth of a second."""

_WORDS_HEADER = ("text", "char", "start_s", "duration_s", "stressed", "timing")
_RATE = 16000


def curves(paths: Sequence[Path], out: Path, *, text: Path | None = None) -> Iterator[str]:
    """Write `<stem>.csv` into `out` for each audio file and yield a line about each.

    With `text`, the words spoken in each file, its estimated word times are written as `<stem>.words.csv`. Files of one
    stem are numbered, so that none overwrites another. A file that fails leaves the others as they are; UsageError
    names every one of them at the end. Raises ScriptError where the text cannot be read.
    """
    spoken = None if text is None else read_script(str(text))
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out: expected a folder, got the file {out}; name a folder, it need not exist")
    failed: list[str] = []
    taken: set[str] = set()
    for path in paths:
        try:
            sound = read_sound(path, _RATE)
            stem = _free_stem(path.stem, taken)
            curve = best_lip_sync().curve(sound.samples, sound.rate)
            write_atomically(out / f"{stem}.csv", _curve_table(curve))
            if spoken is not None:
                alignment = align(spoken, SpokenSegment(sound.samples, sound.rate))
                write_atomically(out / f"{stem}.words.csv", _words_table(alignment))
        except AvatarBridgeError as error:
            failed.append(str(error))
            continue
        yield _line(path, out / f"{stem}.csv", sound, curve)
    if failed:
        count = f"{len(failed)} of {len(paths)} files" if len(paths) > 1 else "the file"
        raise UsageError(f"{count} could not be processed:\n" + "\n".join(f"  {message}" for message in failed))


def _free_stem(stem: str, taken: set[str]) -> str:
    """Return the stem, numbered where its files would meet others, also where the system ignores case."""
    number, free = 1, stem
    while {f"{free}.csv".casefold(), f"{free}.words.csv".casefold()} & taken:
        number += 1
        free = f"{stem}-{number}"
    taken |= {f"{free}.csv".casefold(), f"{free}.words.csv".casefold()}
    return free


def _line(path: Path, target: Path, sound: Sound, curve: MouthCurve) -> str:
    if not curve.open.any():
        return f"{path} -> {target} ({sound.duration:.2f} s; no speech was heard, the mouth stays closed)"
    return f"{path} -> {target} ({sound.duration:.2f} s)"


def _curve_table(curve: MouthCurve) -> str:
    rows = [",".join(HEADER)]
    for index, (opened, shape) in enumerate(zip(curve.open.tolist(), curve.shapes.tolist(), strict=True)):
        values = ",".join(f"{value:.4f}" for value in (opened, *shape))
        rows.append(f"{index / curve.rate:.2f},{values}")
    return "\n".join(rows) + "\n"


def _words_table(alignment: Alignment) -> str:
    table = io.StringIO(newline="")
    rows = writer(table, lineterminator="\n")
    rows.writerow(_WORDS_HEADER)
    for word in alignment.words:
        times = f"{word.at:.3f}", f"{word.duration:.3f}"
        rows.writerow((word.text, word.char, *times, int(word.stressed), alignment.timing))
    return table.getvalue()
