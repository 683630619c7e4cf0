"""Run by `profiling.py` in a process of its own: load a model, predict one batch, print the memory that this took."""

import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def main() -> None:
    """Arguments: run and stage, or `-` and the name of a backbone; then classes, channels, size and the batch.

    Prints bytes beyond those that Python and PyTorch took before, or 0 where the system (other than Linux) is silent.
    """
    run, name, classes, channels, size, batch = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:7])
    import torch

    torch.set_num_threads(1)
    from longtail.export.profiling import model_of

    before = _status("VmRSS")
    reset = Path("/proc/self/clear_refs")
    if reset.exists():
        reset.write_text("5", encoding="utf-8")  # the highest mark starts anew: importing had one of its own
    model = model_of(run, name, classes, channels, size)
    with torch.inference_mode():
        model(torch.zeros(batch, channels, size, size))
    print(max(_status("VmHWM") - before, 0))


def _status(field: str) -> int:
    """Bytes, by what Linux says of this process."""
    told = Path("/proc/self/status")
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith(field)), 0)


if __name__ == "__main__":
    main()
