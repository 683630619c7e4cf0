"""Fine-tuning a little of a large backbone: low-rank changes of its linear layers (LoRA), or its last blocks alone.

Hu et al., "LoRA: low-rank adaptation of large language models", ICLR 2022; public code microsoft/LoRA (MIT), described,
not copied: `W x + (alpha / rank) B A x`, A as `nn.Linear` starts, B zero, so that nothing changes at first.
`merge_lora` adds the change to the weights, after which the backbone is a plain one again with its usual names.
"""

import math
from collections.abc import Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from longtail.errors import UserError, listing

TARGETS = ("qkv", "proj")  # of a timm vision transformer's attention; fc1 and fc2 are its MLP's


class LoRALinear(nn.Module):
    """A linear layer, frozen, and a trained change of it of low rank."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float, dropout: float = 0.0) -> None:
        super().__init__()
        self.base, self.scale = base.requires_grad_(False), alpha / rank
        self.lora_a = nn.Parameter(base.weight.new_empty(rank, base.in_features))
        self.lora_b = nn.Parameter(base.weight.new_zeros(base.out_features, rank))
        self.dropout = nn.Dropout(dropout)
        nn.init.kaiming_uniform_(self.lora_a, a=math.sqrt(5))

    def forward(self, rows: Tensor) -> Tensor:
        """`(..., in)` to `(..., out)`."""
        change = functional.linear(functional.linear(self.dropout(rows), self.lora_a), self.lora_b)
        return cast(Tensor, self.base(rows)) + self.scale * change

    @torch.no_grad()
    def merged(self) -> nn.Linear:
        """The plain layer that does the same."""
        self.base.weight += self.scale * (self.lora_b @ self.lora_a)
        return self.base.requires_grad_()


def add_lora(
    model: nn.Module, *, rank: int = 8, alpha: float = 16.0, dropout: float = 0.0, targets: Sequence[str] = TARGETS
) -> nn.Module:
    """Freeze `model` and give a low-rank change to each linear layer whose name ends in one of `targets`, in place."""
    if rank < 1:
        raise UserError(f"the rank of LoRA is {rank}; write 1 or more.")
    found = [n for n, m in model.named_modules() if isinstance(m, nn.Linear) and n.rpartition(".")[2] in targets]
    if not found:
        linear = {n.rpartition(".")[2] for n, m in model.named_modules() if isinstance(m, nn.Linear)}
        raise UserError(
            f"no linear layer is called {listing(list(targets))}; this model's are called"
            f" {listing(sorted(linear)) or 'nothing: it has none'}."
        )
    model.requires_grad_(False)
    for name in found:
        base = model.get_submodule(name)
        assert isinstance(base, nn.Linear)
        _put(model, name, LoRALinear(base, rank, alpha, dropout))
    return model


def merge_lora(model: nn.Module) -> nn.Module:
    """Make every low-rank change part of the weights, in place; the names are the plain ones again."""
    for name, layer in [(n, m) for n, m in model.named_modules() if isinstance(m, LoRALinear)]:
        _put(model, name, layer.merged())
    return model.requires_grad_()


def lora_state(model: nn.Module) -> dict[str, Tensor]:
    """The trained changes alone: some megabytes, to be kept beside the backbone's own file."""
    return {name: tensor for name, tensor in model.state_dict().items() if _is_lora(name)}


def load_lora(model: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Take what `lora_state` gave for a model that `add_lora` changed alike."""
    own = lora_state(model)
    wrong = sorted(set(own) ^ set(state)) or [name for name in own if own[name].shape != state[name].shape]
    if wrong:
        raise UserError(f"the LoRA tensors do not fit ({listing(wrong, 3)}); use the same rank and targets.")
    model.load_state_dict(dict(state), strict=False)


def train_last_blocks(backbone: nn.Module, count: int) -> nn.Module:
    """Freeze a backbone but for its last `count` blocks (stages of a CNN) and what comes after them, in place."""
    from timm.models import group_parameters

    model = getattr(backbone, "model", None)
    if not isinstance(model, nn.Module) or not hasattr(model, "group_matcher"):
        raise UserError("only timm's backbones have a table of blocks; freeze parameters by hand.")
    numbers = group_parameters(model, model.group_matcher(coarse=not _is_vit(model)), reverse=True)  # type: ignore[operator]
    for name in numbers:
        numbers[name] = 0 if name.endswith(("_token", "pos_embed")) else numbers[name]
    blocks = sorted({number for number in numbers.values() if number > 0})
    if not 0 <= count <= len(blocks):
        raise UserError(f"the last {count} blocks can't be trained: the backbone has {len(blocks)}.")
    first = blocks[len(blocks) - count] if count else math.inf
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(numbers[name] >= first)
    return backbone


def _is_vit(model: nn.Module) -> bool:
    return isinstance(getattr(model, "blocks", None), nn.Sequential) and hasattr(model, "pos_embed")


def _is_lora(name: str) -> bool:
    return name.rpartition(".")[2] in ("lora_a", "lora_b")


def _put(model: nn.Module, name: str, layer: nn.Module) -> None:
    path, _, leaf = name.rpartition(".")
    setattr(model.get_submodule(path), leaf, layer)
