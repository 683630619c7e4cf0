"""The sum of losses: weights, when each counts, dropped classes, what losses are told of the stage."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from made_jobs import made_job
from torch.nn import functional

from longtail.errors import UserError
from longtail.stages.active_classes import active_targets
from longtail.stages.batch import Batch
from longtail.stages.component import component
from longtail.stages.loss_term import When
from longtail.stages.objective import LossContext, build_objective, initial_bias
from longtail.stages.train import train

CONTEXT = LossContext(class_counts=[6, 3, 1], num_rows=12, num_classes=3, feature_dim=8)


def objective(*losses: Any, **options: Any) -> Any:
    return build_objective([component(loss) for loss in losses], CONTEXT, **{"places": None, "epochs": 4, **options})


def batch(single: bool = False) -> Batch:
    rng = torch.Generator().manual_seed(0)
    target = torch.tensor([0, 2, 1, -1]) if single else torch.randint(0, 2, (4, 3), generator=rng).float()
    return Batch(torch.rand(4, 1, 12, 12, generator=rng), target)


def test_a_weighted_sum(tmp_path: Path) -> None:
    model, given = made_job(tmp_path).model.eval(), batch()
    logits = model(given.images)
    expected = functional.binary_cross_entropy_with_logits(logits, given.target)
    expected = expected + 0.5 * functional.multilabel_soft_margin_loss(logits, given.target)
    found = objective("bce", {"soft_margin": {"weight": 0.5}})(model, given)
    torch.testing.assert_close(found, expected)


def test_losses_come_and_go() -> None:
    found = objective({"bce": {"until": 0.5}}, {"asymmetric": {"from": 0.5}})
    names = []
    for fraction in (0.0, 0.49, 0.5, 1.0):
        found.set_progress(fraction)
        names.append([term.name for term in found.now()])
    assert names == [["bce"], ["bce"], ["asymmetric"], ["asymmetric"]]
    assert When(0.2, 0.4).holds(0.4) is False


def test_class_weights_are_deferred(tmp_path: Path) -> None:
    model, given = made_job(tmp_path, single=True).model.eval(), batch(single=True)
    found = objective("cross_entropy", class_weights="inverse", defer=0.8)
    logits, known = model(given.images)[:3], given.target[:3]
    torch.testing.assert_close(found(model, given), functional.cross_entropy(logits, known))
    found.set_progress(0.8)
    weights = torch.tensor([1 / 6, 1 / 3, 1.0])
    torch.testing.assert_close(found(model, given), functional.cross_entropy(logits, known, weights))


def test_class_weights_need_a_taker() -> None:
    with pytest.raises(UserError, match="takes them"):
        objective("bce", class_weights="inverse")


def test_the_epoch_reaches_losses() -> None:
    found = objective("splc")
    found.set_epoch(3)
    assert found.terms[0].loss.epoch == 3


@pytest.mark.parametrize(
    ("loss", "told"),
    [({"bce": {"smooth": 1}}, "smoothing"), ({"bce": {"from": 1.0}}, "fractions"), ("bec", "bce")],
)
def test_mistakes_are_named(loss: Any, told: str) -> None:
    with pytest.raises(UserError, match=told):
        objective(loss)


def test_mixed_classes_need_losses_by_row() -> None:
    with pytest.raises(UserError, match="mixed images"):
        objective("cross_entropy", {"supcon": {"projection": [4]}}, mixed_classes=True)


def test_mixed_classes_are_soft_targets(tmp_path: Path) -> None:
    model, given = made_job(tmp_path, single=True).model.eval(), batch(single=True)
    other, share = torch.tensor([1, 1, 0, 2]), torch.tensor([0.7, 0.7, 0.2, 0.5])
    mixed = Batch(given.images[:3], given.target[:3], other=other[:3], share=share[:3])
    hot = torch.eye(3)
    soft = share[:3, None] * hot[given.target[:3]] + (1 - share[:3, None]) * hot[other[:3]]
    expected = functional.cross_entropy(model(mixed.images), soft)
    torch.testing.assert_close(objective("cross_entropy", mixed_classes=True)(model, mixed), expected)


def test_dropped_classes_take_no_part(tmp_path: Path) -> None:
    active = np.array([False, True, True])
    assert active_targets(np.array([0, 1, 2, -1]), active).tolist() == [-1, 0, 1, -1]
    job = made_job(tmp_path, single=True, train="all", job={"active": active})
    before = job.model.head.weight.detach().clone()  # type: ignore[union-attr]
    train(job)
    after = job.model.head.weight  # type: ignore[union-attr]
    assert not torch.equal(after[1:], before[1:])
    torch.testing.assert_close(after[0], before[0], rtol=0.01, atol=1e-3)  # only weight decay


def test_cb_focal_starts_the_bias(tmp_path: Path) -> None:
    assert initial_bias(objective("cb_focal")) == pytest.approx(-np.log(2))
    job = made_job(tmp_path, single=True, loss="cb_focal", epochs=0)
    train(job)
    assert job.model.head.bias.tolist() == pytest.approx([-np.log(2)] * 3)  # type: ignore[union-attr]
