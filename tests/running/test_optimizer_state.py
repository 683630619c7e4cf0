"""An optimiser goes on with the same bits from its tensors, and shares none of them with the one they are of."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from longtail.running.optimizer_state import optimizer_tensors, start_momentum, take_optimizer

X = torch.randn(8, 3, 4, 4, generator=torch.Generator().manual_seed(0))
MAKERS: dict[str, Callable[[Any], Optimizer]] = {
    "adamw": lambda groups: AdamW(groups, lr=0.01, fused=True),
    "sgd": lambda groups: SGD(groups, lr=0.01, momentum=0.9),
}


def _made(name: str) -> tuple[nn.Module, Optimizer]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(16, 2)).to(memory_format=torch.channels_last)
    names, params = zip(*model.named_parameters(), strict=True)
    return model, MAKERS[name]([{"names": names[:2], "params": params[:2]}, {"names": names[2:], "params": params[2:]}])


def _step(model: nn.Module, optimizer: Optimizer) -> None:
    model(X).square().mean().backward()
    optimizer.step()
    optimizer.zero_grad()


@pytest.mark.parametrize("name", MAKERS)
def test_it_goes_on_with_the_same_bits(name: str) -> None:
    (one, first), (two, second) = _made(name), _made(name)
    assert optimizer_tensors(first) == {}
    for _ in range(3):
        _step(one, first)
    two.load_state_dict(one.state_dict())
    _step(two, second)  # what it had itself is forgotten
    two.load_state_dict(one.state_dict())
    tensors = optimizer_tensors(first)
    before = {name: tensor.clone() for name, tensor in tensors.items()}
    assert take_optimizer(second, tensors) == 4
    _step(two, second)
    assert all(torch.equal(tensors[name], before[name]) for name in before)  # nothing is shared
    _step(one, first)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    found = optimizer_tensors(second)
    assert all(torch.equal(found[name], tensor) for name, tensor in optimizer_tensors(first).items())


def test_only_what_fits_is_taken() -> None:
    model, optimizer = _made("sgd")
    _step(model, optimizer)
    tensors = optimizer_tensors(optimizer)
    tensors["optimizer.0.bias/momentum_buffer"] = torch.ones(9)
    del tensors["optimizer.2.bias/momentum_buffer"]
    other, taker = _made("sgd")
    assert take_optimizer(taker, {**tensors, "optimizer.elsewhere/momentum_buffer": torch.ones(1), "model.x": X}) == 2
    assert optimizer_tensors(taker).keys() == {
        "optimizer.0.weight/momentum_buffer",
        "optimizer.2.weight/momentum_buffer",
    }
    start_momentum(taker)
    assert torch.equal(optimizer_tensors(taker)["optimizer.2.bias/momentum_buffer"], torch.zeros(2))
    assert take_optimizer(taker, {}) == 0
    start_momentum(taker)
    assert optimizer_tensors(taker) == {}
    _step(other, taker)
