"""Frontal or lateral: what a view position says.

Frontal is AP or PA, as in the stage-training paper's Table 3 and its authors' 2024 code (`str.contains('AP|PA')`, so AP
AXIAL too), here as whole words. The paper counts everything else, blanks too, as lateral: `unknown="lateral"`.
"""

import re
from collections.abc import Iterable
from typing import Literal

import numpy as np
import numpy.typing as npt

from longtail.errors import unknown_name

FRONTAL, LATERAL, UNKNOWN = 0, 1, 2
UnknownView = Literal["apart", "lateral", "frontal"]
ViewCodes = npt.NDArray[np.int8]

_FRONTAL_WORDS = {"ap", "pa", "frontal", "anteroposterior", "posteroanterior"}
_LATERAL_WORDS = {"lateral", "lat", "ll", "rl", "l"}
_MEANS = {"apart": UNKNOWN, "lateral": LATERAL, "frontal": FRONTAL}


def view_groups(views: Iterable[str], unknown: UnknownView = "apart") -> ViewCodes:
    """0 frontal, 1 lateral, 2 neither `(N,)`; `unknown` says what views that are neither count as."""
    if unknown not in _MEANS:
        raise unknown_name("meaning of unknown views", unknown, _MEANS)
    known: dict[str, int] = {}
    codes = [known.setdefault(view, _group(view)) if view not in known else known[view] for view in map(str, views)]
    return counted_as(np.array(codes, dtype=np.int8), unknown)


def counted_as(codes: ViewCodes, unknown: UnknownView) -> ViewCodes:
    """The same codes with the unknown ones as `unknown` says."""
    return np.where(codes == UNKNOWN, np.int8(_MEANS[unknown]), codes).astype(np.int8)


def _group(view: str) -> int:
    words = set(re.split(r"[^a-z]+", view.lower()))
    if words & _FRONTAL_WORDS:
        return FRONTAL
    return LATERAL if words & _LATERAL_WORDS else UNKNOWN
