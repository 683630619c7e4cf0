"""Orderings of the two-stage comparison in minutes: Fashion-MNIST cut to a long tail, a small network from scratch.

    python benchmarks/quick.py [--data /usr/share/datasets/fashion-mnist] [--work DIR] [--seeds 2] [--ratio 100]
        [--most 1000] [--epochs 10] [--rows 'CE,CE -> cRW'] [--backbone resnet10t] [--every 1] [--out FILE.json]

The data set is Debian's package `dataset-fashion-mnist`. Its first class keeps `--most` training images and the last
one `--ratio` times fewer; a tenth of them is for validation, the official test set is as it is (balanced), or every
`--every`-th image of it. Rows of the shipped table `two-stage`, at 28 pixels with a small network from scratch and
AdamW: which way things go, and whether they go at all.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from longtail.bench import bench
from longtail.data.division.splits import split
from longtail.data.division.tails import tail
from longtail.data.manifest import Manifest
from longtail.data.reading import read
from longtail.files import write_json
from longtail.stages.context import Watch

ROWS = (
    "CE", "CE -> cRW", "CE -> cRS", "CE -> LA", "CE -> tau-norm", "CE -> LWS", "CE -> NCM", "RS", "RW", "CE-DRW", "LA",
    "Focal", "Focal -> cRW", "LDAM-DRW", "Mixup", "Mixup -> cRW", "CE+CT -> cRW", "CE+SC",
    "CE+SC -> cRW",
)  # fmt: skip


def main() -> None:
    """Run the benchmark."""
    asked = _asked()
    torch.set_num_threads(asked.threads)
    began = time.time()
    done = bench(
        "two-stage",
        fashion(asked.data, asked.work, asked.ratio, asked.most, asked.every),
        out=asked.work / f"{asked.backbone}-{asked.epochs}-{asked.every}",
        store=asked.work / "store",
        seeds=asked.seeds,
        rows=[name.strip() for name in asked.rows.split(",")],
        overrides=overrides(asked.epochs, asked.backbone),
        against=asked.against,
        watch=Watch(on_note=lambda text: print(time.strftime("%H:%M:%S"), text, flush=True)),
        on_result=lambda result: write_json(asked.out, {"seconds": round(time.time() - began), **result.to_json()}),
    )
    write_json(asked.out, {"seconds": round(time.time() - began), **done.to_json()})
    for line in done.lines:
        print(f"{line.name:24}", *(f"{name} {cell.mean:.3f}" for name, cell in line.cells.items()))


def fashion(data: Path, work: Path, ratio: float, most: int, every: int) -> Manifest:
    """Fashion-MNIST-LT with its splits, made once."""
    path = work / f"fashion-{ratio:g}-{most}-{every}.csv"
    if not path.is_file():
        whole = read("idx", data, work / "fashion")
        rows = np.concatenate([whole.rows_of("train"), whole.rows_of("test")[::every]])
        split(tail(whole.select(rows), ratio=ratio, n_max=most), "90/10", keep=("test",)).save(path)
    return Manifest.load(path)


def overrides(epochs: int, backbone: str) -> list[str]:
    """What is smaller here than in the paper."""
    return [
        f"model.backbone={backbone}",
        "model.weights=none",
        "model.channels=1",
        "defaults.image_size=28",
        f"defaults.epochs={epochs}",
        "defaults.batch_size=64",
        "defaults.optimizer={adamw: {lr: 0.002, weight_decay: 0.02}}",
        "defaults.schedule={cosine: {warmup_epochs: 1}}",
        "defaults.augment=[hflip, {shift_scale: {shift: 0.1, scale: 0.1}}]",
    ]


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"))
    parser.add_argument("--work", type=Path, default=Path("quick"))
    parser.add_argument("--ratio", type=float, default=100)
    parser.add_argument("--most", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--backbone", default="resnet10t")
    parser.add_argument("--every", type=int, default=1, help="judge every so-manyth test image")
    parser.add_argument("--against", default="CE", help="the row that others are compared with")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/quick.json"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
