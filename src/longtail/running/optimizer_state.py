"""An optimiser's state as flat tensors, `optimizer.parameter/state`, by the `names` that its groups carry."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.optim import Optimizer


def optimizer_tensors(optimizer: Optimizer) -> dict[str, Tensor]:
    """`{"optimizer.head.weight/exp_avg": ...}`; empty before the first step."""
    found = {}
    for name, parameter in named_parameters(optimizer):
        for key, value in optimizer.state.get(parameter, {}).items():
            if isinstance(value, Tensor):
                found[f"optimizer.{name}/{key}"] = value
    return found


def take_optimizer(optimizer: Optimizer, tensors: Mapping[str, Tensor]) -> int:
    """Give an optimiser the state of parameters that have the same name and shape, and no other; how many got one.

    Rates and decay are no part of it: they are set anew at every step.
    """
    optimizer.state.clear()
    states = _by_parameter(tensors)
    for name, parameter in named_parameters(optimizer):
        state = states.get(name, {})
        if state and all(value.ndim == 0 or value.shape == parameter.shape for value in state.values()):
            optimizer.state[parameter] = {key: _like(value, parameter) for key, value in state.items()}
    return len(optimizer.state)


def start_momentum(optimizer: Optimizer) -> None:
    """Momentum 0 for parameters without one, where others have some: SGD's fused step wants it for all or for none."""
    parameters = [parameter for _, parameter in named_parameters(optimizer)]
    if any("momentum_buffer" in optimizer.state.get(each, {}) for each in parameters):
        for each in parameters:
            if not optimizer.state.get(each):
                optimizer.state[each] = {"momentum_buffer": torch.zeros_like(each)}


def named_parameters(optimizer: Optimizer) -> Iterable[tuple[str, nn.Parameter]]:
    """An optimiser's parameters with the names that its groups carry."""
    for group in optimizer.param_groups:
        yield from zip(group["names"], group["params"], strict=True)


def _by_parameter(tensors: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    states: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimizer."):
            parameter, _, key = name.removeprefix("optimizer.").rpartition("/")
            states.setdefault(parameter, {})[key] = tensor
    return states


def _like(value: Tensor, parameter: Tensor) -> Tensor:
    """A copy laid out in memory as its parameter is, which fused steps count on."""
    if value.shape != parameter.shape:
        return value.to(parameter.device, copy=True)
    return torch.empty_like(parameter, dtype=value.dtype, memory_format=torch.preserve_format).copy_(value)
