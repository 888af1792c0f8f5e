"""What is done in OBS once and cannot be taken back: media, hotkeys, a scene that stays, the choice of a transition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from avatar_bridge.drivers.obs_proof import Proof
from avatar_bridge.wire.obs import Order
from avatar_bridge.wire.obs_deeds import MEDIA, Deed

__all__ = ["Shot", "Shots"]

_STALE = 2.0
"""Seconds after which it is not made up for."""
_STARTS = ("restart", "play")


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One of them, until OBS has answered it."""

    order: Order
    proof: Proof
    at: float


class Shots:
    """Kept over a lost connection for two seconds."""

    def __init__(self, now: Callable[[], float], missed: Callable[[str], None]) -> None:
        """`missed` is told the action whose moment has gone by."""
        self._now = now
        self._missed = missed
        self._shots: list[Shot] = []
        self._playing: set[str] = set()
        self._own = ""
        """The transition that the streamer had chosen, while an action's is in its place."""
        self._chosen = ""

    def plan(self, deed: Deed, proof: Proof, at: float, *, stays: bool, transition: str) -> bool:
        """Take what a deed does once; `stays`: its scene is not left again; `transition`: OBS's present one.

        Returns False where it is too late for that.
        """
        if self._now() - at > _STALE and (deed.media or deed.hotkeys or deed.keys or (deed.scene and stays)):
            self._missed(deed.action)
            return False
        if deed.transition and deed.transition != transition:
            self._own = self._own or transition
            self._choose(deed.transition)
        if deed.scene and stays:
            self._add(Order("SetCurrentProgramScene", {"sceneName": deed.scene}), proof, at)
        for name in deed.media:
            self._add(_media(name, deed.media_action), proof, at)
            if deed.media_action in _STARTS:
                self._playing.add(name)
        for name in deed.hotkeys:
            self._add(Order("TriggerHotkeyByName", {"hotkeyName": name}), proof, at)
        for key, pressed in deed.keys:
            held = dict.fromkeys(pressed, True)
            self._add(Order("TriggerHotkeyByKeySequence", {"keyId": key, "keyModifiers": held}), proof, at)
        return True

    def pending(self) -> list[Shot]:
        """Return what is to be sent, in its order."""
        now = self._now()
        for shot in self._shots:
            if now - shot.at > _STALE and shot.proof.action:
                self._missed(shot.proof.action)
        self._shots = [shot for shot in self._shots if now - shot.at <= _STALE]
        return list(self._shots)

    def done(self, shots: Sequence[Shot]) -> None:
        """Forget what OBS has answered."""
        self._shots = [shot for shot in self._shots if shot not in shots]

    def stop(self, name: str) -> None:
        """Stop a medium that was started and plays still."""
        if name in self._playing:
            self._playing.discard(name)
            self._add(_media(name, "stop"), Proof("", None, "release"), self._now())

    def reset(self) -> None:
        """Drop what waits, but for what puts things back, and stop everything that plays."""
        self._shots = [shot for shot in self._shots if not shot.proof.action]
        for name in sorted(self._playing):
            self.stop(name)

    def ended(self, name: str) -> None:
        """Learn that a medium has played out."""
        self._playing.discard(name)

    def transition_set(self, name: str) -> None:
        """Learn of OBS's transition; one that somebody else chose is theirs."""
        if name != self._chosen:
            self._own = self._chosen = ""

    def return_transition(self) -> bool:
        """Choose the streamer's transition again; False where it is chosen already."""
        if not self._own:
            return False
        self._choose(self._own)
        self._own = ""
        return True

    def _choose(self, name: str) -> None:
        self._chosen = name
        order = Order("SetCurrentSceneTransition", {"transitionName": name})
        self._add(order, Proof("", None, "act"), self._now())

    def _add(self, order: Order, proof: Proof, at: float) -> None:
        self._shots.append(Shot(order, proof, at))


def _media(name: str, action: str) -> Order:
    return Order("TriggerMediaInputAction", {"inputName": name, "mediaAction": MEDIA[action]})
