"""OpenVINO: the fastest on Intel and AMD processors, which it runs in bf16 where they have it.

The program exported by PyTorch is converted in memory; weights stay fp32 in the file. int8 is by NNCF's quantisation
after training. The names of its functions are those of OpenVINO 2024 and later.

OpenVINO and NNCF report every import and conversion to their makers (package `openvino_telemetry`, unless the user has
opted out on that machine). Nothing leaves this program: see `_silent`.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from longtail.errors import UserError
from longtail.export.bundle import Pixels, Values
from longtail.export.formats import FORMATS, TOLD, Format, Run


@FORMATS.register("openvino")
def openvino_format() -> Format:
    """One .xml and .bin a member, for OpenVINO: the fastest on x86 processors, with bf16 where they have it; int8."""
    modules = ("openvino",)
    return Format("openvino", ".xml", _write, _open, 2e-2, ("openvino", "torch"), modules, _quantise, ("nncf",), _tell)


def _silent() -> None:
    """Make OpenVINO and NNCF use their own stubs in place of what reports to their makers.

    Where somebody imported it before, it is there already, and its sender is what is taken away.
    """
    if sys.modules.get("openvino_telemetry") is None:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # an import of it now fails, as if absent
        return
    sender: Any = import_module("openvino_telemetry.utils.sender").TelemetrySender
    sender.send = lambda *_: None


def _openvino() -> Any:
    _silent()
    return import_module("openvino")


def _write(network: Any, example: Pixels, path: Path) -> None:
    import torch

    openvino = _openvino()
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
    openvino = _openvino()
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
    openvino = _openvino()
    nncf: Any = import_module("nncf")
    model = openvino.Core().read_model(str(source))
    made = nncf.quantize(model, nncf.Dataset(list(batches)), preset=nncf.QuantizationPreset.MIXED)
    openvino.save_model(made, str(target), compress_to_fp16=False)


def _tell(path: Path, text: str) -> None:
    openvino = _openvino()
    model = openvino.Core().read_model(str(path))
    model.set_rt_info(text, [TOLD])
    beside = path.with_name(f"{path.stem}-told.xml")
    openvino.save_model(model, str(beside), compress_to_fp16=False)
    del model  # which still reads the file of weights
    for suffix in (".bin", ".xml"):
        beside.with_suffix(suffix).replace(path.with_suffix(suffix))
