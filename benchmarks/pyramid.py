"""Does a sum of losses over pyramid levels help, and do pasted findings help the tail? Made radiographs with boxes.

Run: python benchmarks/pyramid.py [--quick] [--seeds 3]. Prints tables and writes results/pyramid.json.
With --nih ../shared/data/nih_chestxray14 [--size 96] [--epochs 3]: that part of ChestX-ray14, EfficientNet-Lite0 with
ImageNet's weights (from a package), results/pyramid_nih.json. Its boxes are few: 44 of Pneumonia, 1 to 3 of five other
findings. The tail is three of those, and the patients of their boxes are in the half that is trained on.

One data set (64 px; half of its patients to train on, half held out and looked at once), one small network from
scratch, and for each seed the stages of one recipe:

- `last`, `concat`, `sum`: the last level alone; levels 4+3+2 concatenated, one loss; the same, a sum of losses.
- `finetuned`, `pasted`: from `sum`, as many further steps on the real images, or on these and images with pasted tail
  findings (the paper's way: one epoch of both).
- `in_batch`: `sum` from scratch, half of the images that can be backgrounds pasted on in each epoch.

Differences of AP are paired: one bootstrap over patients of the mean over seeds (`longtail.evaluate.compare`).
"""

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from longtail.data import Manifest, phantoms, split
from longtail.data.reading import read
from longtail.evaluate import compare
from longtail.models import BACKBONES
from longtail.models.backbones.base import Backbone
from longtail.models.features import POOLED, Features, FeatureSizes, Want
from longtail.stages.recipe import Recipe
from longtail.stages.runner import Runner
from longtail.stages.store import Store
from longtail.stages.workbench import Workbench

RESULTS = Path(__file__).parent / "results" / "pyramid.json"
PAIRS = (("last", "sum"), ("concat", "sum"), ("last", "concat"), ("finetuned", "pasted"), ("sum", "in_batch"))
WIDTHS = (16, 32, 64, 128)
BATCH, RATE = 32, 2e-3


class FourStages(Backbone):
    """Two convolutions a stage with BatchNorm, at strides 4, 8, 16 and 32."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.name, self.licence, self.image_size = "four_stages", "", None
        self.sizes = FeatureSizes(WIDTHS[-1], channels=WIDTHS, strides=(4, 8, 16, 32), token_width=WIDTHS[-1])
        self.mean, self.std = (0.5,) * channels, (0.25,) * channels
        self.stem = _convolution(channels, 8)
        widths = (8, *WIDTHS)
        self.stages = nn.ModuleList(
            nn.Sequential(_convolution(before, width), _convolution(width, width, stride=1))
            for before, width in zip(widths, WIDTHS, strict=False)
        )

    def forward(self, images: Tensor, wants: Collection[Want] = POOLED) -> Features:  # noqa: ARG002 - all at no cost
        """All stage maps, and the last one's mean."""
        found, maps = self.stem(images.contiguous(memory_format=torch.channels_last)), []
        for stage in self.stages:
            found = stage(found)
            maps.append(found)
        return Features(pooled=found.mean((2, 3)), maps=maps, tokens=found.flatten(2).transpose(1, 2))


@BACKBONES.register("four_stages")
def four_stages(*, channels: int, image_size: Any, drop_path: float) -> Backbone:  # noqa: ARG001 - as all backbones
    """A small network of four stages for 64 pixels."""
    return FourStages(channels)


def _convolution(before: int, width: int, stride: int = 2) -> nn.Sequential:
    layers = (
        nn.Conv2d(before, width, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    )
    return nn.Sequential(*layers)


NIH_TAIL = ("Cardiomegaly", "Pneumothorax", "Mass")  # 44, 61 and 80 images with 3, 3 and 2 boxes
SMALL: dict[str, Any] = {"backbone": "four_stages", "weights": "none"}
PACKAGED: dict[str, Any] = {"backbone": "tf_efficientnet_lite0", "weights": "packaged", "channels": 3}


def recipe(
    epochs: int, rows: int, pasted: int, size: int = 64, model: dict[str, Any] = SMALL, tail: Collection[str] = ()
) -> Recipe:
    """The stages of one seed; `pasted` images are made of `rows`."""
    rate = RATE if model is SMALL else RATE / 2
    named = {"tail": list(tail)} if tail else {}

    def head(**settings: Any) -> dict[str, Any]:
        return {"head": {"pyramid-sum": {"levels": [4, 3, 2], "sources": 0, **settings}}}

    common: dict[str, Any] = {
        "image_size": size,
        "batch_size": BATCH,
        "epochs": epochs,
        "loss": "bce",
        "optimizer": {"adamw": {"lr": rate, "weight_decay": 0.02}},
        "schedule": {"cosine": {"warmup_epochs": 1}},
        "precision": "fp32",
        "validate_every": 1000,  # the last epoch alone: nothing is chosen by the held-out half
    }
    further = {"from": "sum", "epochs": None, "steps": (rows + pasted) // BATCH, "schedule": "cosine"}
    further["optimizer"] = {"adamw": {"lr": rate / 5, "weight_decay": 0.02}}
    method = {"on_normal": pasted // 2, "on_tail": pasted // 2, **named}
    stages: dict[str, dict[str, Any]] = {
        "last": {"model": head(levels=[4])},
        "concat": {"model": head(variant="concat")},
        "sum": {},
        "made": {"kind": "synthesize", "image_size": size, "method": {"lesion_paste": method}},
        "finetuned": further,
        "pasted": {**further, "add": ["made"]},
        "in_batch": {"paste": {"probability": 0.5, **named}},
    }
    return Recipe.model_validate(
        {
            "recipe": "pyramid",
            "task": "multilabel",
            "model": {**model, **head()},
            "stages": {name: stage if stage.get("kind") else {**common, **stage} for name, stage in stages.items()},
        }
    )


def images(folder: Path, patients: int) -> Manifest:
    """The made radiographs, drawn unless they are there."""
    if (folder / "manifest.csv").is_file():
        return Manifest.load(folder / "manifest.csv", check_files=False)
    return phantoms(folder, patients=patients, size=64, workers=1)


def radiographs(root: Path, folder: Path) -> Manifest:
    """ChestX-ray14's part in two halves by patient; patients with boxes of the tail are trained on."""
    manifest = split(read("nih", root, folder / "nih"), "50/50", by="patient", seed=0)
    assert manifest.boxes is not None
    boxed = set(manifest.boxes["image"][manifest.boxes["label"].isin(NIH_TAIL)])
    patients = set(manifest.table["patient"][manifest.table["image"].isin(boxed)])
    moved = manifest.table["patient"].isin(patients)
    return manifest.with_column("split", manifest.table["split"].mask(moved, "train").tolist())


def trained(folder: Path, manifest: Manifest, wanted: Recipe, seed: int) -> dict[str, float]:
    """Train every stage of a seed; the seconds that each took."""
    bench = Workbench(wanted, manifest, folder / "prepared")
    Runner(wanted, bench, Store(folder / "store"), folder / f"run-{seed}", seed).stages()
    told = {name: json.loads((folder / f"run-{seed}/stages/{name}/stage.json").read_text()) for name in wanted.stages}
    return {name: facts["seconds"] for name, facts in told.items()}


def compared(folder: Path, manifest: Manifest, seeds: int, resamples: int) -> dict[str, Any]:
    """Each stage's mean AP over labels, and every pair's differences: mean, groups of labels, labels of the tail."""
    found: dict[str, Any] = {"map": {}, "pairs": {}}
    for first, second in PAIRS:
        files = {
            name: [folder / f"run-{seed}/stages/{name}/predictions.parquet" for seed in range(seeds)]
            for name in (first, second)
        }
        told = compare(files, manifest, split="val", resamples=resamples).to_json()
        pair = told["pairs"][0]
        for name in (first, second):
            found["map"][name] = {**told["means"][name], "sd_of_seeds": told["seeds"].get(name)}
        found["pairs"][f"{second} - {first}"] = {
            key: pair[key] for key in ("mean", "groups", "labels", "wins", "losses")
        }
    return found


def tail_of(folder: Path) -> list[str]:
    """The labels that images were made of."""
    found: list[str] = json.loads((folder / "run-0/stages/made/stage.json").read_text())["tail"]
    return found


def show(found: dict[str, Any], tail: list[str]) -> None:
    """The tables."""
    for name, number in found["map"].items():
        print(f"{name:10} mean AP {number['value']:.4f} ({number['low']:.4f} to {number['high']:.4f})")
    for name, pair in found["pairs"].items():
        rows = [pair["mean"], *pair["groups"], *(row for row in pair["labels"] if row["what"] in tail)]
        print(f"\n{name}: better on {pair['wins']} labels, worse on {pair['losses']}")
        for row in rows:
            number = row["number"]
            if number["value"] is not None:
                print(f"  {row['what']:24} {apart(number)}")


def apart(number: dict[str, Any]) -> str:
    """A difference with its interval, where there are patients enough for one."""
    interval = f" ({number['low']:+.3f} to {number['high']:+.3f})" if number["low"] is not None else ""
    return f"{number['value']:+.3f}{interval}"


def show_rarest(found: dict[str, Any], counts: dict[str, dict[str, int]], most: int = 6, least: int = 10) -> None:
    """The labels with the fewest training images that have enough held-out ones to say something."""
    known = [label for label, count in counts["val"].items() if count >= least]
    rarest = sorted(known, key=lambda label: counts["train"][label])[:most]
    for name, pair in found["pairs"].items():
        rows = {row["what"]: row["number"] for row in pair["labels"]}
        told = (f"{label} {apart(rows[label])}" for label in rarest)
        print(f"\n{name}, rarest: {'; '.join(told)}")


def main() -> None:
    """Train, compare, print, write."""
    asked = _asked()
    torch.set_num_threads(1)
    patients, epochs, seeds = (
        (80, 1, 1) if asked.quick else (1500, asked.epochs or (3 if asked.nih else 10), asked.seeds)
    )
    began = time.process_time()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        if asked.nih:
            manifest = radiographs(asked.nih, folder)
        else:
            manifest = split(images(folder / "xray", patients), "50/50", seed=0)
        rows = len(manifest.rows_of("train"))
        pasted = rows // 2 // 2 * 2 if not asked.nih else rows // 4 // 2 * 2
        further: dict[str, Any] = {"size": asked.size, "model": PACKAGED, "tail": NIH_TAIL} if asked.nih else {}
        wanted = recipe(epochs, rows, pasted, **further)
        seconds = [trained(folder, manifest, wanted, seed) for seed in range(seeds)]
        print(f"trained after {time.process_time() - began:.0f} s", seconds, flush=True)
        found = compared(folder, manifest, seeds, 200 if asked.quick else 1000)
        tail = tail_of(folder)
        made = json.loads((folder / "run-0/stages/made/stage.json").read_text())
    by_label = {
        split: dict(zip(manifest.labels, manifest.counts(manifest.rows_of(split)).tolist(), strict=True))
        for split in ("train", "val")
    }
    show(found, tail)
    show_rarest(found, by_label)
    cpu = round(time.process_time() - began)
    print(f"{cpu} s of processor time")
    if not asked.quick:
        facts = {
            "patients": len(set(manifest.column("patient"))),
            "rows": {split: len(manifest.rows_of(split)) for split in ("train", "val")},
            "tail": {label: {split: counts[label] for split, counts in by_label.items()} for label in tail},
            "counts": by_label,
            "boxes": boxes_used(manifest),
            "pasted": made["images"],
            "correlation_change": made["correlation_change"],
            "image_size": asked.size if asked.nih else 64,
            "epochs": epochs,
            "seeds": seeds,
        }
        where = {
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "torch": torch.__version__,
            "cpu_seconds": None if asked.folder else cpu,
        }
        path = RESULTS.with_name("pyramid_nih.json") if asked.nih else RESULTS
        path.write_text(json.dumps({"data": facts, **found, "where": where}, indent=1) + "\n", encoding="utf-8")


def boxes_used(manifest: Manifest) -> dict[str, int]:
    """Boxes of each label on training images."""
    assert manifest.boxes is not None
    images = set(manifest.table["image"].iloc[manifest.rows_of("train")])
    there = manifest.boxes["label"][manifest.boxes["image"].isin(images)]
    return {str(label): int(count) for label, count in there.value_counts().items()}


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few images, one epoch; writes nothing")
    parser.add_argument("--nih", type=Path, help="folder of ChestX-ray14's images and CSV, in place of phantoms")
    parser.add_argument("--size", type=int, default=96, help="with --nih")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--folder", type=Path, help="where everything stays; goes on where it was stopped")
    return parser.parse_args()


if __name__ == "__main__":
    main()
