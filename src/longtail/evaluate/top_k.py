"""Top-k accuracy: is the true class among the k that score highest?"""

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError
from longtail.evaluate.classes import checked_classes


def top_k_accuracy(target: npt.ArrayLike, score: npt.ArrayLike, k: int = 5) -> float:
    """The share of known rows, of classes `(N,)` and scores `(N, C)`; of equal scores the first class is the higher."""
    if k < 1:
        raise UserError(f"k is {k}; give 1 or more.")
    classes, scores = checked_classes(target, score)
    if not len(classes):
        return np.nan
    own = scores[np.arange(len(classes)), classes][:, None]
    earlier = np.arange(scores.shape[1]) < classes[:, None]
    higher = (scores > own) | ((scores == own) & earlier)
    return float(np.mean(higher.sum(axis=1) < k))
