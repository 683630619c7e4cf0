"""Run by `profiling.py` in a process of its own: load a model, predict one batch, print the largest memory used."""

import os
import resource
import sys

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def main() -> None:
    """Arguments: run and stage, or `-` and the name of a backbone with classes, channels and size; then the batch."""
    run, name, classes, channels, size, batch = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:7])
    import torch

    torch.set_num_threads(1)
    from longtail.export.profiling import model_of

    model = model_of(run, name, classes, channels, size)
    before = _peak()
    with torch.inference_mode():
        model(torch.zeros(batch, channels, size, size))
    print(before, _peak())


def _peak() -> int:
    """KiB on Linux, bytes on macOS."""
    found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found if sys.platform == "darwin" else found * 1024


if __name__ == "__main__":
    main()
