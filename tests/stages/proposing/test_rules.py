"""Each rule on made fingerprints: where it changes its mind, and the numbers that it gives as its reason."""

from dataclasses import replace
from typing import Any

import pytest
from made_fingerprints import LAPTOP, SERVER, SKIN, XRAYS

from longtail.stages.proposing.fingerprint import Fingerprint
from longtail.stages.proposing.machine import Machine
from longtail.stages.proposing.rules import ADJUST, FIRST, REBALANCE, Facts, choices, last_stage


def said(data: Fingerprint, machine: Machine = LAPTOP, **changes: Any) -> dict[str, Any]:
    return {path: choice.value for path, choice in choices(Facts(replace(data, **changes), machine)).items()}


@pytest.mark.parametrize(
    ("counts", "loss", "sampler", "last"),
    [
        ({"a": 100, "b": 50}, "cross_entropy", "instance", FIRST),
        ({"a": 100, "b": 20, "c": 0}, "logit_adjustment", "instance", FIRST),
        ({"a": 1000, "b": 50}, "cross_entropy", "square_root", ADJUST),
    ],
)
def test_one_class_for_each_image(counts: dict[str, int], loss: str, sampler: str, last: str) -> None:
    found = said(SKIN, counts=counts)
    assert (found["defaults.loss"], found[f"stages.{FIRST}.sampler"]) == (loss, sampler)
    assert last_stage(Facts(replace(SKIN, counts=counts), LAPTOP)) == last
    assert (f"stages.{ADJUST}" in found) == (last == ADJUST)
    assert found["defaults.keep"] == {"best": "mean_class_recall"}
    assert "predict.thresholds" not in found


@pytest.mark.parametrize(("positive", "loss"), [(0.09, "bce"), (0.049, "asymmetric")])
def test_several_labels(positive: float, loss: str) -> None:
    found = said(XRAYS, positive=positive)
    assert (found["task"], found["defaults.loss"]) == ("multilabel", loss)
    assert found[f"stages.{REBALANCE}"]["from"] == FIRST
    assert found["defaults.keep"] == {"best": "map"}
    assert said(XRAYS, valid=299)["defaults.keep"] == "last"
    assert "predict.thresholds" not in said(XRAYS, valid=0)
    assert f"stages.{REBALANCE}" not in said(XRAYS, counts={"Mass": 900, "Cyst": 90})


def test_boxes_of_the_tail_are_pasted_where_there_are_enough() -> None:
    found = choices(Facts(replace(XRAYS, boxes={"Hernia": 7, "Cyst": 6}), LAPTOP))
    assert found[f"stages.{FIRST}.paste"].value == {"probability": 0.5, "tail": ["Hernia"]}
    assert "Hernia 7, Cyst 6" in found[f"stages.{FIRST}.paste"].why
    assert found[f"stages.{REBALANCE}"].value is None  # with pasting it was measured to gain nothing
    few = choices(Facts(replace(XRAYS, boxes={"Hernia": 6}), LAPTOP))
    assert few[f"stages.{FIRST}.paste"].value is None
    assert few[f"stages.{REBALANCE}"].value is not None
    cannot = choices(Facts(replace(XRAYS, boxes={"Hernia": 70}, unpastable="no normal image."), LAPTOP))
    assert cannot[f"stages.{FIRST}.paste"] == (None, "no normal image.")
    assert f"stages.{FIRST}.paste" not in choices(Facts(XRAYS, LAPTOP))


@pytest.mark.parametrize(
    ("machine", "changes", "expected"),
    [
        (LAPTOP, {}, ("tf_efficientnet_lite0", "packaged", 256)),
        (LAPTOP, {"train": 100_000}, ("tf_efficientnet_lite0", "packaged", 64)),
        (LAPTOP, {"side": 100}, ("tf_efficientnet_lite0", "packaged", 96)),
        (LAPTOP, {"side": 28}, ("test_resnet", "none", 32)),
        (replace(LAPTOP, packaged=False), {}, ("test_resnet", "none", 384)),
        (SERVER, {}, ("tf_efficientnet_lite0", "packaged", 224)),
        (SERVER, {"train": 50_000}, ("resnet50", "pretrained", 384)),
        (replace(SERVER, packaged=False), {}, ("resnet50", "pretrained", 224)),
    ],
)
def test_network_and_size_by_machine_and_rows(
    machine: Machine, changes: dict[str, Any], expected: tuple[str, str, int]
) -> None:
    found = said(XRAYS, machine, **changes)
    assert (found["model.backbone"], found["model.weights"], found["defaults.image_size"]) == expected


@pytest.mark.parametrize(("rows", "epochs", "batch"), [(100, 40, 16), (512, 40, 32), (4000, 16, 32), (100_000, 5, 32)])
def test_length_and_batch_by_rows(rows: int, epochs: int, batch: int) -> None:
    found = said(XRAYS, train=rows)
    assert (found[f"stages.{FIRST}.epochs"], found["defaults.batch_size"]) == (epochs, batch)
    assert said(XRAYS, SERVER, train=20_000)["defaults.batch_size"] == 64


def test_colour_studies_views_and_bad_files() -> None:
    grey = said(XRAYS)
    assert "hflip" not in grey["defaults.augment"]
    assert grey["predict.tta"] == ["identity"]
    assert not {"predict.study", "predict.views", "images.on_bad", "images.window"} & set(grey)
    assert said(SKIN)["predict.tta"] == ["identity", "hflip"]
    found = said(XRAYS, studies=100, several=60, both_views=50, unreadable=2, looked_at=500, dim=True)
    assert (found["predict.study"], found["images.on_bad"], found["images.window"]) == ("mean", "skip", "minmax")
    assert found["predict.views"] == {"frontal_replaces_lateral": {"judged_by": REBALANCE}}
    assert said(XRAYS, both_views=49)["predict.views"] is None
    assert said(SKIN, studies=9, several=9, mixed=1)["predict.study"] is None


@pytest.mark.parametrize("data", [XRAYS, SKIN, replace(SKIN, channels=1, studies=9, several=9, mixed=1)])
def test_every_choice_has_a_reason(data: Fingerprint) -> None:
    for path, choice in choices(Facts(data, LAPTOP)).items():
        assert choice.why, path
        assert len(choice.why) < 110, path
    found = said(data)
    sections = {path.rpartition(".")[0] for path in found}  # a section of reasons alone would be no mapping
    assert sections == {path.rpartition(".")[0] for path, value in found.items() if value is not None}
