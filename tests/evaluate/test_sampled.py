"""Intervals from draws: BCa against scipy, and that 95 % intervals hold a known truth, patients included."""

import numpy as np
import pytest
from scipy import stats

from longtail.evaluate import average_precision, bootstrap
from longtail.evaluate.resampling import sampled
from longtail.evaluate.sampled import Method, Sampled
from longtail.evaluate.weighings import sums


def _mean_of(values: np.ndarray, index: np.ndarray | None, units: int, **options: int):
    weigh = sums(np.stack([values, np.ones(len(values))], axis=1), index, units)
    found = sampled({"mean": weigh}, units, **options)["mean"]  # type: ignore[arg-type]
    return found.mapped(lambda s: s[:, :1] / np.maximum(s[:, 1:], 1))


def test_bca_is_scipys() -> None:
    values = np.random.default_rng(0).exponential(size=60)
    found = _mean_of(values, None, 60, resamples=4000, seed=1).bounds(0.9, "bca")
    expected = stats.bootstrap((values,), np.mean, n_resamples=4000, confidence_level=0.9, method="BCa", rng=3)
    np.testing.assert_allclose(np.ravel(found), expected.confidence_interval, rtol=0.02)


@pytest.mark.parametrize("method", ["percentile", "bca"])
@pytest.mark.parametrize("clustered", [False, True])
def test_intervals_cover_the_truth(method: Method, clustered: bool) -> None:
    """The quick form of benchmarks/coverage.py: means of 2,000 made columns, patients of 4 sharing a shift or not."""
    rng, trials, units = np.random.default_rng(7), 2000, 150
    values, index = rng.normal(size=(units, trials)), None
    if clustered:
        index = np.repeat(np.arange(units), 4)
        values = values[index] + rng.normal(size=(4 * units, trials))
    found = sampled({"sum": sums(values, index, units)}, units, 400, 1)["sum"]
    low, high = found.bounds(0.95, method)
    inside = np.mean((low <= 0) & (high >= 0))
    assert 0.93 <= inside <= 0.97
    if clustered:  # rows drawn alone would be far too sure
        low, high = sampled({"sum": sums(values, None, 4 * units)}, 4 * units, 100, 1)["sum"].bounds(0.95, method)
        assert np.mean((low <= 0) & (high >= 0)) < 0.85


def test_undefined_draws_and_a_constant() -> None:
    found = _mean_of(np.ones(5), None, 5, resamples=20, seed=0)
    assert [float(x[0]) for x in found.bounds(0.95, "bca")] == [1, 1]
    nothing = found.mapped(lambda v: np.full_like(v, np.nan))
    assert np.isnan(nothing.bounds()).all()
    assert np.isnan(nothing.mean().value).all()


def test_a_mean_is_over_the_same_numbers_in_every_resample() -> None:
    """A rare label that scores low drops out of two of three resamples; the mean must not rise for that."""
    nan = np.nan
    draws = np.array([[0.8, nan, 0.1], [0.8, 0.1, nan], [0.6, nan, nan]])
    found = Sampled(np.array([0.8, 0.2, nan]), draws, np.empty((0, 3)))
    mean = found.mean()
    assert mean.value == pytest.approx([0.5])
    assert mean.draws[:, 0] == pytest.approx([0.5, 0.45, 0.4])
    assert mean.centred().draws[:, 0] == pytest.approx([0.55, 0.5, 0.45])
    assert found.mean([1]).draws[:, 0] == pytest.approx([0.2, 0.1, 0.2])
    half = Sampled(np.full(3, 0.5), np.full((3, 3), 0.5), np.empty((0, 3)))
    assert found.minus(half).mean().draws[:, 0] == pytest.approx([0.0, -0.05, -0.1])
    assert np.isnan(found.mean([2]).draws).all()


def test_intervals_of_a_mean_over_rare_labels_hold_the_truth() -> None:
    """The quick form of benchmarks/coverage.py: mean AP over twelve labels, four with eight positives or so."""
    rng, shares = np.random.default_rng(3), np.repeat([0.2, 0.07, 0.013], 4)

    def made() -> tuple[np.ndarray, np.ndarray]:
        states = (rng.random((600, 12)) < shares).astype(np.float64)
        return states, rng.normal(size=(600, 12)) + states

    truth = np.mean([np.nanmean(average_precision(*made())) for _ in range(100)])
    found = [bootstrap(*made(), resamples=64, seed=trial) for trial in range(40)]
    assert np.mean([each.mean_low <= truth <= each.mean_high for each in found]) >= 0.88  # plain percentiles: .8
