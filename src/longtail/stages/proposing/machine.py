"""What the rules read of the machine: nothing that changes from one minute to the next."""

import os
from dataclasses import dataclass
from pathlib import Path

from longtail.errors import UserError
from longtail.files import in_words

_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # of a container
_UNTOLD = 8 << 30  # bytes taken for granted where the system does not tell


@dataclass(frozen=True)
class Machine:
    """Where a recipe will train. `memory` is the GPU's where there is one."""

    cores: int
    memory: int  # bytes
    gpu: str = ""  # its name
    bf16: bool = False  # whether the processor, or the GPU, computes in it
    packaged: bool = False  # whether ImageNet weights of the extra `imagenet` are installed

    def __str__(self) -> str:
        if self.gpu:
            return f"{self.gpu}, {in_words(self.memory)}"
        return f"{self.cores} cores, {in_words(self.memory)}, no GPU, {'' if self.bf16 else 'no '}bf16"


def this_machine() -> Machine:
    """The machine at hand, as a training would find it."""
    import torch

    from longtail.stages.precision import cpu_has_bf16

    cores, packaged = os.cpu_count() or 1, _has_packaged()
    if not torch.cuda.is_available():
        return Machine(cores, _memory(), bf16=cpu_has_bf16(), packaged=packaged)
    found = torch.cuda.get_device_properties(0)
    bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    return Machine(cores, found.total_memory, found.name, bf16, packaged)


def _has_packaged() -> bool:
    from longtail.models.weights.packaged import PACKAGES, packaged_file

    try:
        return packaged_file(next(iter(PACKAGES))).is_file()
    except UserError:
        return False


def _memory() -> int:
    """Bytes of memory in all, or as many as a container may take."""
    try:
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows
        whole = _UNTOLD
    told = [Path(limit).read_text(encoding="ascii").strip() for limit in _LIMITS if Path(limit).is_file()]
    return min([whole, *(int(limit) for limit in told if limit.isdigit())])
