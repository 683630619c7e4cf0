"""Which study each image is of, and which view it shows; sums over studies."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.predict.predictions import Predictions
from longtail.predict.view_groups import UNKNOWN, ViewCodes

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StudyRows:
    """N images of S studies: `study` `(N,)` from 0 to S-1 in order of appearance, `view` `(N,)` (see `view_groups`)."""

    study: npt.NDArray[np.int64]
    view: ViewCodes

    @cached_property
    def count(self) -> int:
        """S."""
        return int(self.study.max()) + 1 if len(self.study) else 0

    def sums(self, values: npt.NDArray[Any], rows: npt.NDArray[Any] | slice = slice(None)) -> Floats:
        """The sum over each study's images (of `rows` alone, where given), `(S, ...)` from `(N, ...)`."""
        found = np.zeros((self.count, *values.shape[1:]))
        np.add.at(found, self.study[rows], values[rows].astype(np.float64))
        return found


def study_rows(studies: npt.ArrayLike, views: ViewCodes | None = None) -> StudyRows:
    """Of study names `(N,)`; without views each one is unknown."""
    codes, _ = pd.factorize(np.asarray(studies, dtype=object))
    view = np.full(len(codes), UNKNOWN, dtype=np.int8) if views is None else views
    return StudyRows(codes.astype(np.int64), view)


def study_names(predictions: Predictions) -> "pd.Series[str]":
    """Each image's study; an image without one is a study of its own, under the image's name."""
    studies = predictions.ids["study"]
    return studies.where(studies.str.strip() != "", predictions.ids["image"])
