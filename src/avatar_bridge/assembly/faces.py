"""Settings to the faces that a character makes where its text has no tags for them."""

from __future__ import annotations

from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.script.feelings import Feelings
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.settings import FeelingsSettings
from avatar_bridge.stage.feeling import WorkerClassifier

__all__ = ["Faces"]

_CLASSIFIER = "avatar_bridge.llm.feelings_classifier:FeelingsClassifier"


class Faces:
    """What one bridge infers feelings with: the lexicon, and a classifier where the settings name one."""

    def __init__(self, settings: FeelingsSettings | None) -> None:
        """None infers nothing: what a program assembles by itself shows what its text says."""
        self._settings = settings = settings or FeelingsSettings(enabled=False)
        self.classifier: WorkerClassifier | None = None
        """In a child process, loaded while the show goes on; None where none is named."""
        if settings.enabled and settings.classifier:
            self.classifier = WorkerClassifier(_CLASSIFIER, {"model": settings.classifier})

    async def open(self) -> None:
        """Begin to load the classifier."""
        if self.classifier is not None:
            await self.classifier.open()

    def feelings(self, motion_map: MotionMap) -> Feelings | None:
        """Return what judges one utterance, by the map's expressions; None where it is switched off."""
        if not self._settings.enabled:
            return None
        faces = [action for action in motion_map.actions.values() if action.kind == "expression"]
        names = [name for face in faces for name in (face.name, *face.aliases)]
        return Feelings(names, strength=self._settings.strength)

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong since the last call."""
        return self.classifier.diagnostics() if self.classifier is not None else []

    async def close(self) -> None:
        """End the classifier."""
        if self.classifier is not None:
            await self.classifier.close()
