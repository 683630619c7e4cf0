"""Prediction files merged without any model."""

from pathlib import Path

import numpy as np
import pytest
from made_studies import guesses, study_manifest

from longtail.errors import UserError
from longtail.predict import predict_from_files, write_predictions

_VAL, _TEST = study_manifest(50, seed=1), study_manifest(30, seed=2, split="test")


@pytest.fixture
def files(tmp_path: Path) -> dict[str, list[Path]]:
    made = {"val": _VAL, "test": _TEST}
    return {
        split: [write_predictions(guesses(rows, seed, 0.2), tmp_path / split / f"m{seed}.parquet") for seed in (1, 2)]
        for split, rows in made.items()
    }


def test_a_mean(files: dict[str, list[Path]]) -> None:
    done, decisions, members = predict_from_files(files["test"])
    expected = (guesses(_TEST, 1, 0.2).values + guesses(_TEST, 2, 0.2).values) / 2
    np.testing.assert_allclose(done.values, expected, atol=1e-6)
    assert decisions == {}
    assert members is None


def test_fitted_on_judges_with_a_report_on_the_members(files: dict[str, list[Path]]) -> None:
    found = predict_from_files(
        files["test"], merge="best_member", views="frontal_replaces_lateral", study="mean", manifest=_TEST,
        judges=files["val"], judge_manifest=_VAL,
    )  # fmt: skip
    assert found.predictions.level == "study"
    assert set(found.decisions) == {"ensemble", "views"}
    assert found.decisions["views"]["judged_by"] == "m1"
    assert found.diversity is not None
    assert found.diversity.names == ("m1", "m2")
    assert found.diversity.over == 3


def test_one_judge_is_enough_for_views(files: dict[str, list[Path]]) -> None:
    found = predict_from_files(
        files["test"], views="frontal_replaces_lateral", manifest=_TEST, judges=files["val"][:1], judge_manifest=_VAL
    )
    assert found.decisions["views"]["labels"].keys() == {"Mass", "Edema", "Hernia"}


def test_mistakes(files: dict[str, list[Path]]) -> None:
    with pytest.raises(UserError, match="1 judges for 2 files"):
        predict_from_files(files["test"], merge="weighted", judges=files["val"][:1], judge_manifest=_VAL)
    with pytest.raises(UserError, match="is named twice"):
        predict_from_files([files["test"][0]] * 2)
    with pytest.raises(UserError, match="no predictions to merge"):
        predict_from_files([])
