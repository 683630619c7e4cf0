"""Wrong shapes are told in one sentence by every loss; torch would broadcast some of them and say nothing."""

import inspect
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from longtail.errors import UserError
from longtail.losses import LOSSES, cross_entropy_loss, focal_loss
from longtail.losses.shapes import check_classes, per_class

COUNTS = [40, 12, 5, 1]
LOGITS, FEATURES = torch.zeros(8, 4), torch.zeros(8, 6)
CLASSES, SEVERAL = torch.zeros(8, dtype=torch.long), torch.zeros(8, 4)


def made(name: str, counts: list[int]) -> nn.Module:
    context = {"class_counts": counts, "num_rows": 90, "num_classes": len(counts), "feature_dim": 6}
    make = LOSSES.find(name).function
    names = inspect.signature(make).parameters
    small: dict[str, Any] = {"projection": ()} if name == "supcon" else {}
    return make(**{key: value for key, value in context.items() if key in names}, **small)


def parameters_of(name: str) -> set[str]:
    return set(inspect.signature(LOSSES.find(name).function).parameters)


def of_task(task: str, needs: str = "logits") -> list[str]:
    return [
        name
        for name, entry in LOSSES.load().items()
        if task == entry.facts["task"].split(",")[0] and entry.function.needs == needs
    ]


@pytest.mark.parametrize("name", of_task("multilabel"))
@pytest.mark.parametrize("target", [SEVERAL[:, :1], SEVERAL[:, 0], SEVERAL[:1], SEVERAL[:7], SEVERAL[None]])
def test_targets_unlike_the_logits(name: str, target: Tensor) -> None:
    with pytest.raises(UserError, match=r"logits have the shape \(8, 4\) and targets"):
        made(name, COUNTS)(LOGITS, target)


@pytest.mark.parametrize("name", of_task("singlelabel"))
@pytest.mark.parametrize("target", [CLASSES[:7], CLASSES[:1], CLASSES[:, None], CLASSES[None]])
def test_classes_unlike_the_logits(name: str, target: Tensor) -> None:
    with pytest.raises(UserError, match=r"logits have the shape \(8, 4\) and targets"):
        made(name, COUNTS)(LOGITS, target)


@pytest.mark.parametrize("name", of_task("singlelabel"))
def test_classes_that_there_are_not(name: str) -> None:
    with pytest.raises(UserError, match=r"targets go from 4 to 4, .* or -1 for unknown"):
        made(name, COUNTS)(LOGITS, torch.full((8,), 4))
    with pytest.raises(UserError, match="whole numbers"):
        made(name, COUNTS)(LOGITS, torch.zeros(8))


@pytest.mark.parametrize("name", of_task("multilabel") + of_task("singlelabel"))
@pytest.mark.parametrize("counts", [COUNTS[:1], COUNTS[:3]])
def test_counts_of_other_classes(name: str, counts: list[int]) -> None:
    if name in ("bce", "cross_entropy", "focal") or "class_counts" not in parameters_of(name):
        pytest.skip("its defaults take no counts")
    target = CLASSES if name in of_task("singlelabel") else SEVERAL
    with pytest.raises(UserError, match="class_counts has the shape"):
        made(name, counts)(LOGITS, target)


@pytest.mark.parametrize("name", of_task("singlelabel", "features"))
def test_features_and_classes_of_other_rows(name: str) -> None:
    for features, target in ((FEATURES, CLASSES[:7]), (FEATURES[0], CLASSES), (FEATURES, CLASSES[:, None, None])):
        with pytest.raises(UserError, match="features have the shape"):
            made(name, COUNTS)(features, target)


def test_centres_of_another_width_or_too_few() -> None:
    from longtail.losses import center_loss

    with pytest.raises(UserError, match="as wide as the features"):
        center_loss(FEATURES, CLASSES, torch.zeros(4, 5))
    with pytest.raises(UserError, match="there are 4 classes"):
        center_loss(FEATURES, CLASSES + 4, torch.zeros(4, 6))


def test_weights_of_other_classes() -> None:
    for loss in (focal_loss, cross_entropy_loss):
        with pytest.raises(UserError, match=r"class_weight has the shape \(3,\)"):
            loss(LOGITS, CLASSES, class_weight=torch.ones(3))
    assert per_class(torch.tensor(2.0), LOGITS.half(), "weight").dtype == torch.float16


def test_an_empty_batch_is_fine() -> None:
    check_classes(LOGITS[:0], CLASSES[:0])
    assert focal_loss(LOGITS[:0], CLASSES[:0]) == 0
