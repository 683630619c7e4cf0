"""Frontal or lateral, for the view positions that published data sets have."""

import numpy as np
import pytest

from longtail.errors import UserError
from longtail.predict.view_groups import FRONTAL, LATERAL, UNKNOWN, view_groups

_MEANT = {
    "AP": FRONTAL, "PA": FRONTAL, "AP AXIAL": FRONTAL, "PA LLD": FRONTAL, "ap_horizontal": FRONTAL, "Frontal": FRONTAL,
    "LATERAL": LATERAL, "LL": LATERAL, "L": LATERAL, "XTABLE LATERAL": LATERAL, "RL": LATERAL,
    "": UNKNOWN, "LAO": UNKNOWN, "PATIENT": UNKNOWN,
}  # fmt: skip


def test_views_by_whole_words() -> None:
    assert dict(zip(_MEANT, view_groups(_MEANT).tolist(), strict=True)) == _MEANT


def test_unknown_views_count_as_one_says() -> None:
    assert view_groups(["PA", "", "LL"], "lateral").tolist() == [FRONTAL, LATERAL, LATERAL]
    assert view_groups(["PA", "", "LL"], "frontal").tolist() == [FRONTAL, FRONTAL, LATERAL]
    with pytest.raises(UserError, match="Valid: apart, frontal, lateral"):
        view_groups(["PA"], "later")  # type: ignore[arg-type]


def test_no_views() -> None:
    assert view_groups([]).dtype == np.int8
