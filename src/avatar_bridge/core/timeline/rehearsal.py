"""A timeline played without a target: the frames that a body would show."""

from __future__ import annotations

from avatar_bridge.core.motion.mixer import Mixer
from avatar_bridge.core.timeline.player import Begin, End, Player
from avatar_bridge.core.timeline.timeline import Timeline
from avatar_bridge.core.vocabulary import Frame, Stimulus

__all__ = ["rehearse"]


def rehearse(timeline: Timeline, mixer: Mixer, *, rate: float = 60.0, tail: float = 1.0) -> list[Frame]:
    """Return `rate` frames a second from the utterance's start until `tail` seconds after its end.

    `Frame.at` is timeline time. The timeline must be closed; the mixer must be new.
    """
    player = Player(timeline)
    mixer.enter("speaking", 0.0)
    frames: list[Frame] = []
    resting = False
    for index in range(int((timeline.duration + tail) * rate) + 1):
        now = index / rate
        if not resting and now >= timeline.duration:
            resting = True
            mixer.enter("idle", now)
        for due in player.advance(now):
            match due:
                case Begin():
                    cue = due.cue
                    mixer.play(
                        cue.action,
                        stroke_at=due.stroke_at,
                        now=now,
                        strength=cue.strength,
                        duration=cue.lasting,
                        cue=cue.id,
                    )
                case End():
                    mixer.release(due.cue.id, due.cue.name, now)
                case Stimulus():
                    mixer.notice(due)
        frames.append(mixer.advance(now, None if resting else timeline.mouth_at(now)))
    return frames
