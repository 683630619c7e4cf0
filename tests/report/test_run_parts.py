"""Numbers by view and by source: their intervals are those of rows that are really repeated, patient by patient."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from made_runs import made_manifest, made_run

from longtail.evaluate import average_precision, macro
from longtail.evaluate.resampling import resample_counts
from longtail.evaluate.results import Number
from longtail.report.run_folder import read_run
from longtail.report.run_parts import GAP, parts_of
from longtail.report.scoring import Scored, score

RESAMPLES = 25


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Scored:
    folder = tmp_path_factory.mktemp("parts")
    manifest = made_manifest(folder / "data", labels=4, patients=120)
    found = score(read_run(made_run(folder / "run", manifest, stages=1, epochs=1)), manifest)
    assert found is not None
    return found


def _draws(scored: Scored, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """AP of each label `(R, C)` of the rows in `mask`, each as often as its patient was drawn."""
    index = scored.setting.rows.index
    assert index is not None
    found = []
    for counts in resample_counts(scored.setting.rows.units, RESAMPLES, 0):
        rows = np.repeat(np.flatnonzero(mask), counts[index[mask]])
        found.append(average_precision(scored.states[rows], scored.values[rows]))
    return np.array(found)


def _ends(draws: npt.NDArray[np.float64]) -> list[float]:
    return list(np.quantile(draws[~np.isnan(draws)], [0.025, 0.975]))


def _of_mean(draws: npt.NDArray[np.float64], own: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The mean's draws: over the same labels each time, less their bias."""
    means = np.where(np.isnan(draws), own, draws)[:, ~np.isnan(own)].mean(axis=1)
    return means - (means.mean() - np.nanmean(own))


def _few(scored: Scored, mask: npt.NDArray[np.bool_]) -> list[bool]:
    """Labels with positives of fewer than five patients, or negatives."""
    patients = np.asarray(scored.setting.rows.index)[mask]
    known = [[len(set(patients[scored.states[mask][:, i] == s])) for s in (0, 1)] for i in range(4)]
    return [min(counts) < 5 for counts in known]


def _is(number: Number, value: float, draws: npt.NDArray[np.float64]) -> bool:
    return np.allclose([number.value, number.low, number.high], [value, *_ends(draws)], atol=1e-9)


def test_every_part_resamples_the_patients_of_the_whole(scored: Scored) -> None:
    parts = parts_of(scored, resamples=RESAMPLES)
    assert set(parts) == {"view", "source"}
    column = scored.column("source")
    assert column is not None
    for part in parts["source"]:
        mask = column == part.name
        draws, own = _draws(scored, mask), average_precision(scored.states[mask], scored.values[mask])
        assert part.rows == mask.sum()
        few = _few(scored, mask)
        assert all(_is(part.ap[i], own[i], draws[:, i]) for i in range(4) if not few[i])
        assert [np.isnan(part.ap[i].low) for i in range(4)] == few
        assert _is(part.mean_ap, macro(own).value, _of_mean(draws, own))
        assert part.mean_ap.over == macro(own).over
        assert part.mean_auroc.low < part.mean_auroc.value < part.mean_auroc.high


def test_front_minus_lateral_is_paired(scored: Scored) -> None:
    *_, front, lateral, gap = parts_of(scored, resamples=RESAMPLES)["view"]
    assert (front.name, lateral.name, gap.name, gap.rows) == ("front (AP, PA)", "lateral (others)", GAP, None)
    column = scored.column("view")
    assert column is not None
    fronts = np.isin(column, ("AP", "PA"))
    draws = _draws(scored, fronts) - _draws(scored, ~fronts)
    few = np.array([_few(scored, fronts), _few(scored, ~fronts)]).any(axis=0)
    assert not few.all()
    for i in np.flatnonzero(~few):
        value = front.ap[i].value - lateral.ap[i].value
        assert _is(gap.ap[i], value, draws[:, i])


def test_a_column_of_one_value_has_no_parts(scored: Scored) -> None:
    alike = replace(scored.manifest, table=scored.manifest.table.assign(view="PA", source=""))
    assert parts_of(replace(scored, manifest=alike), resamples=5) == {}
