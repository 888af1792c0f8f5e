"""How long each sound of an HTS voice lasts, read from the voice's own file: the synthesiser tells it to nobody.

The durations of an `.htsvoice` are five (say) state lengths with mean and variance for each leaf of one decision tree,
whose questions are patterns over a sound's full-context label. hts_engine takes the means, rounded; for another speed
it moves every state by the same number of variances until the whole has the wanted length (Yoshimura et al. 1998,
"Duration modeling for HMM-based speech synthesis").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.errors import VoiceError

__all__ = ["Durations"]

_QUESTION = re.compile(r"^QS\s+(\S+)\s*\{([^}]*)\}", re.MULTILINE)
_NODE = re.compile(r"^\s*(-?\d+)\s+(\S+)\s+(\S+)\s+(\S+)\s*$", re.MULTILINE)
_LEAF = re.compile(r'^"[^"]*_(\d+)"$')


class Durations:
    """The duration model of one voice file; raises VoiceError where the file is none."""

    def __init__(self, path: Path) -> None:
        try:
            head, _, data = path.read_bytes().partition(b"[DATA]\n")
            about = dict(line.split(":", 1) for line in head.decode().splitlines() if ":" in line)
            states = int(about["NUM_STATES"])
            self.frame_samples = int(about["FRAME_PERIOD"])
            self.rate = int(about["SAMPLING_FREQUENCY"])
            first, last = (int(number) for number in about["DURATION_PDF"].split("-"))
            table = np.frombuffer(data[first + 4 : last + 1], "<f4").astype(np.float64).reshape(-1, 2, states)
            first, last = (int(number) for number in about["DURATION_TREE"].split("-"))
            tree = data[first : last + 1].decode()
        except (OSError, KeyError, ValueError) as error:
            raise VoiceError(f"expected an .htsvoice file with durations at {path}, got {error!r}") from error
        self._means, self._variances = table[:, 0], table[:, 1]
        self._questions = {name: _pattern(patterns) for name, patterns in _QUESTION.findall(tree)}
        nodes = _NODE.findall(tree[tree.rindex("{*}") :])
        self._nodes = {int(number): (question, no, yes) for number, question, no, yes in nodes}
        self._leaf_of: dict[str, int] = {}

    def frames(self, labels: Sequence[str], speed: float = 1.0) -> list[int]:
        """Return how many frames each label's sound lasts, at `speed` times the voice's own."""
        leaves = [self._leaf(label) for label in labels]
        means, variances = self._means[leaves], self._variances[leaves]
        rounded = np.maximum(1, np.floor(means + 0.5))
        if speed != 1.0:
            # hts_engine counts the means' sum before it is rounded
            rounded = _fitted(means.ravel(), variances.ravel(), float(means.sum()) / speed).reshape(means.shape)
        return [int(count) for count in rounded.sum(axis=1)]

    def _leaf(self, label: str) -> int:
        known = self._leaf_of.get(label)
        if known is not None:
            return known
        node = 0
        while True:
            question, no, yes = self._nodes[node]
            chosen = yes if self._questions[question].fullmatch(label) else no
            if leaf := _LEAF.match(chosen):
                if len(self._leaf_of) > 20000:
                    self._leaf_of.clear()
                self._leaf_of[label] = int(leaf[1]) - 1
                return self._leaf_of[label]
            node = int(chosen)


def _pattern(patterns: str) -> re.Pattern[str]:
    """Return what matches where any of the quoted patterns does; `*` stands for any text, `?` for one character."""
    each = re.findall(r'"([^"]*)"', patterns)
    return re.compile("|".join(re.escape(one).replace(r"\*", ".*").replace(r"\?", ".") for one in each))


def _fitted(means: NDArray[np.float64], variances: NDArray[np.float64], wanted: float) -> NDArray[np.float64]:
    """Return whole numbers of frames, at least 1 each, that add up to `wanted`, nearest to one common deviation."""
    target = max(1, int(wanted + 0.5))
    if target <= len(means):
        return np.ones(len(means))
    deviation = (target - means.sum()) / variances.sum()
    counts: NDArray[np.float64] = np.maximum(1.0, np.floor(means + deviation * variances + 0.5))
    while (missing := target - counts.sum()) != 0:
        step = 1.0 if missing > 0 else -1.0
        cost = np.abs(deviation - (counts + step - means) / variances)
        if step < 0:
            cost[counts <= 1] = np.inf
        counts[int(np.argmin(cost))] += step
    return counts
