"""Thresholds against trying every one of them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from made_scores import TARGETS_AND_SCORES

from longtail.errors import UserError
from longtail.evaluate import f1, outcomes, recall, specificity
from longtail.predict.thresholds import choose_thresholds


@settings(max_examples=25, deadline=None)
@given(TARGETS_AND_SCORES)
def test_no_other_threshold_is_better(drawn: tuple[Any, Any]) -> None:
    y, s = drawn
    tried = [-1.0, 2.0, *(x + d for x in np.unique(s) for d in (-1e-4, 1e-4))]
    each = {rule: choose_thresholds(y, s, rule, at=0.7, miss_cost=3) for rule in ("f1", "youden", "cost")}  # type: ignore[arg-type]
    goods = {
        "f1": lambda t: f1(y, s, t),
        "youden": lambda t: recall(y, s, t) + specificity(y, s, t),
        "cost": lambda t: -(3.0 * outcomes(y, s, t).false_negatives + outcomes(y, s, t).false_positives),
    }
    for rule, good in goods.items():
        best = np.max([good(t) for t in tried], axis=0)
        kept = each[rule].defined
        np.testing.assert_allclose(good(each[rule].thresholds)[kept], best[kept], atol=1e-9)
        assert (each[rule].thresholds[~kept] == 0.5).all()


@settings(max_examples=25, deadline=None)
@given(TARGETS_AND_SCORES)
def test_rates_are_reached_and_no_more_is_given_away(drawn: tuple[Any, Any]) -> None:
    y, s = drawn
    tried = [-1.0, 2.0, *(x + d for x in np.unique(s) for d in (-1e-4, 1e-4))]
    for rule, fixed, free in (("sensitivity", recall, specificity), ("specificity", specificity, recall)):
        chosen = choose_thresholds(y, s, rule, at=0.8)  # type: ignore[arg-type]
        kept = chosen.defined
        assert (fixed(y, s, chosen.thresholds)[kept] >= 0.8 - 1e-9).all()
        allowed = [np.where(fixed(y, s, t) >= 0.8 - 1e-9, free(y, s, t), -1) for t in tried]
        np.testing.assert_allclose(free(y, s, chosen.thresholds)[kept], np.max(allowed, axis=0)[kept], atol=1e-9)


def test_mistakes() -> None:
    with pytest.raises(UserError, match="unknown threshold rule 'f2'"):
        choose_thresholds([1, 0], [0.2, 0.1], "f2")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="rate 90 is not in"):
        choose_thresholds([1, 0], [0.2, 0.1], at=90)
    with pytest.raises(UserError, match="a miss that costs 0"):
        choose_thresholds([1, 0], [0.2, 0.1], miss_cost=0)
