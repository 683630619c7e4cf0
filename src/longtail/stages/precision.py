"""In which numbers a stage computes on the device at hand, and in which memory layout.

Measured on a CPU with bf16 instructions (2 cores, AVX512-BF16): autocast to bf16 with channels_last is 1.5 to 2.1 times
as fast as fp32 for ResNets, EfficientNets from 128 pixels and vision transformers; EfficientNets at 64 pixels gain more
from channels_last alone (1.37 against 1.29). Without such instructions bf16 is emulated and slow. On a CPU
`torch.compile` gained nothing.
"""

import platform
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from longtail.errors import UserError

Name = Literal["fp32", "bf16", "fp16"]
_BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})  # x86's two, and Arm's
_DEPTHWISE = ("efficientnet", "mobilenet")
_SMALL = 96  # pixels below which depthwise networks lose by bf16 on a CPU
_TINY = 40  # pixels below which a step is made of calls, not of arithmetic, and casts only add some


@dataclass(frozen=True)
class Precision:
    """Numbers, layout and device of a stage's forward."""

    name: Name
    channels_last: bool
    device: torch.device

    def autocast(self) -> AbstractContextManager[Any]:
        """The context of a forward."""
        if self.name == "fp32":
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16 if self.name == "bf16" else torch.float16)

    def placed(self, model: nn.Module) -> None:
        """Move a model to the device, in the layout, in place."""
        model.to(self.device)
        if self.channels_last:
            model.to(memory_format=torch.channels_last)

    def images(self, images: Tensor) -> Tensor:
        """A batch `(B, C, H, W)`, or features of any shape, on the device in the layout."""
        images = images.to(self.device, non_blocking=True)
        if self.channels_last and images.ndim == 4:
            return images.contiguous(memory_format=torch.channels_last)
        return images

    def scaler(self) -> torch.amp.GradScaler | None:
        """What keeps small gradients of fp16 from vanishing."""
        return torch.amp.GradScaler(self.device.type) if self.name == "fp16" else None


def chosen_precision(asked: str, device: torch.device, backbone: str, image_size: int) -> Precision:
    """The precision that a recipe asks for, or for `auto` the quickest that is safe here."""
    if asked not in ("auto", "fp32", "bf16", "fp16"):
        raise UserError(f"precision is '{asked}'; write auto, fp32, bf16 or fp16.")
    if device.type == "cuda":
        quick: Name = "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
        return Precision(quick if asked == "auto" else _name(asked), True, device)
    name = _name(asked) if asked != "auto" else _of_cpu(backbone, image_size)
    return Precision(name, image_size >= _TINY, device)


@cache
def cpu_has_bf16() -> bool:
    """Whether the processor has instructions for bf16, by what Linux says of it."""
    told = Path("/proc/cpuinfo")
    if platform.system() != "Linux" or not told.exists():
        return False
    lines = told.read_text(encoding="utf-8", errors="replace").splitlines()
    flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return not _BF16_FLAGS.isdisjoint(flags.split())


def _of_cpu(backbone: str, image_size: int) -> Name:
    depthwise = any(word in backbone for word in _DEPTHWISE)
    loses = image_size < (_SMALL if depthwise else _TINY)
    return "bf16" if cpu_has_bf16() and not loses else "fp32"


def _name(asked: str) -> Name:
    return asked  # type: ignore[return-value]  # checked by the caller
