"""The moving average against a loop, BatchNorm's statistics and frozen parts included."""

import pytest
import torch
from torch import nn

from longtail.stages.ema import Average, decay_at


@pytest.mark.parametrize("warmup", [True, False])
def test_as_a_loop(warmup: bool) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    average = Average(model, decay=0.9, warmup=warmup)
    expected = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(5):
        model(torch.randn(6, 4)).square().sum().backward()
        optimizer.step()
        average.update(step)
        decay = min(0.9, (1 + step) / (10 + step)) if warmup else 0.9
        for name, tensor in model.state_dict().items():
            old = expected[name]
            expected[name] = decay * old + (1 - decay) * tensor if tensor.is_floating_point() else tensor.clone()
    for name, tensor in average.model.state_dict().items():
        torch.testing.assert_close(tensor, expected[name])
    assert not average.model.training
    assert not any(parameter.requires_grad for parameter in average.model.parameters())


def test_frozen_weights_stay_to_the_bit() -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    model[0].requires_grad_(False)
    average = Average(model, decay=0.5)
    average.update(3)
    assert torch.equal(average.model[0].weight, model[0].weight)


def test_decay_rises() -> None:
    assert [decay_at(step, 0.99, True) for step in (0, 1, 10_000)] == [0.1, 2 / 11, 0.99]
