"""What holds for every loss of the room, whoever wrote it: it can be made, called and told about."""

import inspect
from typing import Any

import pytest
import torch

from longtail.binding import options_of
from longtail.losses import LOSSES

CONTEXT: dict[str, Any] = {"class_counts": [40, 12, 5, 0], "num_rows": 90, "num_classes": 4, "feature_dim": 6}
NAMES = list(LOSSES.load())


def _made(name: str) -> torch.nn.Module:
    """The loss as a stage makes it: context arguments where its constructor names them, else defaults."""
    make = LOSSES.find(name).function
    torch.manual_seed(0)
    return make(**{key: value for key, value in CONTEXT.items() if key in inspect.signature(make).parameters})


def _inputs(loss: Any) -> torch.Tensor:
    """Features, or logits that are cosines as well."""
    size = 6 if loss.needs == "features" else 4
    return (torch.rand(8, size, generator=torch.Generator().manual_seed(1)) * 2 - 1).requires_grad_()


def _targets(name: str) -> list[torch.Tensor]:
    if LOSSES.find(name).function.needs == "studies":
        return [torch.tensor([0, 0, 1, 2, 1, -1, -1, 0])]
    tasks = LOSSES.find(name).facts["task"].split(", ")
    one, several = torch.tensor([0, 1, 2, 0, 0, 1, -1, 2]), torch.eye(4).repeat(2, 1)
    several[0, 1], several[3, 2] = 1, torch.nan
    return [{"singlelabel": one, "multilabel": several}[task] for task in tasks]


@pytest.mark.parametrize("name", NAMES)
def test_a_step_with_defaults(name: str) -> None:
    loss = _made(name)
    for target in _targets(name):
        inputs = _inputs(loss)
        value = loss(inputs, target)
        assert value.ndim == 0
        assert value.isfinite()
        (gradient,) = torch.autograd.grad(value, inputs)
        assert gradient.isfinite().all()
        assert (gradient != 0).any()


@pytest.mark.parametrize("name", NAMES)
def test_it_tells_what_it_is(name: str) -> None:
    entry = LOSSES.find(name)
    assert entry.summary.endswith(".")
    assert set(entry.facts) <= {"paper", "code", "task"}
    assert entry.function.needs in ("logits", "features", "studies")
    options_of(entry.function)  # every annotation resolves
    for parameter in list(inspect.signature(entry.function).parameters.values()):
        assert (parameter.kind is inspect.Parameter.KEYWORD_ONLY) == (parameter.name not in CONTEXT), parameter.name


@pytest.mark.parametrize("name", NAMES)
def test_saved_and_loaded_it_is_the_same(name: str) -> None:
    """Saved and loaded it is the same loss, and only what was learned is saved."""
    loss, again = _made(name), _made(name)
    again.load_state_dict(loss.state_dict())
    assert set(loss.state_dict()) == {key for key, _ in loss.named_parameters()}
