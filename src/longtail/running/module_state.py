"""A module's state as flat tensors, `prefix.name`, that a checkpoint holds."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from longtail.errors import UserError


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
