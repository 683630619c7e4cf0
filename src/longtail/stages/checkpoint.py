"""A training's whole state in one safetensors file, with a JSON text in its header; written whole, nothing pickled.

Tensors are named by what they belong to: `model.`, `average.`, `objective.` and a parameter's or buffer's name;
`optimizer.`, a parameter's name and the state's; `losses` of the epoch so far.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from longtail.errors import UserError
from longtail.files import written_whole
from longtail.models.weights.saving import order_texts

FORMAT = "1"


def write_checkpoint(path: Path, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
    """Write both whole, over an older checkpoint."""
    lying = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with written_whole(path) as beside:
        save_file(_apart(lying), str(beside), metadata={"format": FORMAT, "state": json.dumps(dict(state))})
        order_texts(beside)


def read_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """What `write_checkpoint` wrote; None where there is none. A damaged file is an error, nothing is guessed."""
    if not path.exists():
        return None
    try:
        with safe_open(str(path), framework="pt") as file:
            told = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        state = json.loads(told["state"])
    except (SafetensorError, KeyError, json.JSONDecodeError, OSError) as error:
        raise UserError(
            f"the checkpoint '{path}' can't be read ({error}); nothing else was touched: copy it back from a backup, or"
            " remove it to train this stage anew."
        ) from error
    if told.get("format") != FORMAT:
        raise UserError(f"the checkpoint '{path}' is of another version of longtail; remove it to train anew.")
    return tensors, state


def module_tensors(prefix: str, module: nn.Module) -> dict[str, Tensor]:
    """A module's parameters and buffers, those that are not persistent too (they may count)."""
    named = [*module.named_parameters(), *module.named_buffers()]
    return {f"{prefix}.{name}": tensor.data for name, tensor in named}


@torch.no_grad()
def take_module(prefix: str, module: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Put a checkpoint's tensors in the place of a module's."""
    for name, tensor in module_tensors(prefix, module).items():
        if name not in tensors or tensors[name].shape != tensor.shape:
            raise UserError(f"the checkpoint '{path}' is of another model ('{name}' differs); remove it to train anew.")
        tensor.copy_(tensors[name])


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """An optimiser's state by the names of its parameters."""
    found = {}
    for name, parameter in named_parameters(optimizer):
        for key, value in optimizer.state.get(parameter, {}).items():
            if isinstance(value, Tensor):
                found[f"optimizer.{name}/{key}"] = value
    return found


def take_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> int:
    """Give an optimiser the state of parameters that have the same name and shape; how many got one."""
    states: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimizer."):
            parameter_name, _, key = name.removeprefix("optimizer.").rpartition("/")
            states.setdefault(parameter_name, {})[key] = tensor
    taken = 0
    for name, parameter in named_parameters(optimizer):
        state = states.get(name, {})
        if state and all(value.ndim == 0 or value.shape == parameter.shape for value in state.values()):
            optimizer.state[parameter] = {key: _like(value, parameter) for key, value in state.items()}
            taken += 1
    return taken


def start_momentum(optimizer: torch.optim.Optimizer) -> None:
    """Momentum 0 for parameters without one, where others have some: SGD's fused step wants it for all or for none."""
    parameters = [parameter for _, parameter in named_parameters(optimizer)]
    if any("momentum_buffer" in optimizer.state.get(each, {}) for each in parameters):
        for each in parameters:
            if not optimizer.state.get(each):
                optimizer.state[each] = {"momentum_buffer": torch.zeros_like(each)}


def named_parameters(optimizer: torch.optim.Optimizer) -> Iterable[tuple[str, nn.Parameter]]:
    """An optimiser's parameters with the names that its groups carry."""
    for group in optimizer.param_groups:
        yield from zip(group["names"], group["params"], strict=True)


def _like(value: Tensor, parameter: Tensor) -> Tensor:
    """A state laid out in memory as its parameter is, which fused steps count on."""
    if value.shape != parameter.shape:
        return value.to(parameter.device)
    return torch.empty_like(parameter, dtype=value.dtype, memory_format=torch.preserve_format).copy_(value)


def _apart(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors that share memory each with their own: the format has no sharing."""
    seen: set[int] = set()
    apart = {}
    for name, tensor in tensors.items():
        place = tensor.untyped_storage().data_ptr()
        apart[name] = tensor.clone() if place in seen and tensor.numel() else tensor
        seen.add(place)
    return apart
