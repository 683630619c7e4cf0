"""Labels with too few patients: counted patient by patient, and then without interval and p-value."""

import numpy as np
import pytest
from made_predictions import made_manifest, made_predictions

from longtail.evaluate import few
from longtail.evaluate.comparison import compare
from longtail.evaluate.evaluation import evaluate
from longtail.evaluate.showing import tables


def test_units_are_counted_once() -> None:
    chosen = np.array([[1, 0], [1, 1], [0, 1], [1, 0]], dtype=bool)
    assert few.units_with(chosen, np.array([2, 2, 0, 1])).tolist() == [2, 2]
    assert few.units_with(chosen, None).tolist() == [3, 2]
    rng = np.random.default_rng(0)
    many, owners = rng.random((500, 7)) < 0.02, rng.integers(0, 90, 500)
    assert few.units_with(many, owners).tolist() == [len(set(owners[column])) for column in many.T]
    assert few.units_with(chosen[:, :1] & False, np.zeros(4, dtype=np.intp)).tolist() == [0]


@pytest.mark.parametrize(("patients", "sure"), [(1, False), (4, False), (5, True)])
def test_a_label_of_few_patients_has_a_value_and_no_interval(patients: int, sure: bool) -> None:
    manifest = made_manifest()
    owners = manifest.column("patient")
    manifest.targets[:, 0] = np.isin(owners, np.unique(owners)[:patients])
    weak, strong = (made_predictions(manifest, skill) for skill in (0.0, 0.6))
    rare = {"head": 30, "tail": 2 * patients + 1}
    found = evaluate(weak, manifest, resamples=20, **rare)
    assert [label.group for label in found.labels].count("tail") == 2 - (patients > 20)  # A, and D without positives
    label = found.labels[0]
    assert (label.positive_units, label.positives) == (patients, 2 * patients)
    assert label.metrics["ap"].value > 0
    assert (label.metrics["ap"].low == label.metrics["ap"].low) is sure
    assert label.metrics["brier"].low < label.metrics["brier"].high
    assert any(f"no interval for A ({patients})" in note for note in found.notes) is not sure
    assert (found.groups["tail"]["ap"].low == found.groups["tail"]["ap"].low) is sure
    assert found.groups["tail"]["brier"].low < found.groups["tail"]["brier"].high
    assert found.means["ap"].low < found.means["ap"].value < found.means["ap"].high
    assert "patients with it" in next(each for each in tables(found) if each.title == "labels").columns
    told = compare({"weak": weak, "strong": strong}, manifest, resamples=20).pairs[0].labels[0]
    assert (told.p == told.p, told.holm == told.holm, told.number.low == told.number.low) == (sure, sure, sure)
