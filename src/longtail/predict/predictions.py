"""Predictions: a probability per label for each image (or study), with the ids that say whose they are."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.errors import UserError, listing

Level = Literal["image", "study"]
LEVELS: tuple[Level, ...] = ("image", "study")

_ROUNDING = 1e-5  # how far beside [0, 1] float32 arithmetic may put a probability; it is clipped back


@dataclass(frozen=True, eq=False)
class Predictions:
    """Probabilities of N images (or studies) for C labels.

    `ids` has a row each, all text: the column `image` (the manifest's own text) or, at study level, `study`, and
    perhaps `patient`, `view`, `source`, `split`. `values` is `(N, C)` float32. `facts` says what is known
    beyond that: `task`, `kind` and `made_by` (where they come from). `path` is the file they were read from.
    """

    ids: pd.DataFrame
    labels: tuple[str, ...]
    values: npt.NDArray[np.float32]
    level: Level = "image"
    facts: dict[str, Any] = field(default_factory=dict)
    path: Path | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def keys(self) -> npt.NDArray[Any]:
        """Each row's image or study, `(N,)` text."""
        return self.ids[self.level].to_numpy(dtype=object)

    @property
    def where(self) -> str:
        """The file, for messages."""
        return f"'{self.path}'" if self.path else "the predictions"

    def with_values(self, values: npt.NDArray[Any], **facts: Any) -> "Predictions":
        """The same rows and labels with other probabilities, and `facts` added to the old ones."""
        return replace(self, values=np.asarray(values, dtype=np.float32), facts={**self.facts, **facts})


def checked(predictions: Predictions) -> Predictions:
    """The same predictions, or one sentence on what is wrong with them; values are clipped to [0, 1] by a rounding."""
    _require_shape(predictions)
    _require_unique(predictions)
    _require_filled(predictions)
    _require_probabilities(predictions)
    return replace(predictions, values=predictions.values.clip(0, 1))


def _require_shape(predictions: Predictions) -> None:
    shape, expected = predictions.values.shape, (len(predictions.ids), len(predictions.labels))
    if shape != expected or predictions.level not in predictions.ids:
        raise UserError(
            f"{predictions.where} have values of shape {shape} and ids {list(predictions.ids)}; give values {expected}"
            f" (rows, labels) and an id column '{predictions.level}'."
        )


def _require_unique(predictions: Predictions) -> None:
    keys = predictions.ids[predictions.level]
    empty = np.flatnonzero(keys.str.strip() == "")
    if len(empty):
        raise UserError(f"row {empty[0] + 1} of {predictions.where} has no {predictions.level}; every row needs an id.")
    twice = np.flatnonzero(keys.duplicated())
    if len(twice):
        first = int(np.flatnonzero(keys == keys.iloc[twice[0]])[0])
        raise UserError(
            f"{predictions.where} has the {predictions.level} '{keys.iloc[twice[0]]}' in row {first + 1} and again in"
            f" row {twice[0] + 1} ({len(twice):,} repeated rows in all); give one row for each {predictions.level},"
            " such as the mean of its rows."
        )


def _require_filled(predictions: Predictions) -> None:
    missing: npt.NDArray[np.bool_] = np.isnan(predictions.values)
    if not missing.any():
        return
    empty = [name for name, gone in zip(predictions.labels, np.all(missing, axis=0), strict=True) if gone]
    if empty:
        raise UserError(
            f"column {listing([repr(n) for n in empty])} of {predictions.where} holds no number in any row; fill it, or"
            " leave the label out with --labels."
        )
    row, column = np.argwhere(missing)[0]
    raise UserError(
        f"row {row + 1}, column '{predictions.labels[column]}' of {predictions.where} is empty or nan"
        f" ({missing.sum():,} such cells in all); a row needs a probability for each label: mend it or leave it out."
    )


def _require_probabilities(predictions: Predictions) -> None:
    values = predictions.values
    outside = ~((values >= -_ROUNDING) & (values <= 1 + _ROUNDING))
    if not outside.any():
        return
    row, column = np.argwhere(outside)[0]
    raise UserError(
        f"row {row + 1}, column '{predictions.labels[column]}' of {predictions.where} is {values[row, column]:.6g},"
        f" which is no probability ({outside.sum():,} of {values.size:,} cells are outside [0, 1]); {_advice(values)}."
    )


def _advice(values: npt.NDArray[np.float32]) -> str:
    """What the numbers look like, and what to do about it."""
    if not np.isfinite(values).all():
        return "some are infinite: mend the program that wrote them"
    if values.min() >= 0 and values.max() <= 100:
        return "they look like per cent: divide by 100"
    return "they look like logits: apply the sigmoid (multi-label) or the softmax (single-label) first"
