"""Every study rule against a loop over studies, and against numbers written out."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.errors import UserError
from longtail.predict.studies import STUDIES
from longtail.predict.studies.study_rows import StudyRows, study_rows
from longtail.predict.view_groups import FRONTAL, LATERAL, UNKNOWN, view_groups

_VALUES = np.array([[0.8], [0.4], [0.2], [0.6], [0.5]])
_ROWS = study_rows(["a", "a", "a", "b", "a"], view_groups(["PA", "AP", "LL", "LL", ""]))


def _of(name: str, **settings: Any) -> list[float]:
    found = STUDIES.find(name).function(_VALUES, _ROWS, **settings)
    return [round(float(value), 9) for value in found[:, 0]]


def test_written_out() -> None:
    assert _of("mean") == [0.475, 0.6]
    assert _of("max") == [0.8, 0.6]
    assert _of("noisy_or") == [round(1 - 0.2 * 0.6 * 0.8 * 0.5, 9), 0.6]
    assert _of("view_groups") == [round((0.6 + 0.2 + 0.5) / 3, 9), 0.6]
    assert _of("view_groups", unknown="lateral") == [round((0.6 + 0.35) / 2, 9), 0.6]
    assert _of("view_weights", unknown_weight=0) == [round(0.7 * 0.6 + 0.3 * 0.2, 9), 0.6]  # b has one view: all of it
    # CheXFusion: 7, 7, 3 and 5 image by image
    assert _of("view_weights", per="image") == [round((7 * 0.8 + 7 * 0.4 + 3 * 0.2 + 5 * 0.5) / 22, 9), 0.6]


def test_a_study_whose_weights_are_all_zero_is_its_mean() -> None:
    assert _of("view_weights", frontal=1, lateral=0, unknown_weight=0) == [0.6, 0.6]


@pytest.mark.parametrize("weights", [{"frontal": -1}, {"frontal": 0, "lateral": 0, "unknown_weight": 0}])
def test_weights_that_are_none(weights: dict[str, float]) -> None:
    with pytest.raises(UserError, match="are no weights"):
        _of("view_weights", **weights)


def _looped(name: str, values: Any, rows: StudyRows) -> Any:
    found = []
    for study in range(rows.count):
        mine = values[rows.study == study]
        views = rows.view[rows.study == study]
        groups = [mine[views == view].mean(axis=0) for view in (FRONTAL, LATERAL, UNKNOWN) if (views == view).any()]
        weights = [w for view, w in zip((FRONTAL, LATERAL, UNKNOWN), (7, 3, 5), strict=True) if (views == view).any()]
        found.append(
            {
                "mean": mine.mean(axis=0),
                "max": mine.max(axis=0),
                "noisy_or": 1 - np.prod(1 - mine, axis=0),
                "view_groups": np.mean(groups, axis=0),
                "view_weights": np.average(groups, axis=0, weights=weights),
            }[name]
        )
    return np.array(found)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 30), st.integers(1, 8))
def test_against_a_loop_and_whatever_the_order(seed: int, images: int, studies: int) -> None:
    rng = np.random.default_rng(seed)
    values, order = rng.random((images, 3)), rng.permutation(images)
    names, views = rng.integers(0, studies, images).astype(str), rng.integers(0, 3, images).astype(np.int8)
    rows, shuffled = study_rows(names, views), study_rows(names[order], views[order])
    for name in STUDIES.load():
        found = STUDIES.find(name).function(values, rows)
        np.testing.assert_allclose(found, _looped(name, values, rows), atol=1e-12)
        again = STUDIES.find(name).function(values[order], shuffled)
        np.testing.assert_allclose(again[shuffled.study], found[rows.study][order], atol=1e-12)
        assert found.min() >= -1e-12
        assert found.max() <= 1 + 1e-12
