"""Weights fitted on validation: never worse there than any member, right in cases that are known."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from longtail.errors import UserError
from longtail.evaluate import average_precision, macro
from longtail.predict.ensembles.fitted_merges import best_member_merge, weighted_merge
from longtail.predict.ensembles.members import Judge
from longtail.predict.ensembles.selection import selected_weights


def _judge(seed: int = 0, noise: tuple[float, ...] = (0.5, 0.6, 0.95)) -> Judge:
    rng = np.random.default_rng(seed)
    targets = (rng.random((200, 4)) < 0.2).astype(np.float32)
    values = np.stack([(1 - n) * targets + n * rng.random(targets.shape) for n in noise]).astype(np.float32)
    return Judge(values, targets)


@pytest.mark.parametrize("per_label", [False, True])
def test_not_worse_on_validation_than_any_member(per_label: bool) -> None:
    judge = _judge(noise=(0.9, 0.92, 0.95))
    merged = weighted_merge(judge.values, judge, per_label=per_label)
    assert merged.weights is not None
    np.testing.assert_allclose(merged.weights.sum(axis=0), 1)
    assert (np.ptp(merged.weights, axis=1) > 0).any() == per_label
    best = max(macro(average_precision(judge.targets, member)).value for member in judge.values)
    assert macro(average_precision(judge.targets, merged.values)).value >= best - 1e-12
    np.testing.assert_allclose(merged.values, (judge.values * merged.weights[:, None]).sum(axis=0), atol=1e-6)


def test_a_perfect_member_gets_all_the_weight() -> None:
    judge = _judge(noise=(0.9, 0.0))
    for metric in ("ap", "auroc", "log_loss"):
        merged = weighted_merge(judge.values, judge, metric=metric)  # type: ignore[arg-type]
        assert merged.weights is not None
        assert merged.weights[1].min() == 1, metric


def test_selection_in_a_loop() -> None:
    """Two members whose mean is exact: it finds half and half; the score is the negative squared error."""
    truth = np.array([1.0, 2, 3])
    values = np.stack([truth + 1, truth - 1, truth * 0])
    found = selected_weights(values, lambda v: -float(((v - truth) ** 2).sum()), rounds=10)
    assert found.tolist() == [0.5, 0.5, 0]


def test_each_label_by_its_best_member() -> None:
    judge = _judge(3, noise=(0.8, 0.85, 0.8))
    judge.targets[:, 3] = 0  # undefined: the mean
    merged = best_member_merge(judge.values, judge)
    for label in range(3):
        scores = [average_precision_score(judge.targets[:, label], member[:, label]) for member in judge.values]
        np.testing.assert_array_equal(merged.values[:, label], judge.values[int(np.argmax(scores)), :, label])
    np.testing.assert_allclose(merged.values[:, 3], judge.values[:, :, 3].mean(axis=0), atol=1e-7)


def test_what_they_need_is_said() -> None:
    judge = _judge()
    with pytest.raises(UserError, match="'weighted' is fitted on validation predictions"):
        weighted_merge(judge.values, None)
    with pytest.raises(UserError, match="give one for each member"):
        best_member_merge(judge.values[:2], judge)
    with pytest.raises(UserError, match="unknown metric 'f1'"):
        weighted_merge(judge.values, judge, metric="f1")  # type: ignore[arg-type]
