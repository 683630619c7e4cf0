"""ONNX, run by ONNX Runtime: portable, on any processor and from any language.

PyTorch's exporter from an exported program is used where onnxscript is there; without it the older one by tracing,
which fails on parts whose shapes follow the batch (ML-Decoder). What comes out is checked either way.
"""

import logging
import warnings
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from longtail.errors import UserError
from longtail.export.bundle import Pixels, Values
from longtail.export.formats import FORMATS, TOLD, Format, Run
from longtail.registry import module_exists

OPSET = 20
_INPUT, _OUTPUT = "pixels", "probabilities"


@FORMATS.register("onnx")
def onnx_format() -> Format:
    """One .onnx file a member, for ONNX Runtime on any machine and language; int8 by static quantisation."""
    return Format(
        "onnx",
        ".onnx",
        _write,
        _open,
        tolerance=1e-4,
        to_write=("onnx",),
        to_open=("onnxruntime",),
        quantise=_quantise,
        to_quantise=("onnx", "onnxruntime", "sympy"),
        tell=_tell,
    )


def _write(network: Any, example: Pixels, path: Path) -> None:
    import torch

    pixels = torch.from_numpy(example)
    modern = module_exists("onnxscript")
    options: dict[str, Any] = {"opset_version": OPSET, "input_names": [_INPUT], "output_names": [_OUTPUT]}
    if modern:
        batch = torch.export.Dim("batch", min=1, max=4096)
        options |= {"dynamo": True, "external_data": False, "dynamic_shapes": ({0: batch},), "verbose": False}
    else:
        free = {_INPUT: {0: "batch"}, _OUTPUT: {0: "batch"}}
        options |= {"dynamo": False, "dynamic_axes": free}
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # the exporters warn of their own age and of constants they fold
            torch.onnx.export(network, (pixels,), str(path), **options)
    except Exception as error:  # the exporters raise nearly anything
        raise _refused(error, modern) from error


def _open(path: Path, threads: int, *, few: bool = False) -> Run:
    onnxruntime: Any = import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    if few:  # laying the weights out anew makes running 1.6 times as fast, starting half as fast, and twice as large
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Its threads wait by spinning, which takes the cores from everybody else in the process and on the machine.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own kinds of errors are not exported
        raise _refused(error, module_exists("onnxscript")) from error

    def run(pixels: Pixels) -> Values:
        found = session.run([_OUTPUT], {_INPUT: np.ascontiguousarray(pixels)})[0]
        return np.asarray(found, dtype=np.float32)

    return run


def _quantise(source: Path, target: Path, batches: Sequence[Pixels]) -> None:
    """8 bits for weights, by channel, and for activations: Q and DQ around each operation, scales by what is seen."""
    quantization: Any = import_module("onnxruntime.quantization")
    prepared: Any = import_module("onnxruntime.quantization.shape_inference").quant_pre_process
    ready = target.with_suffix(".ready.onnx")
    logging.getLogger("root").setLevel(logging.ERROR)
    try:
        prepared(str(source), str(ready), skip_symbolic_shape=True)
        kinds = quantization.QuantType
        quantization.quantize_static(
            str(ready), str(target), _Seen(batches), quant_format=quantization.QuantFormat.QDQ, per_channel=True,
            activation_type=kinds.QUInt8, weight_type=kinds.QInt8, op_types_to_quantize=["Conv", "MatMul", "Gemm"],
        )  # fmt: skip
    finally:
        ready.unlink(missing_ok=True)


def _tell(path: Path, text: str) -> None:
    onnx: Any = import_module("onnx")
    model = onnx.load(str(path))
    onnx.helper.set_model_props(model, {TOLD: text})
    onnx.save(model, str(path))


class _Seen:
    """Batches one after another, as the quantiser asks for them."""

    def __init__(self, batches: Sequence[Pixels]) -> None:
        self.left: Iterator[Pixels] = iter(batches)

    def get_next(self) -> dict[str, Pixels] | None:
        """The next batch, then None."""
        found = next(self.left, None)
        return None if found is None else {_INPUT: found}


def _refused(error: Exception, modern: bool) -> UserError:
    reason = " ".join(str(error).split())[:240] or type(error).__name__
    step = "take --format torch" if modern else "install onnxscript, whose exporter knows more, or take --format torch"
    return UserError(f"a part of the model has no form in ONNX ({reason}); {step}.")
