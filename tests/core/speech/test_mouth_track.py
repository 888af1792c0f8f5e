from __future__ import annotations

import numpy as np
import pytest

from avatar_bridge.core.speech.lipsync import MouthTrack, sample
from avatar_bridge.core.vocabulary import VISEMES, MouthCurve, MouthShape


def _curve(*opened: float) -> MouthCurve:
    values = np.asarray(opened, np.float32)
    return MouthCurve(100.0, values, np.stack([values * share for share in (0.5, 0.2, 0.1, 0.1, 0.1)], axis=1))


def test_sampling_is_linear_between_and_closed_outside() -> None:
    curve = _curve(0.0, 1.0, 0.5)
    assert sample(curve, 0.01).open == pytest.approx(1.0)
    assert sample(curve, 0.005).open == pytest.approx(0.5)
    assert sample(curve, 0.005).aa == pytest.approx(0.25)
    assert sample(curve, 0.0150).open == pytest.approx(0.75)
    assert sample(curve, 0.029).open == pytest.approx(0.5)
    for outside in (-0.001, 0.03, 5.0, float("nan")):
        assert sample(curve, outside) == MouthShape()


def test_an_empty_curve_is_closed() -> None:
    assert sample(_curve(), 0.0) == MouthShape()


def test_a_track_places_curves_and_is_closed_between_them() -> None:
    track = MouthTrack()
    assert track.shape(0.0) == MouthShape()
    assert track.duration == 0
    track.append(_curve(1, 1, 1), 0.1)
    track.append(_curve(0.5, 0.5), 0.5)
    assert track.duration == pytest.approx(0.52)
    assert [round(track.shape(at).open, 3) for at in (0.05, 0.11, 0.3, 0.505, 0.6)] == [0, 1, 0, 0.5, 0]


def test_a_curve_that_starts_later_takes_over() -> None:
    track = MouthTrack()
    track.append(_curve(*[1.0] * 50), 0.0)
    track.append(_curve(*[0.5] * 50), 0.2)
    assert track.shape(0.19).open == 1
    assert track.shape(0.21).open == 0.5


def test_order_of_appending_does_not_matter() -> None:
    first, second = _curve(1, 1, 1), _curve(0.25, 0.25)
    tracks = MouthTrack(), MouthTrack()
    tracks[0].append(first, 0.0)
    tracks[0].append(second, 0.4)
    tracks[1].append(second, 0.4)
    tracks[1].append(first, 0.0)
    assert np.array_equal(tracks[0].curve().open, tracks[1].curve().open)


def test_the_whole_curve_says_what_the_samples_say() -> None:
    track = MouthTrack()
    generator = np.random.default_rng(5)
    for at in (0.013, 0.2, 0.257, 0.9):
        track.append(_curve(*generator.random(20)), at)
    curve = track.curve(1.3)
    assert curve.open.shape == (130,)
    for index in range(130):
        shape = track.shape(index / 100)
        assert curve.open[index] == pytest.approx(shape.open, abs=1e-5)
        assert curve.shapes[index].tolist() == pytest.approx([getattr(shape, name) for name in VISEMES], abs=1e-5)


def test_a_curve_can_be_shorter_than_the_track() -> None:
    track = MouthTrack()
    track.append(_curve(*[1.0] * 50), 0.0)
    assert len(track.curve(0.1).open) == 10
    assert len(track.curve(0.0).open) == 0
