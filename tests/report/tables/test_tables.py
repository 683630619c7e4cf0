"""The paper's tables for a made run, against the same numbers worked out step by step."""

from pathlib import Path

import numpy as np
import pytest
from made_staged_run import STAGES, staged_run
from made_studies import guesses, study_manifest
from sklearn.metrics import average_precision_score

from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.predict import ViewJudge, choose_views, ensemble, with_ids
from longtail.predict.view_rules.frontal_replaces_lateral import frontal_replaces_lateral
from longtail.predict.view_rules.view_choice import LabelViews, ViewChoice
from longtail.report.run_folder import read_run
from longtail.report.tables import views
from longtail.report.tables.curves import stage_starts
from longtail.report.tables.label_ratios import label_ratios_table
from longtail.report.tables.models import models_table
from longtail.report.tables.showing import tables
from longtail.report.tables.steps import usual_steps


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    return staged_run(tmp_path_factory.mktemp("staged"))


def test_table_1_label_ratios() -> None:
    manifest = study_manifest(60)
    splits = np.array(["train", "val"])[np.arange(len(manifest)) % 2]
    table = label_ratios_table(manifest.with_column("split", list(splits)))
    assert table.columns == ("Label", "All", "Train", "Val", "Images (train)")
    for name, whole, train, _, count in table.rows:
        states = manifest.targets[:, manifest.labels.index(name)]
        assert whole == pytest.approx((states == 1).sum() / (~np.isnan(states)).sum())
        assert train == pytest.approx(np.nanmean(states[splits == "train"]))
        assert count == (states[splits == "train"] == 1).sum()
    assert [row[1] for row in table.rows] == sorted((row[1] for row in table.rows), reverse=True)


def test_table_2_models(made: tuple[Path, Manifest]) -> None:
    table = models_table(read_run(made[0]))
    rows = table.rows
    assert table.note.endswith("Oversampled in model3, by AP: Mass (0.080).")
    assert [row[:7] for row in rows] == [
        ("model0", "1st", "pretrained", 224, 256, 0.001, "N/A"),
        ("model2", "2nd", "model0", 320, 128, 0.001, "N/A"),
        ("model3 *", "2nd", "model0", 320, 128, 0.001, 0.1),
        ("model7 *", "3rd", "model3", 512, 48, 0.001, "N/A"),
    ]
    assert [row[7] for row in rows] == ["N/A", "N/A", 1, "N/A"]
    assert rows[3][8:] == (2, "map", pytest.approx(0.31))


def test_table_3_views(made: tuple[Path, Manifest]) -> None:
    run, manifest = made
    table = tables(run, table="3")
    choice = choose_views(ViewJudge(guesses(manifest, 2, 0.16), manifest))
    for row, found in zip(table.rows, choice.labels, strict=False):
        assert row[:4] == (found.label, found.front, found.lateral, found.front - found.lateral)
        assert row[6] == ("x" if found.chosen else "")
    assert table.rows[-1][0] == "Mean"
    assert table.rows[-1][1] == pytest.approx(np.mean([found.front for found in choice.labels]))
    assert tables(run, table="3", stage="model0").rows != table.rows


def test_table_3_mean_difference_is_of_labels_with_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = (
        LabelViews("a", 0.5, 0.3, 9, 9, True),
        LabelViews("b", 0.9, np.nan, 9, 0, False),
        LabelViews("c", 0.2, 0.3, 9, 9, False),
    )
    monkeypatch.setattr(views, "choose_views", lambda *_, **__: ViewChoice(labels, 10, 20))
    table = views.views_table(ViewJudge(None, None))  # type: ignore[arg-type]
    assert table.rows[-1][1:4] == pytest.approx((1.6 / 3, 0.3, 0.05))
    assert "Means over 3 and 2 labels, of the difference over the 2 that have both" in table.note


def test_table_4_steps(made: tuple[Path, Manifest]) -> None:
    run, manifest = made
    steps = ["model0", "model2", "model3", "model3+views", "ensemble+views"]
    assert usual_steps(read_run(run).recipe) == steps
    table = tables(run, table="4")
    assert table.columns == ("Label", *steps)
    members = [with_ids(guesses(manifest, i, 0.1 + 0.03 * i), manifest) for i in range(4)]
    judge = ViewJudge(members[2], manifest)
    expected = [*members[:3], *(frontal_replaces_lateral(p, judge).predictions
                                for p in (members[2], ensemble([members[2], members[3]])))]  # fmt: skip
    for row in table.rows[:-1]:
        label = manifest.labels.index(row[0])
        known = ~np.isnan(manifest.targets[:, label])
        for value, predictions in zip(row[1:], expected, strict=True):
            ap = average_precision_score(manifest.targets[known, label], predictions.values[known, label])
            assert value == pytest.approx(ap, abs=1e-9)
    assert table.rows[-1][1:] == pytest.approx([np.mean([r[i] for r in table.rows[:-1]]) for i in range(1, 6)])
    assert "on these same images" in table.note


def test_table_4_of_other_images_is_judged_on_validation(made: tuple[Path, Manifest], tmp_path: Path) -> None:
    run, manifest = made
    for name in STAGES:
        (tmp_path / f"{name}.parquet").write_bytes((run / "stages" / name / "predictions.parquet").read_bytes())
    table = tables(run, table="4", predictions=tmp_path, steps=["model3+views", "ensemble"])
    assert "same images" not in table.note
    with pytest.raises(UserError, match=r"unknown addition 'flip'"):
        tables(run, table="4", steps=["model3+flip"])
    with pytest.raises(UserError, match="needs a rule for study"):
        tables(run, table="4", steps=["model3+study"])
    with pytest.raises(UserError, match="unknown stage 'model9'"):
        tables(run, table="4", steps=["model9"])
    assert len(table.rows) == len(manifest.labels) + 1


def test_curves_run_over_the_stages_of_a_line(made: tuple[Path, Manifest]) -> None:
    table = tables(made[0], table="curves", lines=["model0,model2", "model0,model3,model7"])
    assert stage_starts(table) == {0.5: ["model0"], 2.5: ["model2", "model3"], 4.5: ["model7"]}
    rows = table.rows
    line = [row[1:] for row in rows if row[0] == "model0 > model3 > model7"]
    assert [row[:3] for row in line] == [
        (1, "model0", 224), (2, "model0", 224), (3, "model3", 320), (4, "model3", 320), (5, "model7", 512),
        (6, "model7", 512),
    ]  # fmt: skip
    assert line[3][3:] == (0.3, 0.25, pytest.approx(0.42))
    assert len({row[0] for row in tables(made[0], table="curves").rows}) == 2  # every line of the graph


def test_mistakes(made: tuple[Path, Manifest]) -> None:
    with pytest.raises(UserError, match="unknown table '5'"):
        tables(made[0], table="5")
    with pytest.raises(UserError, match="has no validation predictions"):
        tables(made[0], table="3", stage="model1")
    with pytest.raises(UserError, match="is not at 'gone.csv'"):
        tables(made[0], "gone.csv", table="1")
