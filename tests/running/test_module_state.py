"""A module's tensors by name, those that its state dict leaves out too."""

from pathlib import Path

import pytest
import torch
from torch import nn

from longtail.errors import UserError
from longtail.running.module_state import module_tensors, take_module


def _made() -> nn.Module:
    module = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    module.register_buffer("seen", torch.rand(1), persistent=False)
    return module


def test_a_module_takes_anothers_tensors() -> None:
    one, two = _made(), _made()
    tensors = module_tensors("model", one)
    assert {"model.0.weight", "model.1.num_batches_tracked", "model.seen"} <= tensors.keys()
    weight = two.get_parameter("0.weight")
    take_module("model", two, tensors, Path("here"))
    found = module_tensors("model", two)
    assert all(torch.equal(found[name], tensors[name]) for name in tensors)
    assert two.get_parameter("0.weight") is weight  # an optimiser that knows it still does


@pytest.mark.parametrize("odd", [{}, {"model.0.weight": torch.ones(2, 4)}])
def test_another_model_is_refused(odd: dict[str, torch.Tensor]) -> None:
    with pytest.raises(UserError, match=r"'here' is of another model \('0.weight' differs\)|'model.0.weight' differs"):
        take_module("model", _made(), odd, Path("here"))
