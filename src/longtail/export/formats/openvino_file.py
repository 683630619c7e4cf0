"""OpenVINO: the fastest on Intel and AMD processors, which it runs in bf16 where they have it.

The program exported by PyTorch is converted in memory; weights stay fp32 in the file. int8 is by NNCF's quantisation
after training. The names of its functions are those of OpenVINO 2024 and later.
"""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from longtail.errors import UserError
from longtail.export.bundle import Pixels, Values
from longtail.export.formats import FORMATS, Format, Run


@FORMATS.register("openvino")
def openvino_format() -> Format:
    """One .xml and .bin a member, for OpenVINO: the fastest on x86 processors, with bf16 where they have it; int8."""
    modules = ("openvino",)
    return Format("openvino", ".xml", _write, _open, 2e-2, ("openvino", "torch"), modules, _quantise, ("nncf",))


def _write(network: Any, example: Pixels, path: Path) -> None:
    import torch

    openvino: Any = import_module("openvino")
    try:
        with torch.no_grad():
            batch = torch.export.Dim("batch", min=1, max=4096)
            program = torch.export.export(network, (torch.from_numpy(example),), dynamic_shapes=({0: batch},))
            model = openvino.convert_model(program, input=[("pixels", [-1, *example.shape[1:]])])
            openvino.save_model(model, str(path), compress_to_fp16=False)
    except Exception as error:  # its own kinds of errors, one for each layer of it
        reason = " ".join(str(error).split())[:240]
        raise UserError(f"OpenVINO cannot convert the model ({reason}); take --format torch or onnx.") from error


def _open(path: Path, threads: int, *, few: bool = False) -> Run:  # noqa: ARG001 - it starts as it starts
    openvino: Any = import_module("openvino")
    settings: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY",
        **({"INFERENCE_NUM_THREADS": threads} if threads else {}),
    }
    compiled = openvino.Core().compile_model(str(path), "CPU", settings)
    output = compiled.output(0)

    def run(pixels: Pixels) -> Values:
        return np.asarray(compiled([np.ascontiguousarray(pixels)])[output], dtype=np.float32)

    return run


def _quantise(source: Path, target: Path, batches: Sequence[Pixels]) -> None:
    nncf: Any = import_module("nncf")
    openvino: Any = import_module("openvino")
    model = openvino.Core().read_model(str(source))
    made = nncf.quantize(model, nncf.Dataset(list(batches)), preset=nncf.QuantizationPreset.MIXED)
    openvino.save_model(made, str(target), compress_to_fp16=False)
