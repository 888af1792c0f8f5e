"""What a sound card really played against what the overlay really showed: gross faults only, the rest is measured.

The figures are `benchmarks/overlay_sound.py`'s. A busy machine's sound runs dry and its browser skips frames, so this
asks only that most stretches of the speech were heard where their mouth was shown.
"""

from __future__ import annotations

import numpy as np
import pytest
from benchmark_parts import benchmark_part
from chromium import artefact, needs_chromium

TEXT = "Please remember to [nod]water the plants, because Bob and Mabel are away all week. "
GROSS_MS = 80

rehearsal = benchmark_part("overlay_sound")

pytestmark = [
    pytest.mark.peer,
    needs_chromium,
    pytest.mark.skipif(bool(rehearsal.missing()), reason=rehearsal.missing() or "it is here"),
]


def test_the_mouth_is_shown_when_its_sound_is_heard_and_an_interrupt_silences() -> None:
    with rehearsal.staged(voice="espeak") as stage:
        take = rehearsal.rehearse(stage, TEXT)
        lines = [f"{a:.2f} {h:.4f} {s:.4f}\n" for a, h, s in zip(take.starts, take.heard, take.shown, strict=True)]
        artefact("sound_and_picture.txt", "".join(lines).encode())
        lag_ms = (take.shown - take.heard)[np.isfinite(take.shown - take.heard)] * 1000
        assert len(lag_ms) >= 3, "too little of the speech was found in the recording"
        assert np.median(np.abs(lag_ms)) < GROSS_MS
        marked = stage.tab.evaluate("new Set(avatarBridge.trace().map((row) => row.current)).size")
        assert marked > 8, "the subtitles marked hardly any word"
        assert not len(take.words) or np.median(np.abs(take.words)) * 1000 < GROSS_MS

        stage.ear.forget()
        stage.served.call("POST", "/v1/perform", {"text": TEXT * 4})
        stage.until("avatarBridge.heard() > 1.0")
        stage.served.call("POST", "/v1/interrupt")
        stage.until("avatarBridge.heard() === null")
        stage.tab.wait_for_timeout(1500)  # nothing can be polled for: silence is what is waited for
        sound, _ = stage.ear.recording()
        assert np.abs(sound).max() > 0.01, "nothing was heard before the interrupt"
        assert np.abs(sound[-24000:]).max() < 0.01, "it went on to speak"
