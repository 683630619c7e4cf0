"""Linear head, ML-Decoder, the study's mean, resolutions and their ensemble on a frozen backbone: paper 4's gains?

    python benchmarks/heads.py [--patients 300] [--sizes 96 128] [--epochs 8] [--seeds 2] [--out FILE.json] [--quick]

EfficientNet-Lite0 with ImageNet's weights (from a package, no download), frozen; its features are computed once for
each size. Each head is searched over five learning rates, side by side, by validation mAP, as in the paper, and judged
on test patients: by image, with each image given its study's mean, and as the mean of both sizes. Seeds change a head's
start and the order of images; intervals resample patients over the mean of seeds, and differences are paired. On the
paper's data the ML-Decoder gained .039 mAP over the linear head, the mean over a study .011 to .014, and the ensemble
over three sizes .012 over the best of them. The patients are others than those of any choice made here: none was.
"""

import argparse
import platform
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from longtail.data import Manifest, phantoms, split
from longtail.evaluate import compare
from longtail.files import write_json
from longtail.predict.combining import Plan, combine
from longtail.predict.files import write_predictions
from longtail.predict.predicting import predict
from longtail.stages.fitting import fit

RECIPE = """
recipe: heads
task: multilabel
model: {{backbone: tf_efficientnet_lite0, weights: packaged, channels: 3}}
defaults:
  train: head
  epochs: {epochs}
  batch_size: 64
  optimizer: {{adamw: {{weight_decay: 1.0e-4}}}}
  loss: bce
  keep: {{best: map}}
  search: {{values: {{optimizer.adamw.lr: [1.0e-4, 3.0e-4, 1.0e-3, 3.0e-3, 1.0e-2]}}}}
  picture: none
stages:
"""
HEADS = {"linear": "linear", "ml-decoder": "{ml-decoder: {dim: 256, heads: 4, hidden: 512}}"}
STAGE = "  {name}-{size}: {{image_size: {size}, model: {{head: {head}}}}}\n"


def fitted(manifest: Manifest, folder: Path, seed: int, sizes: Sequence[int], epochs: int) -> dict[str, Path]:
    """Test predictions by name, after training both heads at each size with one seed."""
    recipe = folder / "heads.yaml"
    stages = "".join(STAGE.format(name=name, size=size, head=head) for size in sizes for name, head in HEADS.items())
    recipe.write_text(RECIPE.format(epochs=epochs) + stages)
    run = fit(recipe, manifest, out=folder / f"run-{seed}", store=folder / "stages", seed=seed)
    made = {
        f"{name}@{size}": predict(run, manifest, split="test", stages=[f"{name}-{size}"], study="none")
        for size in sizes
        for name in HEADS
    }
    tested = manifest.select(manifest.rows_of("test"))
    plain = dict(made)
    for name in HEADS:
        members = {key: plain[key] for key in plain if key.startswith(name)}
        made[f"{name}, ensemble"] = combine(members, Plan(), manifest=tested).predictions
    for key, each in list(made.items()):
        made[f"{key}, study mean"] = combine(
            {key: each}, Plan(study="mean", keep_images=True), manifest=tested
        ).predictions
    return {key: write_predictions(each, folder / f"{key}-{seed}.parquet") for key, each in made.items()}


def pairs(sizes: Sequence[int]) -> list[tuple[str, str]]:
    """What is compared, the second with the first."""
    small, large = min(sizes), max(sizes)
    found = [(f"linear@{large}", f"ml-decoder@{large}"), (f"linear@{small}", f"ml-decoder@{small}")]
    found += [(f"{name}@{large}", f"{name}@{large}, study mean") for name in HEADS]
    found += [(f"{name}@{small}", f"{name}@{large}") for name in HEADS]
    found += [(f"{name}@{large}, study mean", f"{name}, ensemble, study mean") for name in HEADS]
    return [*found, (f"linear@{large}", "ml-decoder, ensemble, study mean")]


def measure(patients: int, sizes: Sequence[int], epochs: int, seeds: int, folder: Path) -> dict[str, Any]:
    made = split(phantoms(folder / "data", patients=patients, size=max(sizes), seed=11), seed=0)
    manifest = Manifest.load(made.save(folder / "data" / "split.csv"))
    by_seed = [fitted(manifest, folder, seed, sizes, epochs) for seed in range(seeds)]
    entries = {name: [each[name] for each in by_seed] for name in by_seed[0]}
    found: dict[str, Any] = {"rows": {name: len(manifest.rows_of(name)) for name in ("train", "val", "test")}}
    told = {}
    for first, second in pairs(sizes):
        chosen = {first: entries[first], second: entries[second]}
        told[f"{second} - {first}"] = compare(chosen, manifest, split="test", resamples=500).to_json()
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
    parser.add_argument("--patients", type=int, default=300)
    parser.add_argument("--sizes", type=int, nargs=2, default=[96, 128])
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "heads.json")
    parser.add_argument("--quick", action="store_true", help="a few seconds, to see that it runs; writes nothing")
    told = parser.parse_args()
    torch.set_num_threads(told.threads)
    patients, sizes, epochs = (60, [48, 64], 1) if told.quick else (told.patients, told.sizes, told.epochs)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(patients, sizes, epochs, told.seeds, Path(folder))
    found["seconds"] = round(time.perf_counter() - began, 1)
    show(found)
    if not told.quick:
        machine = {"processor": platform.processor(), "threads": told.threads, "torch": torch.__version__}
        write_json(told.out, {"patients": patients, "sizes": sizes, "epochs": epochs, "machine": machine, **found})


if __name__ == "__main__":
    main()
