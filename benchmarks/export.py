"""What exporting gains on this processor; prints a table and writes results/export.json.

Run: python benchmarks/export.py [--quick]. At 224 px, batches of 8, one thread: eager fp32 PyTorch, eager with
channels_last (and bf16 where the processor has it), and the exports, in turns in one process (the order is turned
around every second round); a ratio is the median of the rounds' ratios, with the lowest and highest beside it, of the
process's own seconds. Random weights: int8 is timed here, its loss in mAP is measured by `longtail export --int8`.
Then `longtail predict` of one image as a whole process, with a run of a ResNet-50 and with its ONNX export: seconds of
the processor and by the clock, peak memory.

`longtail predict` itself is the row "channels_last bf16" where the processor has bf16, else "channels_last".

Wanted of every network: predict 1.9, OpenVINO 2.4 (2.3 for transformers), int8 3; of the whole process: 4 times as
fast, in a third of the memory. The first three are of processors with bf16 and VNNI; on others the JSON says
false, with the numbers that were reached.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch

from longtail import fit
from longtail.data import phantoms, split
from longtail.export import export
from longtail.export.formats import format_named
from longtail.export.network import PixelsToProbabilities
from longtail.stages.loaded_stage import LoadedStage
from longtail.stages.loading_models import build_model
from longtail.stages.precision import cpu_has_bf16

RESULTS = Path(__file__).parent / "results" / "export.json"
LABELS = tuple(f"label{i}" for i in range(26))
SIZE, BATCH = 224, 8
MODELS = ("resnet50", "tf_efficientnetv2_s", "vit_small_patch16_224")
Call = Callable[[], object]

# A run of one step: what predicting costs does not depend on how well the network is trained.
_RECIPE = """
recipe: one
task: multilabel
model: {{backbone: {model}, weights: none}}
defaults: {{steps: 1, batch_size: 4, image_size: {size}, loss: bce, keep: last}}
stages: {{main: {{}}}}
predict: {{tta: [identity]}}
"""
_PREDICT = """
from longtail.cli import run
assert run(["predict", {path!r}, {manifest!r}, "--out", {out!r}]) == 0
"""
# Not ru_maxrss, which a process inherits from the one that started it.
_PEAK = "\nprint(next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmHWM')))"


def network(name: str) -> PixelsToProbabilities:
    torch.manual_seed(0)
    model = build_model({"backbone": name, "weights": "none"}, LABELS, 1, SIZE).eval()
    active = torch.ones(len(LABELS), dtype=torch.bool)
    stage = LoadedStage(model, LABELS, "multilabel", SIZE, 1, (0.5,), (0.25,), "squash", "file", active, "")
    return PixelsToProbabilities(stage).eval()


def calls(name: str, folder: Path) -> dict[str, Call]:
    pixels = np.random.default_rng(0).integers(0, 256, (BATCH, SIZE, SIZE, 1), dtype=np.uint8)
    tensor = torch.from_numpy(pixels)
    plain, last = network(name), network(name).to(memory_format=torch.channels_last)
    found: dict[str, Call] = {
        "eager fp32": lambda: _eager(plain, tensor),
        "channels_last": lambda: _eager(last, tensor),
    }
    if cpu_has_bf16():
        found["channels_last bf16"] = lambda: _eager(last, tensor, bf16=True)
    for kind in ("onnx", "openvino"):
        format = format_named(kind)
        if any(find_spec(each) is None for each in (*format.to_write, *format.to_open)):
            print(f"{kind}: skipped, it is not installed here")
            continue
        file = folder / f"{name}{format.suffix}"
        format.write(plain, pixels[:2], file)
        found[kind] = _runs(format.open(file, 1), pixels)
        if format.quantise and all(find_spec(each) for each in format.to_quantise):
            small = folder / f"{name}-int8{format.suffix}"
            format.quantise(file, small, [pixels])
            found[f"{kind} int8"] = _runs(format.open(small, 1), pixels)
    return found


def _runs(run: Callable[[Any], object], pixels: Any) -> Call:
    return lambda: run(pixels)


def _eager(model: PixelsToProbabilities, pixels: torch.Tensor, *, bf16: bool = False) -> None:
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        model(pixels)


def in_turns(runs: dict[str, Call], rounds: int) -> dict[str, dict[str, float]]:
    for run in runs.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(rounds):
        for name in list(runs) if turn % 2 else list(runs)[::-1]:
            began = time.process_time()
            runs[name]()
            seconds[name].append(time.process_time() - began)
    base = seconds["eager fp32"]
    ratios = {name: [b / s for b, s in zip(base, each, strict=True)] for name, each in seconds.items()}
    return {
        name: {
            "images_per_s": BATCH / statistics.median(seconds[name]),
            "ratio": statistics.median(each), "from": min(each), "to": max(each),
        }
        for name, each in ratios.items()
    }  # fmt: skip


def whole_process(name: str, folder: Path, rounds: int) -> dict[str, dict[str, float]]:
    """`longtail predict` of one image, with a run and with its ONNX export; nothing where ONNX is not installed.

    Seconds of the processor, seconds by the clock, and MiB: medians of rounds in turns.
    """
    format = format_named("onnx")
    if any(find_spec(each) is None for each in (*format.to_write, *format.to_open)):
        return {}
    codes = {route: _PREDICT.format(**paths) for route, paths in routes(name, folder).items()}
    found: dict[str, list[tuple[float, float, float]]] = {route: [] for route in codes}
    for _ in range(rounds):
        for route, code in codes.items():
            before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            done = subprocess.run([sys.executable, "-c", code + _PEAK], capture_output=True, text=True, check=True)
            clock, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
            used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            found[route].append((used, clock, int(done.stdout.split()[-1]) / 1024))
    return {
        route: dict(zip(("seconds", "clock", "mib"), map(statistics.median, zip(*each, strict=True)), strict=True))
        for route, each in found.items()
    }


def routes(name: str, folder: Path) -> dict[str, dict[str, str]]:
    """A run and its export, and a manifest of one image."""
    split(phantoms(folder / "data", patients=8, size=SIZE)).save(folder / "split.csv")
    recipe, one = folder / "one.yaml", folder / "data" / "one.csv"
    recipe.write_text(_RECIPE.format(model=name, size=SIZE), encoding="utf-8")
    run = fit(recipe, folder / "split.csv", out=folder / "run")
    lines = (folder / "data" / "manifest.csv").read_text(encoding="utf-8").splitlines()
    one.write_text("\n".join(lines[:2]) + "\n", encoding="utf-8")
    made = {"torch": run, "onnx": export(run, format="onnx").folder}
    return {
        route: {"path": str(path), "manifest": str(one), "out": str(folder / f"{route}.parquet")}
        for route, path in made.items()
    }


def judged(results: dict[str, Any], whole: dict[str, Any], machine: dict[str, Any]) -> dict[str, Any]:
    """Each wanted bound: what was reached at least, over the networks, and whether that is enough."""
    quick = "channels_last bf16" if machine["bf16"] else "channels_last"
    found: dict[str, Any] = {}
    for what, rows, wanted in (("predict", [quick], 1.9), ("openvino", ["openvino"], 2.3),
                               ("int8", ["onnx int8", "openvino int8"], 3.0)):  # fmt: skip
        ratios = [max((told[row]["ratio"] for row in rows if row in told), default=None) for told in results.values()]
        if ratios and None not in ratios:
            found[what] = {"wanted": wanted, "lowest": min(ratios), "reached": min(ratios) >= wanted}
    if whole:
        times, memory = (whole["torch"][part] / whole["onnx"][part] for part in ("seconds", "mib"))
        found["whole process, seconds"] = {"wanted": 4.0, "lowest": times, "reached": times >= 4}
        found["whole process, memory"] = {"wanted": 3.0, "lowest": memory, "reached": memory >= 3}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one network, fewer rounds")
    parser.add_argument("--part", choices=("all", "process"), default="all", help="process: keep the other results")
    asked = parser.parse_args()
    quick = asked.quick
    torch.set_num_threads(1)
    rounds = 3 if quick else 5
    results = json.loads(RESULTS.read_text())["results"] if asked.part == "process" else {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for model in [] if asked.part == "process" else MODELS[:1] if quick else MODELS:
            results[model] = in_turns(calls(model, folder), rounds)
            for what, row in results[model].items():
                spread = f"[{row['from']:.2f}..{row['to']:.2f}]"
                print(f"{model:24} {what:20} {row['images_per_s']:7.1f} images/s {row['ratio']:6.2f} {spread}")
        whole = whole_process(MODELS[0], folder, 5)
    for route, row in whole.items():
        print(f"one image, {route:6} {row['seconds']:6.2f} s ({row['clock']:.2f} by the clock) {row['mib']:7.0f} MiB")
    told = {"torch": torch.__version__, "machine": platform.machine(), "bf16": cpu_has_bf16(), "quick": quick}
    verdicts = judged(results, whole, told)
    for what, row in verdicts.items():
        print(f"{what}: at least {row['lowest']:.2f}, wanted {row['wanted']}: {'yes' if row['reached'] else 'NO'}")
    print(told)
    found = {"machine": told, "results": results, "whole_process": whole, "wanted": verdicts}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
