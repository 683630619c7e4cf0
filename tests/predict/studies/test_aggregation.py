"""Predictions of images to predictions of studies."""

import numpy as np
import pytest
from made_studies import guesses, study_manifest, table_of

from longtail.errors import UserError
from longtail.predict import align, read_predictions, to_studies, write_predictions

_FOUR = table_of(
    ["a", "b", "c", "d"], [[0.2, 0.4], [0.6, 0.8], [0.1, 0.3], [0.5, 0.5]], study=["s", "s", "", "t"],
    view=["PA", "LL", "AP", "LL"], patient=["p", "p", "q", "r"],
)  # fmt: skip


def test_a_row_for_each_study_in_order_of_appearance() -> None:
    found = to_studies(_FOUR)
    assert found.level == "study"
    assert list(found.ids["study"]) == ["s", "c", "t"]  # an image without a study is its own
    assert list(found.ids["patient"]) == ["p", "q", "r"]
    np.testing.assert_allclose(found.values, [[0.4, 0.6], [0.1, 0.3], [0.5, 0.5]], atol=1e-7)
    assert found.facts["study"] == {
        "rule": "mean", "studies": 3, "frontal_and_lateral": 1, "only_frontal": 1, "only_lateral": 1,
        "only_unknown_views": 0, "some_unknown_views": 0,
    }  # fmt: skip


def test_every_image_may_keep_its_row() -> None:
    found = to_studies(_FOUR, "view_weights,frontal=3,lateral=1", keep_images=True)
    assert found.level == "image"
    assert list(found.ids["image"]) == list("abcd")
    np.testing.assert_allclose(found.values[:2], [[0.3, 0.5]] * 2, atol=1e-7)
    np.testing.assert_allclose(found.values[2:], _FOUR.values[2:], atol=1e-7)


def test_studies_and_views_come_from_the_manifest(tmp_path) -> None:  # type: ignore[no-untyped-def]
    manifest = study_manifest()
    found = to_studies(guesses(manifest), "view_groups", manifest=manifest)
    assert len(found) == len(set(manifest.column("study")))
    again = read_predictions(write_predictions(found, tmp_path / "s.parquet"))
    assert again.level == "study"
    assert len(align(again, manifest).values) == len(found)


def test_classes_of_one_label_stay_a_distribution() -> None:
    predictions = _FOUR.with_values(_FOUR.values / _FOUR.values.sum(axis=1, keepdims=True), task="singlelabel")
    np.testing.assert_allclose(to_studies(predictions, "noisy_or").values.sum(axis=1), 1, atol=1e-6)


def test_what_is_missing_is_named() -> None:
    bare = table_of(["a"], [[0.1, 0.2]])
    with pytest.raises(UserError, match="'study', which the study rule needs; give a manifest"):
        to_studies(bare)
    with pytest.raises(UserError, match="'view', which the study rule 'view_groups' needs"):
        to_studies(table_of(["a"], [[0.1, 0.2]], study=["s"]), "view_groups")
    with pytest.raises(UserError, match="are of no image of"):
        to_studies(table_of(["zz"], [[0.1, 0.2]]), manifest=study_manifest())
