"""The table of defaults: how the character behaves in each state, in numbers.

The figures are those of published measurements of people and of hand-made Live2D motion, stylised; angles are degrees
(units of ParamAngle). A pair (low, high) names the 10 % and 90 % quantiles of a log-normal draw unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from avatar_bridge.core.vocabulary import State

__all__ = ["HABITS", "TEMPERS", "Habits", "Temper", "calm_habits", "calm_tempers"]


@dataclass(frozen=True, slots=True)
class Temper:
    """How the character behaves in one state."""

    blink_median: float
    """Seconds between blinks, log-normal, before gaze and talk draw them closer."""
    viewer: tuple[float, float]
    """Seconds that the gaze rests on the viewer."""
    away: tuple[float, float]
    """Seconds that the gaze rests elsewhere."""
    aversion: tuple[float, float, float]
    """Shares of looking up, aside and down."""
    gaze_size: tuple[float, float]
    """Evenly drawn distance of a look elsewhere, of the gaze channels' 1."""
    head_share: float
    """Part of a gaze shift that the head takes over."""
    noise: tuple[float, float, float]
    """Root mean square of the head's wandering: yaw, pitch, roll."""
    retarget: tuple[float, float]
    """Seconds between the head's new targets, each axis for itself."""
    travel: tuple[float, float]
    """Evenly drawn seconds of a head move, whatever its size."""
    head_spring: tuple[float, float]
    """Frequency in Hz and damping ratio of the head's response."""
    blend: float
    """Seconds in which the state is taken up."""
    breaths: float
    """Breaths a minute."""
    breath_gain: float
    posture_gap: tuple[float, float] | None
    """Seconds between posture shifts; None where only the talk's topic moves it."""
    brow_gap: tuple[float, float] | None
    """Seconds between brow flashes; None where accents bring them."""
    blink_stretch: float = 1.0
    """Factor on the duration of a blink."""
    blink_double: float = 0.13
    """Share of blinks followed at once by a second."""
    blink_partial: float = 0.15
    """Share of blinks that do not close."""
    pose: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Yaw (to the side of the gaze), pitch and roll (to either side) that the head takes up."""
    pose_viewer: float = 1.0
    """Part of the pose, and of the brows', that stays while looking at the viewer."""
    brow_pose: tuple[float, float] = (0.0, 0.0)
    lean: float = 0.0
    """Position towards the viewer."""
    unrest: tuple[float, float, float] = (0.45, 0.2, 0.3)
    """Degrees of the trunk's own small motion, apart from the head's: yaw, pitch and roll."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What the character does whatever its state."""

    blink_spread: float = 0.92
    blink_limits: tuple[float, float] = (0.8, 13.0)
    blink_phases: tuple[float, float, float] = (0.075, 0.06, 0.145)
    """Seconds of closing, staying closed and opening."""
    blink_jitter: float = 0.15
    blink_cooldown: float = 1.2
    """Seconds within which nothing forces another blink."""
    blink_pull: float = 0.5
    """A gaze shift takes along a blink that is due within so many seconds."""
    gaze_pull: float = 1.6
    """A blink takes along a gaze shift that is due within so many seconds."""
    gaze_pull_share: float = 0.8
    blink_turn: float = 0.3
    """Chance that a shift or turn of `turn_size` degrees forces a blink."""
    blink_phrase: float = 0.25
    blink_pause: float = 0.25
    blink_thought: float = 0.25
    """Chance that looking away to think, and looking back, forces a blink."""
    turn_size: float = 12.0
    swing: float = 0.55
    """How much the head's next target lies across from its last, 0 to 1."""
    swing_speaking: float = 0.6
    micro_sigma: float = 0.25
    """Degrees of the head's smallest wandering."""
    micro_tau: float = 0.6
    fixation: tuple[float, float] = (0.6, 2.0)
    """Evenly drawn seconds between the eyes' smallest steps."""
    counter: float = 0.9
    """How much of a head turn the eyes take back to stay where they look."""
    body_gains: tuple[float, float, float] = (0.4, 0.3, 0.33)
    body_spring: tuple[float, float] = (1.3, 0.8)
    body_lag: float = 0.1
    """Seconds by which the body follows the head, as it is seen."""
    posture_size: tuple[float, float] = (3.0, 5.0)
    posture_travel: tuple[float, float] = (0.9, 1.4)
    topic_gap: float = 12.0
    beat_share: float = 0.35
    """Share of accents that the head marks."""
    beat_gap: float = 0.7
    beat_size: tuple[float, float] = (2.5, 5.5)
    beat_down: float = 0.22
    beat_late: float = 0.04
    """Seconds from the vowel's centre to the beat's apex."""
    brow_early: float = 0.07
    brow_size: float = 0.3
    brow_share: float = 0.7
    nod_share: float = 0.3
    """Share of phrases that end in a nod."""
    nod_size: float = 6.0
    nod_duration: float = 0.75
    backchannel_gap: float = 5.5
    """Least seconds between a listener's nods."""
    backchannel_share: float = 0.85
    pose_gap: tuple[float, float] = (7.0, 16.0)
    """Seconds for which the head leans to one side, where the state leans it."""
    pastimes: bool = True
    """Whether long quiet brings tilts, glances, smiles, slow blinks and swaying."""
    pastime_after: float = 15.0
    pastime_gap: tuple[float, float] = (12.0, 30.0)
    pastime_noise: float = 0.7
    """Factor on the head's wandering in long quiet."""


TEMPERS: Mapping[State, Temper] = MappingProxyType(
    {
        "idle": Temper(
            blink_median=4.6,
            viewer=(2.2, 6.0),
            away=(1.0, 3.0),
            aversion=(0.2, 0.5, 0.3),
            gaze_size=(0.2, 0.6),
            head_share=0.3,
            noise=(4.0, 2.3, 3.2),
            retarget=(1.5, 4.0),
            travel=(0.6, 1.4),
            head_spring=(1.6, 0.9),
            blend=0.5,
            breaths=14.0,
            breath_gain=1.0,
            posture_gap=(15.0, 40.0),
            brow_gap=(13.0, 28.0),
        ),
        "speaking": Temper(
            blink_median=3.7,
            viewer=(1.3, 3.2),
            away=(0.8, 2.0),
            aversion=(0.1, 0.7, 0.2),
            gaze_size=(0.2, 0.5),
            head_share=0.2,
            noise=(5.2, 3.3, 4.2),
            retarget=(0.6, 1.6),
            travel=(0.4, 0.8),
            head_spring=(2.4, 0.8),
            blend=0.3,
            breaths=14.0,
            breath_gain=0.7,
            posture_gap=None,
            brow_gap=None,
            unrest=(1.45, 0.65, 1.0),
        ),
        "listening": Temper(
            blink_median=4.2,
            viewer=(3.0, 7.0),
            away=(0.5, 1.5),
            aversion=(0.1, 0.6, 0.3),
            gaze_size=(0.18, 0.35),
            head_share=0.15,
            noise=(2.0, 1.5, 2.2),
            retarget=(1.5, 4.0),
            travel=(0.6, 1.4),
            head_spring=(2.0, 0.85),
            blend=0.4,
            breaths=14.0,
            breath_gain=1.0,
            posture_gap=(20.0, 45.0),
            brow_gap=(14.0, 28.0),
            blink_partial=0.1,
            pose=(0.0, 0.0, 4.0),
            lean=0.08,
        ),
        "thinking": Temper(
            blink_median=3.5,
            viewer=(0.6, 1.5),
            away=(2.0, 4.0),
            aversion=(0.7, 0.1, 0.2),
            gaze_size=(0.4, 0.6),
            head_share=0.4,
            noise=(2.2, 1.6, 2.0),
            retarget=(1.6, 4.0),
            travel=(0.6, 1.4),
            head_spring=(1.6, 0.9),
            blend=0.25,
            breaths=12.0,
            breath_gain=1.0,
            posture_gap=None,
            brow_gap=None,
            blink_stretch=1.2,
            blink_double=0.15,
            blink_partial=0.1,
            pose=(8.0, 5.0, 0.0),
            pose_viewer=0.35,
            brow_pose=(0.3, -0.12),
            unrest=(1.3, 0.5, 0.4),
        ),
    }
)
"""The behaviour of each state."""

HABITS = Habits()
"""The habits of an ordinary character."""


def calm_tempers() -> Mapping[State, Temper]:
    """Return tempers for a desk or a kiosk: less and slower wandering, hardly any looking about."""
    return MappingProxyType(
        {
            state: replace(
                temper,
                viewer=(temper.viewer[0] * 1.6, temper.viewer[1] * 1.6),
                gaze_size=(temper.gaze_size[0] * 0.8, temper.gaze_size[1] * 0.8),
                noise=(temper.noise[0] * 0.4, temper.noise[1] * 0.4, temper.noise[2] * 0.4),
                retarget=(temper.retarget[0] * 1.5, temper.retarget[1] * 1.5),
                pose=(temper.pose[0] * 0.5, temper.pose[1] * 0.5, temper.pose[2] * 0.5),
                posture_gap=None,
                brow_gap=None,
            )
            for state, temper in TEMPERS.items()
        }
    )


def calm_habits() -> Habits:
    """Return the habits that belong to `calm_tempers`."""
    return replace(
        HABITS,
        beat_share=0.25,
        beat_size=(1.5, 3.0),
        nod_size=4.0,
        backchannel_gap=7.0,
        pastimes=False,
        micro_sigma=0.15,
    )
