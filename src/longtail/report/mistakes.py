"""The worst mistakes of a model: what it missed and what it saw that is not there, no label more than its share."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from longtail.report.scoring import Scored


@dataclass(frozen=True)
class Mistake:
    """A row (of the scored ones) and the label that is wrong in it: `missed` or a false alarm."""

    row: int
    label: int
    missed: bool
    probability: float
    badness: float  # 0 at the threshold, 1 as wrong as can be


def worst_mistakes(scored: Scored, thresholds: npt.NDArray[np.float64], most: int = 24) -> list[Mistake]:
    """Half of them misses, half false alarms (single label: the most confident wrong classes), the worst first."""
    if scored.classes is not None:
        return _wrong_classes(scored, most)
    wrong = {
        True: (scored.states == 1) & (scored.values < thresholds),
        False: (scored.states == 0) & (scored.values >= thresholds),
    }
    below = (thresholds - scored.values) / np.maximum(thresholds, 1e-9)
    above = (scored.values - thresholds) / np.maximum(1 - thresholds, 1e-9)
    misses = _spread(scored, np.where(wrong[True], below, -1), True, most - most // 2)
    return misses + _spread(scored, np.where(wrong[False], above, -1), False, most // 2)


def _wrong_classes(scored: Scored, most: int) -> list[Mistake]:
    """A mistake's label is the class that was predicted; its badness how far the true one lies below it."""
    assert scored.classes is not None
    guess = scored.values.argmax(axis=1)
    rows = np.arange(len(guess))
    true = np.maximum(scored.classes, 0)
    gap = scored.values[rows, guess] - scored.values[rows, true]
    badness = np.full(scored.values.shape, -1.0)
    wrong = (scored.classes >= 0) & (guess != scored.classes)
    badness[rows[wrong], true[wrong]] = gap[wrong]  # spread over the true classes, so that rare ones are shown
    found = _spread(scored, badness, True, most)
    return [
        Mistake(one.row, int(guess[one.row]), False, float(scored.values[one.row, guess[one.row]]), one.badness)
        for one in found
    ]


def _spread(scored: Scored, badness: npt.NDArray[np.float64], missed: bool, most: int) -> list[Mistake]:
    """The worst rows of each label in turns, rare labels first, each row once, until there are `most`; by badness."""
    queues = []
    for label in np.argsort(scored.counts, kind="stable"):
        worst = np.argsort(-badness[:, label], kind="stable")[:most]
        queues.append([(int(row), int(label)) for row in worst if badness[row, label] > 0])
    found: list[Mistake] = []
    seen: set[int] = set()
    while len(found) < most and any(queues):
        for queue in queues:
            while queue and queue[0][0] in seen:
                queue.pop(0)
            if queue and len(found) < most:
                row, label = queue.pop(0)
                seen.add(row)
                found.append(Mistake(row, label, missed, float(scored.values[row, label]), float(badness[row, label])))
    return sorted(found, key=lambda one: -one.badness)
