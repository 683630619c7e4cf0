"""Linear head, ML-Decoder and the study's mean on one frozen backbone: paper 4's gains on phantoms?

    python benchmarks/heads.py [--patients 400] [--size 128] [--epochs 10] [--seeds 1] [--out FILE.json] [--quick]

EfficientNet-Lite0 with ImageNet's weights (from a package, no download), frozen; its features are computed once. Each
head is searched over learning rates by validation mAP, as in the paper, and judged on test patients: by image, and with
each image given its study's mean. Intervals resample patients, and differences are paired. On the paper's data the
ML-Decoder gained .039 mAP over the linear head, the mean over a study .011 to .014.
"""

import argparse
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from longtail.data import Manifest, phantoms, split
from longtail.evaluate import compare
from longtail.files import write_json
from longtail.predict.files import write_predictions
from longtail.predict.predicting import predict
from longtail.stages.fitting import fit

RECIPE = """
recipe: heads
task: multilabel
model: {{backbone: tf_efficientnet_lite0, weights: packaged, channels: 3}}
defaults:
  image_size: {size}
  train: head
  epochs: {epochs}
  batch_size: 64
  optimizer: {{adamw: {{weight_decay: 1.0e-4}}}}
  loss: bce
  keep: {{best: map}}
  search: {{values: {{optimizer.adamw.lr: [1.0e-4, 3.0e-4, 1.0e-3, 3.0e-3, 1.0e-2]}}}}
stages:
  linear: {{model: {{head: linear}}}}
  ml-decoder: {{model: {{head: {{ml-decoder: {{dim: 256, heads: 4, hidden: 512}}}}}}}}
"""
PAIRS = [
    ("linear", "ml-decoder"),
    ("linear", "linear, study mean"),
    ("ml-decoder", "ml-decoder, study mean"),
]


def fitted(manifest: Manifest, folder: Path, seed: int, size: int, epochs: int) -> dict[str, Path]:
    """Test predictions by name, after training both heads with one seed."""
    recipe = folder / "heads.yaml"
    recipe.write_text(RECIPE.format(size=size, epochs=epochs))
    run = fit(recipe, manifest, out=folder / f"run-{seed}", store=folder / "stages", seed=seed)
    found = {}
    for stage in ("linear", "ml-decoder"):
        for name, study in ((stage, "none"), (f"{stage}, study mean", "mean")):
            made = predict(run, manifest, split="test", stages=[stage], study=study, keep_images=study != "none")
            found[name] = write_predictions(made, folder / f"{name}-{seed}.parquet")
    return found


def measure(patients: int, size: int, epochs: int, seeds: int, folder: Path) -> dict[str, Any]:
    made = split(phantoms(folder / "data", patients=patients, size=size, seed=11), seed=0)
    manifest = Manifest.load(made.save(folder / "data" / "split.csv"))
    by_seed = [fitted(manifest, folder, seed, size, epochs) for seed in range(seeds)]
    entries = {name: [each[name] for each in by_seed] for name in by_seed[0]}
    found: dict[str, Any] = {"rows": {name: len(manifest.rows_of(name)) for name in ("train", "val", "test")}}
    told = {}
    for first, second in PAIRS:
        chosen = {first: entries[first], second: entries[second]}
        told[f"{second} - {first}"] = compare(chosen, manifest, split="test", resamples=1000).to_json()
    return {**found, "comparisons": told}


def show(found: dict[str, Any]) -> None:
    print(found["rows"], f"{found['seconds']} s")
    for name, each in found["comparisons"].items():
        means = "   ".join(f"{entry} {interval(value)}" for entry, value in each["means"].items())
        print(f"{name}: {interval(each['pairs'][0]['mean']['number'])}   ({means})")


def interval(number: dict[str, Any]) -> str:
    return f"{number['value']:.3f} [{number['low']:.3f}, {number['high']:.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=400)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "heads.json")
    parser.add_argument("--quick", action="store_true", help="a few seconds, to see that it runs; writes nothing")
    told = parser.parse_args()
    torch.set_num_threads(told.threads)
    patients, size, epochs = (60, 64, 1) if told.quick else (told.patients, told.size, told.epochs)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(patients, size, epochs, told.seeds, Path(folder))
    found["seconds"] = round(time.perf_counter() - began, 1)
    show(found)
    if not told.quick:
        machine = {"processor": platform.processor(), "threads": told.threads, "torch": torch.__version__}
        write_json(told.out, {"patients": patients, "size": size, "epochs": epochs, "machine": machine, **found})


if __name__ == "__main__":
    main()
