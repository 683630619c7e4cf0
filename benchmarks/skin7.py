"""The two-stage comparison on real photographs: HAM10000 (Skin7) at a size that a CPU can train.

    python benchmarks/skin7.py --data ../shared/data/ham10000 --work DIR [--image-split] [--size 64] [--epochs 5]
        [--seeds 1] [--rows 'CE,CE -> cRW'] [--also skin] [--against 'CE,CE -> LA'] [--out FILE.json]

Reads HAM10000, splits 75/5/20 by lesion (`--image-split`: by image, as the paper does, where test images show lesions
of the training set), and runs rows of the shipped table `two-stage` with the packaged ImageNet weights of
EfficientNet-Lite0. Differs from the paper in backbone, size, epochs and optimiser (AdamW): orderings may be compared,
levels may not. FILE.json is written anew after every run; called again, it goes on where it was.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import torch

from longtail.bench import Result, bench
from longtail.data.division.splits import split
from longtail.data.manifest import Manifest
from longtail.data.reading import read
from longtail.files import write_json
from longtail.stages.context import Watch

ROWS = (
    "CE", "CE -> cRW", "CE -> cRS", "CE -> LA", "CE -> tau-norm", "CE -> cRT", "CE -> LWS", "CE -> NCM",
    "CE+SC -> cRW", "LA", "CE+CT -> cRW", "CE+TP -> cRW", "CutMix -> cRW", "Focal -> cRW", "LDAM-DRW",
)  # fmt: skip
AUGMENT = "[hflip, vflip, {rotate: {probability: 1.0, degrees: 30}}]"


def main() -> None:
    """Run the benchmark."""
    asked = _asked()
    torch.set_num_threads(asked.threads)
    began = time.time()

    def told(result: Result) -> None:
        write_json(asked.out, {**_facts(asked, time.time() - began), **result.to_json()})

    manifest = skin(asked.data, asked.work, by="image" if asked.image_split else "lesion")
    rivals = [name.strip() for name in asked.against.split(",")]
    results = {rival: compared(asked, manifest, rival, told) for rival in rivals}  # trained once
    apart = {rival: differences(result) for rival, result in results.items()}
    done = results[rivals[0]]
    write_json(asked.out, {**_facts(asked, time.time() - began), **done.to_json(), "against": apart})
    for line in done.lines:
        print(f"{line.name:24}", *(f"{name} {cell.mean:.3f}" for name, cell in line.cells.items()))


def differences(result: Result) -> dict[str, list[float]]:
    """Of each row: its difference to the rival, the ends of the interval, and p corrected over rows."""
    return {
        line.name: [line.against.difference, line.against.low, line.against.high, line.against.holm]
        for line in result.lines
        if line.against is not None
    }


def compared(asked: argparse.Namespace, manifest: Manifest, rival: str, told: Callable[[Result], None]) -> Result:
    """The rows, trained where they are not yet, each beside `rival`."""
    return bench(
        "two-stage",
        manifest,
        out=asked.work / f"{'image' if asked.image_split else 'lesion'}-{asked.size}-{asked.epochs}",
        store=asked.work / "store",
        prepared=asked.work / "prepared",
        seeds=asked.seeds,
        rows=[name.strip() for name in asked.rows.split(",")],
        also=asked.also,
        against=rival,
        overrides=[*overrides(asked.size, asked.epochs, asked.views), *skins(asked)],
        minor=2,
        paper="skin7",
        watch=Watch(on_note=lambda text: print(time.strftime("%H:%M:%S"), text, flush=True), on_event=_line),
        on_result=told,
    )


def skin(data: Path, work: Path, *, by: str) -> Manifest:
    """The manifest with its split, made once."""
    path = work / f"{by}.csv"
    if not path.is_file():
        split(read("ham10000", data, work / "data"), "75/5/20", by=by).save(path)
    return Manifest.load(path)


def overrides(size: int, epochs: int, views: int) -> list[str]:
    """What is smaller here than in the paper; second stages keep their own epochs, optimiser and schedule."""
    return [
        "model.backbone=tf_efficientnet_lite0",
        "model.weights=packaged",
        f"defaults.image_size={size}",
        f"defaults.epochs={epochs}",
        "defaults.batch_size=64",
        "defaults.optimizer={adamw: {lr: 0.001, weight_decay: 0.01}}",
        "defaults.schedule={cosine: {warmup_epochs: 0.5}}",
        f"defaults.augment={AUGMENT}",
        f"stages.*.cached_views={views}",
    ]


def skins(asked: argparse.Namespace) -> list[str]:
    """The recipe `skin` at the size and with the epochs of the rows; all else is its own."""
    if "skin" not in asked.also:
        return []
    stages = {name: f"stages.{name}.image_size={asked.size}" for name in ("represent", "adjust")}
    return [*stages.values(), f"stages.represent.epochs={asked.epochs}"]


def _line(stage: str, event: dict[str, object]) -> None:
    if event.get("event") == "epoch":
        valid = event.get("valid")
        recall = valid.get("mean_class_recall") if isinstance(valid, dict) else None
        print(time.strftime("%H:%M:%S"), stage, event["epoch"], event.get("loss"), recall, flush=True)


def _facts(asked: argparse.Namespace, seconds: float) -> dict[str, object]:
    told = {name: str(value) if isinstance(value, Path) else value for name, value in vars(asked).items()}
    told = {name: value for name, value in told.items() if name not in ("data", "work", "out")}
    machine = {"cores": os.cpu_count(), "processor": platform.machine(), "torch": torch.__version__}
    return {"asked": told, "machine": machine, "seconds": round(seconds)}


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/ham10000"))
    parser.add_argument("--work", type=Path, default=Path("skin7"), help="manifests, prepared images, stages, runs")
    parser.add_argument("--image-split", action="store_true")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--views", type=int, default=2, help="augmented versions of each image for second stages")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--also", action="append", default=[])
    parser.add_argument("--against", default="CE,CE -> LA", help="rows that the others are compared with")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/skin7.json"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
