"""Ensembles of predictions: rows and labels are matched by name, weights recorded, single-label rows sum to 1."""

import json

import numpy as np
import pytest
from made_studies import guesses, study_manifest, table_of

from longtail.errors import UserError
from longtail.predict import Predictions, ensemble
from longtail.predict.ensembles.ensembling import weighted_by
from longtail.predict.ensembles.members import judge_of

_ONE = table_of(["a", "b"], [[0.2, 0.4], [0.6, 0.8]])
_TURNED = table_of(["b", "a"], [[0.4, 0.2], [0.0, 0.6]], labels=("B", "A"))


def test_rows_and_labels_are_matched_by_name() -> None:
    found = ensemble([_ONE, _TURNED])
    np.testing.assert_allclose(found.values, [[0.4, 0.2], [0.4, 0.6]], atol=1e-7)
    assert found.labels == ("A", "B")
    assert found.facts["ensemble"] == {"merge": "mean", "members": ["member 1", "member 2"]}


def test_fitted_weights_are_recorded_and_followed_again() -> None:
    manifest = study_manifest(80)
    members = [guesses(manifest, seed, skill) for seed, skill in ((1, 0.2), (2, 0.4), (3, 0.05))]
    judge = judge_of([members[0], *members[1:]], manifest, members[0].labels)
    found = ensemble(members, "weighted,per_label=true", judge=judge, names=["x", "y", "z"])
    recorded = json.loads(json.dumps(found.facts["ensemble"]))
    assert recorded["merge"] == {"weighted": {"per_label": True}}
    assert list(recorded["weights"]) == ["x", "y", "z"]
    again = weighted_by(members, recorded, names=["x", "y", "z"])
    np.testing.assert_array_equal(again.values, found.values)
    with pytest.raises(UserError, match="lack 'v'"):
        weighted_by(members, recorded, names=["x", "y", "v"])


def test_the_judge_is_aligned_to_the_truth() -> None:
    manifest = study_manifest(10)
    one = guesses(manifest, 1)
    order = np.random.default_rng(0).permutation(len(manifest))
    two = Predictions(one.ids.iloc[order].reset_index(drop=True), one.labels, one.values[order])
    judge = judge_of([two, one], manifest, ("Hernia", "Mass"))
    np.testing.assert_array_equal(judge.values[0], judge.values[1])
    np.testing.assert_array_equal(judge.values[0], one.values[:, [2, 0]])
    np.testing.assert_array_equal(judge.targets, manifest.targets[:, [2, 0]])


def test_classes_stay_a_distribution() -> None:
    members = [each.with_values(each.values / each.values.sum(1, keepdims=True), task="singlelabel")
               for each in (_ONE, table_of(["a", "b"], [[0.3, 0.6], [0.9, 0.1]]))]  # fmt: skip
    for merge in ("geometric", "rank_mean", "median"):
        np.testing.assert_allclose(ensemble(members, merge).values.sum(axis=1), 1, atol=1e-6)


def test_folds_are_joined() -> None:
    found = ensemble([_ONE, table_of(["c"], [[0.5, 0.1]], labels=("B", "A"))], "join")
    assert list(found.keys) == ["a", "b", "c"]
    np.testing.assert_allclose(found.values[2], [0.1, 0.5])
    with pytest.raises(UserError, match="'b' is in two of the files to join"):
        ensemble([_ONE, _TURNED], "join")


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (table_of(["a", "c"], [[0, 0], [0, 0]]), "lacks 'b'"),
        (table_of(["a", "b", "c"], [[0, 0]] * 3), "has 3 rows, not 2"),
        (table_of(["a", "b"], [[0, 0], [0, 0]], labels=("A", "C")), "label 'B' is in only one"),
    ],
)
def test_members_must_predict_the_same(other: Predictions, message: str) -> None:
    with pytest.raises(UserError, match=message):
        ensemble([_ONE, other])


def test_no_members() -> None:
    with pytest.raises(UserError, match="no predictions to merge"):
        ensemble([])
