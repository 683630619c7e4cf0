"""What every head is, and the weight matrix that most have."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from longtail.errors import UserError
from longtail.models.features import POOLED, Features, FeatureSizes, Wants


class Head(nn.Module, ABC):
    """Features to logits. Subclasses name the features they want and which of their tensors have a row per class."""

    wants: ClassVar[Wants] = POOLED
    class_rows: ClassVar[tuple[str, ...]] = ()  # dotted names of tensors whose first dimension is the classes
    of_studies: ClassVar[bool] = False  # whether it reads all images of a study together

    def __init__(self, sizes: FeatureSizes, num_classes: int) -> None:
        super().__init__()
        if num_classes < 1:
            raise UserError(f"a head needs at least one class, not {num_classes}.")
        self.sizes, self.num_classes = sizes, num_classes

    @abstractmethod
    def forward(self, features: Features) -> Tensor:
        """The logits `(B, C)` that the loss gets."""

    @abstractmethod
    def reset(self) -> None:
        """Start anew: what was learned is forgotten."""

    def prediction_logits(self, logits: Tensor) -> Tensor:
        """The logits whose softmax or sigmoid is the prediction: the same, unless the loss brings a scale."""
        return logits

    def resize(self, rows: Sequence[int | None]) -> None:
        """Change the classes: new class i takes over the row of old class `rows[i]`, or starts anew where None."""
        check_rows(rows, self.num_classes)
        old = {name: _tensor(self, name).detach().clone() for name in self.class_rows if _has(self, name)}
        kept = {name: tensor.detach().clone() for name, tensor in self.state_dict().items() if name not in old}
        self.num_classes = len(rows)
        for name, tensor in old.items():
            _replace(self, name, tensor.new_zeros(len(rows), *tensor.shape[1:]))
        self.reset()
        self.load_state_dict(kept, strict=False)
        places = [(new, row) for new, row in enumerate(rows) if row is not None]
        with torch.no_grad():
            for name, tensor in old.items():
                for new, row in places:
                    _tensor(self, name)[new] = tensor[row]

    def take_over(self, state: Mapping[str, Tensor]) -> None:
        """Take what fits of another kind of head: its weight and bias (stage 1's `linear` in a `tau_norm` or `lws`)."""
        own = self.state_dict()
        shared = {name: tensor for name, tensor in state.items() if name in own}
        wrong = [name for name, tensor in shared.items() if tensor.shape != own[name].shape]
        if wrong or not shared:
            reason = f"{wrong[0]} has another shape" if wrong else "they have no tensor in common"
            raise UserError(f"this head can't take over the other's weights: {reason}; use a head of the same kind.")
        self.load_state_dict({**own, **shared})


class WeightHead(Head):
    """A head with a row of weights for each class, `(C, D)`, on pooled features, and maybe a bias `(C,)`."""

    class_rows: ClassVar[tuple[str, ...]] = ("weight", "bias")
    bias: nn.Parameter | None

    def __init__(self, sizes: FeatureSizes, num_classes: int, *, bias: bool = True) -> None:
        super().__init__(sizes, num_classes)
        self.weight = nn.Parameter(torch.empty(num_classes, sizes.width))
        self.register_parameter("bias", nn.Parameter(torch.empty(num_classes)) if bias else None)
        self.reset()

    def reset(self) -> None:
        """Uniform in +-1/sqrt(D), as `nn.Linear` starts."""
        bound = 1 / math.sqrt(self.sizes.width)
        for tensor in (self.weight, self.bias):
            if tensor is not None:
                nn.init.uniform_(tensor, -bound, bound)


def check_rows(rows: Sequence[int | None], classes: int) -> None:
    """Refuse rows that are no classes, and an empty list."""
    wrong = [row for row in rows if row is not None and not 0 <= row < classes]
    if wrong or not rows:
        raise UserError(f"a head of {classes} classes can't be resized to rows {list(rows)}; use 0 to {classes - 1}.")


def class_rows(old: Sequence[str], new: Sequence[str]) -> list[int | None]:
    """Which old class each new one takes over, by name: the `rows` of `Head.resize`."""
    place = {name: index for index, name in enumerate(old)}
    return [place.get(name) for name in new]


def _tensor(module: nn.Module, name: str) -> Tensor:
    path, _, leaf = name.rpartition(".")
    found = getattr(module.get_submodule(path), leaf)
    assert isinstance(found, Tensor)
    return found


def _has(module: nn.Module, name: str) -> bool:
    path, _, leaf = name.rpartition(".")
    return getattr(module.get_submodule(path), leaf, None) is not None


def _replace(module: nn.Module, name: str, tensor: Tensor) -> None:
    """Put a tensor of another shape in the place of a parameter (frozen or not, as before) or buffer."""
    path, _, leaf = name.rpartition(".")
    owner, old = module.get_submodule(path), _tensor(module, name)
    new = nn.Parameter(tensor, requires_grad=old.requires_grad) if isinstance(old, nn.Parameter) else tensor
    setattr(owner, leaf, new)
