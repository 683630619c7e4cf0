"""`longtail fit`, whole: what is in a run, what a second call reuses, and what it says to mistakes."""

import json
import shutil
from pathlib import Path

import pytest
from made_data import made_manifest

from longtail.cli import run
from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.stages.context import Watch
from longtail.stages.fitting import fit

RECIPE = """
recipe: tiny
task: multilabel
model: {backbone: resnet10t, weights: none, channels: 1}
defaults: {image_size: 24, batch_size: 8, epochs: 2, loss: bce, optimizer: {adamw: {lr: 0.001}}}
stages:
  features: {augment: [hflip], keep: {best: map}}
  head: {from: features, train: head, hand_over: {head: reset}}
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fit")
    made_manifest(folder)
    (folder / "tiny.yaml").write_text(RECIPE)
    assert run(["fit", str(folder / "tiny.yaml"), str(folder / "manifest.csv"), "--out", str(folder / "run")]) == 0
    return folder


def again(folder, *words, recipe="tiny.yaml", out="run"):
    return run(["fit", str(folder / recipe), str(folder / "manifest.csv"), "--out", str(folder / out), *words])


def trained(folder, out="run"):
    return {path.parent.name: path.stat().st_mtime_ns for path in (folder / out / "store").glob("*/stage.json")}


def test_a_run_has_everything_that_it_is_about(finished):
    there = {str(path.relative_to(finished / "run")) for path in (finished / "run").rglob("*") if path.is_file()}
    assert there >= {
        "recipe.yaml",
        "manifest.json",
        "environment.json",
        "decisions.json",
        "metrics.json",
        "report.html",
        "heatmaps/heatmaps.csv",
        "predictions/val.parquet",
        "predictions/test.parquet",
        *(
            f"stages/{stage}/{name}"
            for stage in ("features", "head")
            for name in ("weights.safetensors", "log.jsonl", "predictions.parquet", "stage.json")
        ),
    }
    facts = json.loads((finished / "run/stages/features/stage.json").read_text())
    assert facts["rows"] == 24
    assert facts["labels"] == ["dot", "bar", "ring"]
    metrics = json.loads((finished / "run/metrics.json").read_text())
    assert metrics["test"]["rows"] == 12


def test_show_says_what_would_be_reused(finished, capsys):
    def shown(*words, folder=finished):
        words = ("--manifest", str(folder / "manifest.csv"), "--store", str(folder / "run"), *words)
        assert run(["show", str(finished / "tiny.yaml"), *words]) == 0
        return capsys.readouterr().out.count("; finished, would be reused")

    assert shown() == 2
    assert shown("stages.head.epochs=3") == 1
    assert shown("stages.features.epochs=3") == 0
    assert shown("--seed", "7") == 0
    assert shown("defaults.image_size=32") == 0  # not prepared, so not finished; and not prepared now
    assert not list((finished / "prepared").glob("*32*"))
    assert run(["show", str(finished / "tiny.yaml"), "--store", str(finished)]) == 2
    assert "--store needs --manifest" in capsys.readouterr().err


def test_again_trains_nothing_and_a_comment_or_another_stage_changes_nothing(finished, capsys):
    before = trained(finished)
    assert again(finished) == 0
    assert "features: finished before, reused" in capsys.readouterr().err
    longer = RECIPE.replace("tiny\n", "tiny  # a comment\n", 1) + "  more: {from: head, train: head, epochs: 1}\n"
    (finished / "longer.yaml").write_text(longer)
    assert again(finished, recipe="longer.yaml") == 0
    after = trained(finished)
    assert before.items() <= after.items()
    assert len(after) == 3


def test_a_setting_retrains_what_depends_on_it_and_no_more(finished):
    before = trained(finished)
    assert again(finished, "stages.head.optimizer.adamw.lr=0.01") == 0
    assert len(trained(finished)) == len(before) + 1
    before = trained(finished)
    assert again(finished, "stages.features.epochs=1") == 0
    assert len(trained(finished)) == len(before) + 2  # the stage and its child


def test_another_way_of_predicting_predicts_again_and_trains_nothing(finished):
    assert again(finished, out="ways") == 0
    before = trained(finished, "ways")
    plain = (finished / "ways/predictions/test.parquet").read_bytes()
    assert again(finished, "predict.tta=[identity, hflip]", out="ways") == 0
    assert (finished / "ways/predictions/test.parquet").read_bytes() != plain
    assert json.loads((finished / "ways/metrics.json").read_text())["predict"]["tta"] == ["identity", "hflip"]
    assert trained(finished, "ways") == before


def test_another_run_with_the_same_store_shares_stages(finished, capsys):
    assert again(finished, "--store", str(finished / "run" / "store"), out="other") == 0
    assert capsys.readouterr().err.count("reused") == 2
    one, other = (finished / out / "stages/head/weights.safetensors" for out in ("run", "other"))
    assert other.is_file()
    assert one.is_file()


def test_another_seed_is_another_stage(finished):
    before = trained(finished)
    assert again(finished, "--seed", "1") == 0
    assert len(trained(finished)) == len(before) + 2


def test_a_changed_manifest_is_refused_and_nothing_is_lost(finished, tmp_path, capsys):
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    text = (folder / "manifest.csv").read_text().splitlines()
    (folder / "manifest.csv").write_text("\n".join(text[:-1]) + "\n")
    before = trained(folder)
    assert again(folder) == 2
    assert "was started on a manifest of 48 rows" in capsys.readouterr().err
    assert trained(folder) == before


def test_another_recipe_is_refused_and_nothing_is_touched(finished, capsys):
    (finished / "second.yaml").write_text(RECIPE.replace("recipe: tiny", "recipe: second"))
    before = {path: path.stat().st_mtime_ns for path in (finished / "run").rglob("*")}
    assert again(finished, recipe="second.yaml") == 2
    assert "holds the recipe 'tiny', and this one is 'second'; choose another --out" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in (finished / "run").rglob("*")} == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["stages.head.lr=1"], "lr"),
        (["nonsense"], "key=value"),
        (["stages.nobody.epochs=1"], "nobody"),
        (["task=singlelabel"], "singlelabel"),
        (["predict.study=mean"], "needs the column 'study'"),  # not after the last stage
        (["stages.features.loss=bc"], "bce"),
        (["model.weights=gone.safetensors"], "gone.safetensors', which is not there"),
        (["--track", "wandbb"], "Did you mean 'wandb'"),
    ],
)
def test_mistakes_are_told_in_a_sentence(finished, capsys, words, told):
    assert again(finished, *words, out="never") == 2
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error
    assert not Path(finished / "never").exists()


def test_a_missing_file_is_one_of_the_images_to_skip(tmp_path):
    class Enough(Exception):  # noqa: N818 - the note was heard
        pass

    def heard(text):
        raise Enough(text)

    made_manifest(tmp_path)
    (tmp_path / "tiny.yaml").write_text(RECIPE)
    next((tmp_path / "images").glob("*")).unlink()
    arguments = (tmp_path / "tiny.yaml", tmp_path / "manifest.csv")
    with pytest.raises(UserError, match=r"1 of 48 images .* do not exist.*images.on_bad=skip"):
        fit(*arguments, out=tmp_path / "run")
    with pytest.raises(Enough, match="1 unusable images left out"):
        fit(*arguments, out=tmp_path / "run", overrides=["images.on_bad=skip"], watch=Watch(on_note=heard))


def test_a_torn_patient_is_told_before_anything_is_trained(tmp_path):
    class Enough(Exception):  # noqa: N818 - the note was heard
        pass

    def heard(text):
        raise Enough(text)

    made_manifest(tmp_path)
    manifest = Manifest.load(tmp_path / "manifest.csv")
    torn = manifest.with_column("patient", [f"p{row // 4}" for row in range(len(manifest))])
    (tmp_path / "tiny.yaml").write_text(RECIPE)
    with pytest.raises(Enough, match=r"warning: .*'p0' is in the splits .* \(12 such patients\)"):
        fit(tmp_path / "tiny.yaml", torn, out=tmp_path / "run", watch=Watch(on_note=heard))
    assert not (tmp_path / "run").exists()

    def began(*progress):
        raise Enough(progress)

    with pytest.raises(Enough):
        fit(tmp_path / "tiny.yaml", torn, out=tmp_path / "run", watch=Watch(on_prepare=began))
    (kept,) = json.loads((tmp_path / "run" / "manifest.json").read_text())["warnings"]
    assert kept.startswith("12 patients are in more than one split, so scores are too good")  # and names none


def test_a_single_label_run(tmp_path):
    made_manifest(tmp_path, task="singlelabel")
    (tmp_path / "tiny.yaml").write_text(
        RECIPE.replace("multilabel", "singlelabel")
        .replace("bce", "cross_entropy")
        .replace("best: map", "best: mean_class_recall")
    )
    assert again(tmp_path) == 0
    metrics = json.loads((tmp_path / "run/metrics.json").read_text())
    assert metrics["test"]["task"] == "singlelabel"
