"""Rates at every step against written-out references, torch's own where it has them."""

import math

import pytest
import torch

from longtail.errors import UserError
from longtail.stages import SCHEDULES


def rates(name: str, total: int, per_epoch: int, lr: float, **settings: object) -> list[float]:
    rate = SCHEDULES.find(name).function(total, per_epoch, lr, **settings)
    return [rate(step) for step in range(total)]


def test_cosine_with_warm_up_in_epochs() -> None:
    found = rates("cosine", 20, 4, 1.0, warmup_epochs=1, end_lr=0.1)
    expected = [0.2, 0.4, 0.6, 0.8] + [0.1 + 0.9 * (1 + math.cos(math.pi * i / 16)) / 2 for i in range(16)]
    assert found == pytest.approx(expected)


def test_warm_up_as_a_fraction() -> None:
    assert rates("constant", 10, 5, 2.0, warmup_fraction=0.2) == pytest.approx([2 / 3, 4 / 3] + [2.0] * 8)


def test_linear() -> None:
    assert rates("linear", 4, 4, 1.0) == pytest.approx([1.0, 0.75, 0.5, 0.25])


def test_step_as_torch() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    reference = torch.optim.lr_scheduler.MultiStepLR(optimizer, [6, 9], gamma=0.1)
    expected = []
    for _ in range(12):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        reference.step()
    assert rates("step", 12, 3, 1.0, epochs=[2, 3]) == pytest.approx(expected)
    assert rates("step", 12, 3, 1.0, fractions=[0.5, 0.75]) == pytest.approx(expected)


def test_step_counts_the_warm_up_in() -> None:
    found = rates("step", 8, 2, 1.0, epochs=[2], warmup_epochs=1)
    assert found == pytest.approx([1 / 3, 2 / 3, 1, 1, 0.1, 0.1, 0.1, 0.1])


def test_one_cycle_as_torch() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    reference = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.5, total_steps=20, cycle_momentum=False)
    expected = []
    for _ in range(20):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if len(expected) < 20:
            reference.step()
    assert rates("one_cycle", 20, 5, 0.5) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "settings"),
    [("cosine", {"warmup_epochs": 1, "warmup_fraction": 0.1}), ("step", {}), ("one_cycle", {"rise": 1.0})],
)
def test_settings_that_make_no_sense(name: str, settings: dict[str, object]) -> None:
    with pytest.raises(UserError):
        rates(name, 10, 5, 1.0, **settings)


def test_a_training_shorter_than_its_warm_up_still_has_a_peak() -> None:
    assert rates("cosine", 3, 10, 1.0, warmup_epochs=1)[-1] == 1.0
