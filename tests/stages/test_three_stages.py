"""The three-stage strategy end to end, through the command line on tiny images: rows, hand-over, options, pictures."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from made_jobs import LABELS, SIZE, made_manifest
from safetensors.torch import load_file

from longtail.cli import run as longtail
from longtail.stages import outcome
from longtail.stages.loading import load_recipe

SMALL = ["model.backbone=small", f"defaults.image_size={SIZE}", "defaults.batch_size=8", "defaults.precision=fp32"]
SHORT = ["stages.rough.epochs=1", "stages.rest.epochs=2", "stages.balance.epochs=1", "stages.classifier.epochs=1"]
EVEN = ["stages.balance.balance.per_class=9", "stages.classifier.balance.per_class=9"]


def fitted(folder: Path, *more: str, single: bool = True, short: list[str] = SHORT) -> Path:
    (folder / "images").mkdir(exist_ok=True)
    made_manifest(folder / "images", single=single).save(folder / "m.csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outcome, "resamples_of", lambda _: 20)
        told = [str(folder / "m.csv"), *SMALL, *short, *EVEN, *more, "--out", str(folder / "run")]
        assert longtail(["fit", "three-stage", *told]) == 0
    return folder / "run" / "stages"


def facts(stages: Path, name: str) -> Any:
    return json.loads((stages / name / "stage.json").read_text())


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fitted(tmp_path_factory.mktemp("three"))


def test_each_stage_has_its_rows(stages: Path) -> None:
    counts = {name: facts(stages, name)["class_counts"] for name in ("rough", "rest", "balance", "classifier")}
    head = max(counts["rough"], key=counts["rough"].get)
    assert counts["rest"] == counts["rough"] | {head: 0}
    assert counts["balance"] == counts["classifier"] == dict.fromkeys(LABELS, 9)
    assert facts(stages, "rest")["dropped"] == [head]
    assert facts(stages, "balance")["dropped"] == []


def test_the_last_stage_moves_the_classifier_alone(stages: Path) -> None:
    before, after = (load_file(stages / name / "weights.safetensors") for name in ("balance", "classifier"))
    moved = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert moved == {"head"}


def test_a_masked_class_gets_no_gradient_and_is_not_predicted(stages: Path) -> None:
    place = LABELS.index(facts(stages, "rest")["dropped"][0])
    rough, rest = (load_file(stages / name / "weights.safetensors") for name in ("rough", "rest"))
    others = [row for row in range(3) if row != place]
    decay = rest["head.weight"][place] / rough["head.weight"][place]  # weight decay alone shrinks it, all of it alike
    torch.testing.assert_close(decay, decay[:1].expand_as(decay))
    assert not torch.equal(rough["head.weight"][others], rest["head.weight"][others])
    table = pd.read_parquet(stages / "rest" / "predictions.parquet")
    assert (table[LABELS[place]] == 0).all()


def test_the_report_draws_every_stage_with_the_head_class(stages: Path) -> None:
    for name in ("rough", "rest", "balance", "classifier"):
        assert set(pd.read_parquet(stages / name / "embeddings.parquet")["label"]) == set(LABELS)
    page = (stages.parent / "report.html").read_text()
    assert "Embeddings of 12 images after rest" in page
    assert "in red" in page


def test_a_new_head_and_momentum_by_option(tmp_path: Path) -> None:
    stages = fitted(tmp_path, "stages.rest.dropped=new_head", "stages.rest.hand_over.momentum=true")
    assert len(facts(stages, "rest")["labels"]) == 2
    assert facts(stages, "balance")["labels"] == list(LABELS)
    assert facts(stages, "rest")["settings"]["hand_over"]["momentum"]
    assert [path.parent.name for path in stages.glob("*/momentum.safetensors")] == ["rough"]  # the only one asked
    assert load_file(stages / "rest" / "weights.safetensors")["head.weight"].shape[0] == 2


def test_many_labels_and_a_group_of_them(tmp_path: Path) -> None:
    more = ["stages.rest.drop_classes=[a, c]", "stages.rest.picture=tsne", "--smoke"]
    stages = fitted(tmp_path, *more, single=False, short=[])
    rest, rough = facts(stages, "rest"), facts(stages, "rough")
    assert rest["dropped"] == ["a", "c"]
    assert rest["class_counts"] == rough["class_counts"] | {"a": 0, "c": 0}
    assert rest["rows"] < rough["rows"]
    assert rest["settings"]["steps"] == 3


def test_momentum_of_another_optimizer_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    more = ["stages.rest.hand_over.momentum=true", "stages.rest.optimizer=adamw"]
    assert longtail(["show", "three-stage", *more]) == 2
    assert "'rough' trains with sgd and this stage with adamw" in capsys.readouterr().err


def test_the_comparison_spends_alike() -> None:
    """Images seen before the classifier stage, where the head is four fifths and the balanced set as large as all."""
    ours = load_recipe("three-stage-compared:three stages").stages
    epochs = {name: stage.epochs or 0 for name, stage in ours.items()}
    spent = epochs["rough"] + 0.2 * epochs["rest"] + epochs["balance"]
    for row in ("CE", "CE -> cRS", "CE -> cRW", "LDAM-DRW"):
        chain = list(load_recipe(f"three-stage-compared:{row}").stages.values())
        assert np.isclose(chain[0].epochs or 0, spent)
        assert [stage.epochs for stage in chain[1:]] in ([], [epochs["classifier"]])


def test_the_comparison_as_a_bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome, "resamples_of", lambda _: 20)
    (tmp_path / "images").mkdir()
    made_manifest(tmp_path / "images", single=True).save(tmp_path / "m.csv")
    rows = "CE -> cRS,three stages"
    told = [
        str(tmp_path / "m.csv"),
        *SMALL[:2],
        "--rows",
        rows,
        "--smoke",
        "--paper",
        "sar",
        "--major",
        "1",
        "--minor",
        "2",
    ]
    assert longtail(["bench", "three-stage-compared", *told, "--out", str(tmp_path / "t")]) == 0
    table = (tmp_path / "t" / "table.md").read_text()
    assert "three stages" in table
    assert "22.34" in table
