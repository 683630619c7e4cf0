"""A report's paired differences are those of `longtail compare`, and stand on the rows that both runs have."""

from dataclasses import replace

import numpy as np
import pytest
from made_runs import made_manifest, made_run

from longtail.evaluate import compare
from longtail.evaluate.setting import setting
from longtail.report.paired import paired_difference
from longtail.report.run_folder import read_run
from longtail.report.scoring import Scored, score


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scored, Scored]:
    folder = tmp_path_factory.mktemp("paired")
    manifest = made_manifest(folder / "data", labels=4, patients=80)
    runs = [made_run(folder / f"{i}", manifest, stages=1, epochs=1, seed=i, skill=1 + i) for i in range(2)]
    one, two = (score(read_run(run), manifest) for run in runs)
    assert one is not None
    assert two is not None
    return one, two


def test_the_numbers_are_those_of_compare(both: tuple[Scored, Scored]) -> None:
    first, second = both
    entries = {"a": first.predictions, "b": second.predictions}
    pair = compare(entries, first.manifest, resamples=40).pairs[0]
    found = paired_difference(first, second, resamples=40)
    assert found is not None
    assert found.mean == pair.mean.number
    told = [(each.number.value, each.number.low, each.number.high) for each in pair.labels]
    assert np.array_equal(np.stack([found.value, found.low, found.high], axis=1), told, equal_nan=True)


def test_only_rows_that_both_have_count(both: tuple[Scored, Scored]) -> None:
    first, second = both
    whole = second.predictions
    some = replace(whole, ids=whole.ids.iloc[5:].reset_index(drop=True), values=whole.values[5:])
    fewer = replace(second, predictions=some, setting=setting(some, second.manifest, partial=True))
    found = paired_difference(first, fewer, resamples=10)
    turned = paired_difference(fewer, first, resamples=10)
    assert found is not None
    assert turned is not None
    assert found.rows == len(fewer) == len(first) - 5
    assert np.array_equal(found.value, -turned.value, equal_nan=True)
    assert (found.better, found.worse) == (turned.worse, turned.better)


def test_other_labels_are_not_compared(both: tuple[Scored, Scored]) -> None:
    first, second = both
    assert paired_difference(first, replace(second, setting=replace(second.setting, labels=["a", "b"]))) is None
