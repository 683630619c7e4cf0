"""The paper's rule against a loop written from its text, and the choice of labels against scikit-learn."""

import json
from typing import Any

import numpy as np
import pytest
from made_studies import guesses, study_manifest, table_of
from sklearn.metrics import average_precision_score

from longtail.errors import UserError
from longtail.predict.identity import with_ids
from longtail.predict.view_rules.frontal_replaces_lateral import frontal_replaces_lateral
from longtail.predict.view_rules.view_choice import LabelViews, ViewChoice, ViewJudge, choose_views

_SIX = table_of(
    ["a", "b", "c", "d", "e", "f"],
    [[0.8, 0.8], [0.4, 0.4], [0.1, 0.1], [0.9, 0.9], [0.3, 0.3], [0.2, 0.2]],
    study=["s", "s", "s", "t", "u", "s"],
    view=["PA", "AP", "LL", "LL", "PA", ""],
)
_ONLY_A = ViewChoice((LabelViews("A", 0.5, 0.3, 9, 9, True), LabelViews("B", 0.3, 0.5, 9, 9, False)), 10, 10)


def _columns(**settings: Any) -> tuple[list[float], list[float]]:
    values = frontal_replaces_lateral(_SIX, _ONLY_A, **settings).predictions.values
    return [round(float(v), 6) for v in values[:, 0]], [round(float(v), 6) for v in values[:, 1]]


def test_written_out() -> None:
    chosen, other = _columns()
    # c and f (no view: lateral, as in the paper) take (0.8 + 0.4) / 2; d has no frontal image, e no lateral one
    assert chosen == [0.8, 0.4, 0.6, 0.9, 0.3, 0.6]
    assert other == [0.8, 0.4, 0.1, 0.9, 0.3, 0.2]
    assert _columns(unknown="apart")[0] == [0.8, 0.4, 0.6, 0.9, 0.3, 0.2]
    assert _columns(frontal="mean")[0] == [0.6, 0.6, 0.6, 0.9, 0.3, 0.6]


def test_labels_are_chosen_by_ap_on_validation_images() -> None:
    manifest = study_manifest(60)
    predictions = guesses(manifest, skill=0.2)
    choice = choose_views(ViewJudge(predictions, manifest), judged_by="model3")
    front = np.isin(manifest.column("view"), ["PA", "AP"])
    for i, found in enumerate(choice.labels):
        known = ~np.isnan(manifest.targets[:, i])
        ap = [
            average_precision_score(manifest.targets[rows, i], predictions.values[rows, i])
            for rows in (known & front, known & ~front)
        ]
        assert [found.front, found.lateral] == pytest.approx(ap, abs=1e-9)
        assert found.chosen == (ap[0] > ap[1])
    assert choice.frontal_images == front.sum()
    assert choice.lateral_images == (~front).sum()
    assert 0 < len(choice.chosen) < 3  # this seed shows both
    assert ViewChoice.from_json(json.loads(json.dumps(choice.as_json()))) == choice


def test_the_rule_is_the_paper_s_text_in_a_loop() -> None:
    manifest = study_manifest(60, seed=3)
    predictions = with_ids(guesses(manifest, seed=4, skill=0.1), manifest)
    found, choice = frontal_replaces_lateral(predictions, ViewJudge(predictions, manifest), judged_by="model3")
    front = np.isin(manifest.column("view"), ["PA", "AP"])
    expected = predictions.values.astype(np.float64)
    for row in range(len(manifest)):
        together = front & (manifest.column("study") == manifest.column("study")[row])
        for i, label in enumerate(manifest.labels):
            if label in choice.chosen and not front[row] and together.any():
                expected[row, i] = predictions.values[together, i].astype(np.float64).mean()
    np.testing.assert_allclose(found.values, expected, atol=1e-7)
    assert not np.array_equal(found.values, predictions.values)
    assert found.facts["views"]["judged_by"] == "model3"
    again, _ = frontal_replaces_lateral(predictions, choice)  # a recorded choice does the same
    assert np.array_equal(again.values, found.values)


def test_a_label_that_is_undefined_on_one_side_is_not_chosen() -> None:
    manifest = study_manifest(60)
    manifest.targets[~np.isin(manifest.column("view"), ["PA", "AP"]), 0] = 0
    choice = choose_views(ViewJudge(guesses(manifest), manifest))
    assert np.isnan(choice.labels[0].lateral)
    assert not choice.labels[0].chosen
    assert choice.as_json()["labels"]["Mass"]["lateral"] is None


def test_one_view_alone_cannot_be_compared() -> None:
    manifest = study_manifest().with_column("view", ["PA"] * len(study_manifest()))
    with pytest.raises(UserError, match="frontal and 0 lateral"):
        choose_views(ViewJudge(guesses(manifest), manifest))


def test_a_record_that_was_cut_is_refused() -> None:
    with pytest.raises(UserError, match="recorded view rule is not whole"):
        ViewChoice.from_json({"labels": {"A": {}}})
