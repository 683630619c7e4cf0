"""What a run's networks cost beside a baseline: parameters, size, GFLOPs, images a second, memory.

The table of the three-stage paper ("its inference time is only 0.0146 s, while ResNet-50 is 0.0225 s"; size and
parameters): for the same image size, channels and labels, in turns in one process. Memory is what a
process of its own uses at most, beyond Python and PyTorch, to load a network and predict a batch (Linux).
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from longtail.errors import UserError
from longtail.predict.predicting import run_recipe, stages_that_predict
from longtail.predict.stage_predicting import usual_device
from longtail.stages.loaded_stage import load_stage_model
from longtail.stages.loading_models import build_model
from longtail.stages.precision import Precision, chosen_precision


@dataclass(frozen=True)
class Cost:
    """One network: `seconds` for one image alone, `images_per_s` in batches, `memory` in bytes."""

    name: str
    image_size: int
    parameters: int
    bytes: int
    gflops: float
    seconds: float
    images_per_s: float
    memory: int | None


def profile(
    run: str | Path,
    *,
    against: str | None = None,
    stages: Sequence[str] | None = None,
    batch_size: int = 8,
    rounds: int = 5,
    device: str = "cpu",
    memory: bool = True,
) -> list[Cost]:
    """The cost of each stage that predicts, and of the backbone `against` with a linear head at the same sizes."""
    run, device = Path(run), usual_device(device)
    recipe = run_recipe(run)
    names = stages_that_predict(recipe, stages or (recipe.get("predict") or {}).get("ensemble"))
    networks: dict[tuple[str, str, int], tuple[nn.Module, int, int]] = {}
    for name in names:
        loaded = load_stage_model(run, name, device)
        size, channels, classes = loaded.image_size, loaded.channels, len(loaded.labels)
        networks[str(run), name, size] = (Predicting(loaded.model, loaded.precision), channels, classes)
        if against:
            baseline = model_of("-", against, classes, channels, size, device)
            networks.setdefault(("-", against, size), (baseline, channels, classes))
    inputs = {key: torch.rand(batch_size, found[1], key[2], key[2]).to(device) for key, found in networks.items()}
    models = {key: found[0].eval() for key, found in networks.items()}
    alone = _timed(models, {key: images[:1] for key, images in inputs.items()}, rounds)
    many = _timed(models, inputs, rounds)
    return [
        Cost(
            name=key[1] if key[0] != "-" else f"{key[1]} (baseline)", image_size=key[2], **_size(models[key]),
            gflops=_gflops(models[key], inputs[key][:1]), seconds=alone[key], images_per_s=batch_size / many[key],
            memory=_memory(key, networks[key][1:], batch_size) if memory and device == "cpu" else None,
        )
        for key in networks
    ]  # fmt: skip


class Predicting(nn.Module):
    """A classifier whose forward is its prediction, in the numbers and the memory layout that `predict` takes."""

    def __init__(self, model: Any, precision: Precision) -> None:
        super().__init__()
        self.model, self.precision = model, precision
        precision.placed(self)

    def forward(self, images: Tensor) -> Tensor:
        """Logits `(B, C)`."""
        with self.precision.autocast():
            found: Tensor = self.model.predict_logits(self.precision.images(images))
            return found


def model_of(run: str, name: str, classes: int, channels: int, size: int, device: str = "cpu") -> nn.Module:
    """A stage of a run, or for the run `-` a backbone with a linear head and no trained weights."""
    if run != "-":
        loaded = load_stage_model(run, name, device)
        return Predicting(loaded.model, loaded.precision)
    settings = {"backbone": name, "weights": "none", "head": "linear"}
    model = build_model(settings, [str(i) for i in range(classes)], channels, size)
    return Predicting(model, chosen_precision("auto", torch.device(device), name, size)).eval()


def _timed(models: dict[Any, nn.Module], inputs: dict[Any, Tensor], rounds: int) -> dict[Any, float]:
    """Seconds a batch, the median of rounds in which all take turns."""
    runs: dict[Any, Callable[[], object]] = {key: _call(model, inputs[key]) for key, model in models.items()}
    for run in runs.values():
        run()
    found: dict[Any, list[float]] = {key: [] for key in runs}
    for turn in range(rounds):
        for key in list(runs) if turn % 2 else list(runs)[::-1]:
            began = time.perf_counter()
            runs[key]()
            found[key].append(time.perf_counter() - began)
    return {key: statistics.median(times) for key, times in found.items()}


def _call(model: nn.Module, images: Tensor) -> Callable[[], object]:
    def run() -> None:
        with torch.inference_mode():
            model(images).sum().item()  # waits for a GPU

    return run


def _size(model: nn.Module) -> dict[str, int]:
    tensors = model.state_dict().values()
    return {
        "parameters": sum(each.numel() for each in model.parameters()),
        "bytes": sum(each.numel() * each.element_size() for each in tensors),
    }


def _gflops(model: nn.Module, image: Tensor) -> float:
    """Multiplications and additions of one image, in 1e9."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(image)
    return float(counter.get_total_flops()) / 1e9


def _memory(key: tuple[str, str, int], shape: tuple[int, int], batch: int) -> int | None:
    channels, classes = shape
    words = [key[0], key[1], str(classes), str(channels), str(key[2]), str(batch)]
    command = [sys.executable, "-m", "longtail.export.memory_probe", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f"measuring the memory of '{key[1]}' failed: {done.stderr.strip().splitlines()[-1][:200]}.")
    return int(done.stdout) or None
