"""The bootstrap: each resample exact against scikit-learn, intervals right on a known truth, groups resampled whole."""

import numpy as np
import pytest
from made_scores import made
from sklearn.metrics import average_precision_score, roc_auc_score

from longtail.errors import UserError
from longtail.evaluate import auroc, average_precision, bootstrap
from longtail.evaluate.resampling import group_index, resample_counts

REFERENCES = {"ap": average_precision_score, "auroc": roc_auc_score}


@pytest.mark.parametrize("metric", ["ap", "auroc"])
@pytest.mark.parametrize("grouped", [True, False])
def test_the_very_same_resamples_by_scikit_learn(metric: str, grouped: bool) -> None:
    target, score = made(5, 300, 3, 30, 0.1, np.float32)
    groups = np.random.default_rng(0).integers(0, 60, 300) if grouped else None
    index, count = group_index(groups, 300)
    found = bootstrap(target, score, metric, groups, resamples=30, seed=4)  # type: ignore[arg-type]
    assert found.groups == count
    for r, counts in enumerate(resample_counts(count, 30, 4)):
        weights = counts if index is None else counts[index]
        for c in range(3):
            kept = ~np.isnan(target[:, c])
            expected = REFERENCES[metric](target[kept, c], score[kept, c], sample_weight=weights[kept])
            assert found.draws[r, c] == pytest.approx(expected, abs=1e-9)
    np.testing.assert_allclose(found.mean_draws, found.draws.mean(axis=1))
    np.testing.assert_allclose(found.low, np.quantile(found.draws, 0.025, axis=0))
    bias = found.mean_draws.mean() - found.mean
    assert found.mean_high == pytest.approx(np.quantile(found.mean_draws, 0.975) - bias)


def test_values_are_those_of_all_rows() -> None:
    target, score = made(5, 200, 4, 30, 0.1)
    target[:, 2] = 0
    for metric, plain in (("ap", average_precision), ("auroc", auroc)):
        found = bootstrap(target, score, metric, resamples=20)  # type: ignore[arg-type]
        np.testing.assert_allclose(found.value, plain(target, score), atol=1e-12)
        assert found.mean == pytest.approx(np.nanmean(plain(target, score)))
        assert (found.mean_over, found.resamples, found.level, found.groups) == (3, 20, 0.95, 200)
        assert np.isnan([found.low[2], found.high[2]]).all()
        assert found.defined.tolist() == [20, 20, 0, 20]
        assert (found.low[[0, 1, 3]] < found.high[[0, 1, 3]]).all()


def test_a_rare_label_is_undefined_in_some_resamples() -> None:
    target = np.zeros((50, 2))
    target[0, 0] = 1
    target[::2, 1] = 1
    found = bootstrap(target, np.random.default_rng(0).random((50, 2)), resamples=200)
    assert 80 < found.defined[0] < 170  # 1 - (1 - 1/50)^50 = .64 of 200
    assert found.defined[1] == 200
    assert not np.isnan([found.low[0], found.high[0], *found.mean_draws]).any()
    alone = np.isnan(found.draws[:, 0])
    held = (found.value[0] + found.draws[alone, 1]) / 2  # the mean stays one over both labels
    np.testing.assert_allclose(found.mean_draws[alone], held, rtol=1e-12)


def test_same_seed_same_bits_and_copies_of_a_row_widen_when_grouped() -> None:
    target, score = made(8, 80, 1, 1000, 0.0)
    target, score, patient = (np.repeat(x, 8, axis=0) for x in (target, score, np.arange(80)))
    alone, whole = (bootstrap(target, score, "auroc", g, resamples=300, seed=1) for g in (None, patient))
    again = bootstrap(target, score, "auroc", patient, resamples=300, seed=1)
    np.testing.assert_array_equal(whole.draws, again.draws)
    assert 2 < (whole.mean_high - whole.mean_low) / (alone.mean_high - alone.mean_low) < 4  # about the root of 8


def test_intervals_cover_the_truth() -> None:
    """AUROC of two normals d deviations apart is Phi(d / sqrt 2); patients have 3 images, which share a shift."""
    rng, truth, inside, trials = np.random.default_rng(0), 0.6951, 0, 150
    for trial in range(trials):
        y = np.repeat(rng.integers(0, 2, 100), 3)
        s = np.repeat(rng.normal(size=100), 3) + rng.normal(size=300) + y * 2**0.5 * 0.7219
        found = bootstrap(y, s, "auroc", np.repeat(np.arange(100), 3), resamples=200, seed=trial)
        inside += bool(found.low[0] <= truth <= found.high[0])
    assert 0.88 <= inside / trials <= 0.99


def test_progress_and_what_is_refused() -> None:
    told: list[int] = []
    bootstrap([0, 1, 1], [0.1, 0.2, 0.05], resamples=30, progress=told.append)
    assert (sum(told), len(told)) == (30, 4)
    with pytest.raises(UserError, match="unknown metric 'auc'"):
        bootstrap([0, 1], [0, 1], "auc")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="0 resamples"):
        bootstrap([0, 1], [0, 1], resamples=0)
    with pytest.raises(UserError, match="level 95 is not between"):
        bootstrap([0, 1], [0, 1], level=95)
    with pytest.raises(UserError, match="no rows"):
        bootstrap(np.empty((0, 1)), np.empty((0, 1)))
