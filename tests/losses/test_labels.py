"""Weights are one number, a list or a tensor, alike in every loss that takes them."""

import inspect
from typing import Any

import pytest
import torch

import longtail.losses
from longtail.losses import LOSSES
from longtail.losses.labels import weights_at

LOGITS = torch.linspace(-0.9, 0.9, 12).reshape(4, 3)
LABELS = torch.tensor([[1, 0, 1], [0, torch.nan, 0], [0, 0, 1], [1, 0, 0.0]])
CLASSES = torch.tensor([0, 1, 2, -1])
KNOWN: dict[str, Any] = {"class_counts": [30, 12, 5], "num_rows": 60, "num_classes": 3}
SINGLE = ("cross_entropy_loss", "focal_loss", "ldam_loss", "logit_adjusted_loss")
MULTI = ("bce_loss", "asymmetric_loss", "soft_margin_loss", "sigmoid_focal_loss", "ldam_multilabel_loss")
TAKING = [
    (name, weights)
    for name in (*SINGLE, *MULTI)
    for weights in ("class_weight", "label_weight", "pos_weight")
    if weights in inspect.signature(getattr(longtail.losses, name)).parameters
]


def test_every_loss_with_weights_is_looked_at() -> None:
    assert len(TAKING) == 10


@pytest.mark.parametrize(("name", "weights"), TAKING)
def test_a_list_is_as_good_as_a_tensor(name: str, weights: str) -> None:
    loss = getattr(longtail.losses, name)
    given = {key: value for key, value in KNOWN.items() if key in inspect.signature(loss).parameters}
    target = CLASSES if weights == "class_weight" else LABELS
    expected = loss(LOGITS, target, **given, **{weights: torch.tensor([1, 2, 0.5])})
    torch.testing.assert_close(loss(LOGITS, target, **given, **{weights: [1, 2, 0.5]}), expected)
    assert expected != loss(LOGITS, target, **given)


def test_the_module_of_a_multi_label_focal_loss_weighs_labels() -> None:
    make = LOSSES.find("sigmoid_focal").function
    expected = longtail.losses.sigmoid_focal_loss(LOGITS, LABELS, label_weight=[1, 2, 0.5])
    torch.testing.assert_close(make(label_weight=[1, 2, 0.5])(LOGITS, LABELS), expected)


def test_weights_follow_the_logits() -> None:
    assert weights_at(2, LOGITS.double()).dtype == torch.float64
