"""PyTorch's own exported program (`torch.export`): the graph and its weights, without longtail's code. Needs torch."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from longtail.errors import UserError
from longtail.export.bundle import Pixels, Values
from longtail.export.formats import FORMATS, Format, Run


@FORMATS.register("torch")
def torch_format() -> Format:
    """One .pt2 file a member, for torch.export.load; any part exports; no int8 (take onnx or openvino)."""
    return Format("torch", ".pt2", _write, _open, 1e-5, ("torch",), ("torch",))


def _write(network: Any, example: Pixels, path: Path) -> None:
    import torch

    batch = torch.export.Dim("batch", min=1, max=4096)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            program = torch.export.export(network, (torch.from_numpy(example),), dynamic_shapes=({0: batch},))
            torch.export.save(program, path)
    except Exception as error:  # whatever a user's own part makes of symbolic shapes
        reason = " ".join(str(error).split())[:240]
        raise UserError(
            f"the model's shapes cannot follow the batch size, so it cannot be exported ({reason}); a part of one's own"
            " must use tensor.shape[0] and no len(tensor), int() or if on what tensors hold."
        ) from error


def _open(path: Path, threads: int, *, few: bool = False) -> Run:  # noqa: ARG001 - it starts as it starts
    import torch

    if threads:
        torch.set_num_threads(threads)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = torch.export.load(path).module()

    def run(pixels: Pixels) -> Values:
        with torch.no_grad():
            found = network(torch.from_numpy(np.require(pixels, requirements=["C", "W"])))
        return np.asarray(found.numpy(), dtype=np.float32)

    return run
