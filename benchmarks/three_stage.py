"""Three-stage training beside one and two stages on images of which one class holds 82 %: radar chips, or clothes.

Run: python benchmarks/three_stage.py --data DIR (a folder with mstar_64.npz) [--seeds 4] [--scale 0.25] [--rows ...]
[--dev] [--fashion]. Prints a line as each row finishes, and writes results/three_stage.json after each.

The variants are rows of the shipped table `three-stage-compared`. T72 keeps its 691 training chips, the nine other
classes get about 17 each, drawn anew with each seed; the test set is MSTAR's own (3,203 chips, ten classes). Chips are
cut to their central 48 pixels and shown at 32; Shake-Shake is of width 8 and depth 14 so that two cores can do it.
`--fashion`: DIR holds Fashion-MNIST (/usr/share/datasets/fashion-mnist); T-shirts take T72's place, with 700 images,
and 2,000 test images are judged.

`--scale` multiplies the paper's epochs. Every method sees about as many images before its classifier stage: those of
rough, rest and balance (N a round: `per_class` is N / 10) are what CE and LDAM-DRW see. Learning rates are the table's.
`--dev` judges on the training chips that the tail left out: that is where to choose settings.

`gain` is three stages minus the row, in points, paired by seed, with a 95 % interval of Student's t over seeds: it
covers the draw of the tail images, the initial weights and the order of batches, not another test set.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from scipy import stats

from longtail.data.division.tails import tail
from longtail.data.manifest import Manifest
from longtail.data.readers.npz import read_npz
from longtail.data.reading import read
from longtail.models import BACKBONES
from longtail.models.backbones.base import Backbone
from longtail.models.backbones.shake_shake import shake_shake_26_2x32d
from longtail.predict.predicting import predict
from longtail.stages.fitting import fit
from longtail.stages.loading import load_recipe
from longtail.stages.recipe import Recipe

RESULTS = Path(__file__).parent / "results" / "three_stage.json"
TABLE, OURS, HEADS = "three-stage-compared", "three stages", ("T72", "T-shirt/top")
ROWS = (OURS, "CE", "CE -> cRS", "CE -> cRW", "LDAM-DRW")
CUT, SIZE, SHARE, MOST = 48, 32, 0.82, 700


@BACKBONES.register("shake_shake_14_2x8d")
def shake_shake_14_2x8d(*, channels: int = 3, image_size: Any = None, drop_path: float = 0.0) -> Backbone:  # noqa: ARG001
    """A small Shake-Shake: width 8, depth 14."""
    return shake_shake_26_2x32d(channels=channels, drop_path=drop_path, width=8, depth=14)


def chips(data: Path, out: Path) -> Manifest:
    """MSTAR's chips, their middle, as files with a manifest."""
    with np.load(data / "mstar_64.npz", allow_pickle=False) as arrays:
        edge = (arrays["train_images"].shape[1] - CUT) // 2
        cut = slice(edge, edge + CUT)
        named = {f"{part}_images": arrays[f"{part}_images"][:, cut, cut] for part in ("train", "test")}
        labels = {name: arrays[name] for name in ("train_labels", "test_labels", "class_names")}
    np.savez(out / "chips.npz", **named, **labels)
    return read_npz(out / "chips.npz", out / "chips")


def clothes(data: Path, out: Path) -> Manifest:
    """Fashion-MNIST: 700 training images of each class before the tail is cut, and every fifth test image."""
    whole = read("idx", data, out / "clothes")
    targets, train = whole.targets, whole.rows_of("train")
    kept = [train[targets[train] == c][:MOST] for c in range(len(whole.labels))]
    return whole.select(np.sort(np.concatenate([*kept, whole.rows_of("test")[::5]])))


def long_tailed(manifest: Manifest, seed: int, dev: bool) -> tuple[Manifest, Manifest]:
    """The training rows with a tail, and the rows to judge on."""
    train = manifest.select(manifest.rows_of("train"))
    cut = tail(train, head_share=SHARE, head=head_of(manifest), seed=seed)
    left = np.flatnonzero(~train.table["image"].isin(set(cut.table["image"])).to_numpy())
    return cut, train.select(left) if dev else manifest.select(manifest.rows_of("test"))


def head_of(manifest: Manifest) -> str:
    """The class that holds most images."""
    return next(name for name in HEADS if name in manifest.labels)


def scaled(name: str, rows: int, scale: float) -> Recipe:
    """A row of the table at this benchmark's size."""
    said = [f"defaults.image_size={SIZE}", "defaults.batch_size=32", "model.backbone=shake_shake_14_2x8d"]
    plan = load_recipe(f"{TABLE}:{name}", [*said, "predict.tta=[identity]"])
    for stage, settings in plan.stages.items():
        said.append(f"stages.{stage}.epochs={max(1, round((settings.epochs or 1) * scale))}")
        said += [f"stages.{stage}.balance.per_class={rows // 10}"] if settings.balance else []
    return load_recipe(f"{TABLE}:{name}", [*said, "predict.tta=[identity]"])


def measured(name: str, seed: int, work: Path, data: tuple[Manifest, Manifest], scale: float) -> dict[str, float]:
    """Train a row on one seed's data (finished stages are shared) and judge it."""
    train, judge = data
    began, run = time.process_time(), work / f"{name.replace(' ', '_')}-{seed}"
    recipe = scaled(name, len(train), scale)
    fit(recipe, train, out=run, store=work / "store", prepared=work / "prepared", seed=seed)
    found = predict(run, judge, store=work / "prepared", device="cpu", batch_size=64)
    right = found.values.argmax(1) == judge.targets
    recalls = [float(right[judge.targets == c].mean()) for c in range(len(judge.labels))]
    head = judge.labels.index(head_of(judge))
    rest = [value for c, value in enumerate(recalls) if c != head]
    return {
        "top1": 100 * float(right.mean()),
        "class_recall": 100 * float(np.mean(recalls)),
        "head_recall": 100 * recalls[head],
        "rest_recall": 100 * float(np.mean(rest)),
        "cpu_seconds": time.process_time() - began,
    }


def summary(found: dict[str, dict[int, dict[str, float]]]) -> dict[str, Any]:
    """Means over seeds, and what three stages gain over each row, paired."""
    told: dict[str, Any] = {}
    for name, seeds in found.items():
        means = {key: float(np.mean([one[key] for one in seeds.values()])) for key in next(iter(seeds.values()))}
        told[name] = {"seeds": len(seeds), **{key: round(value, 2) for key, value in means.items()}}
        for key in ("top1", "rest_recall"):
            pairs = [found[OURS][s][key] - one[key] for s, one in seeds.items() if s in found.get(OURS, {})]
            if name != OURS and len(pairs) > 1:
                told[name][f"gain_{key}"] = interval(pairs)
    return told


def interval(values: list[float]) -> list[float]:
    """Mean, and Student's 95 % interval."""
    wide = float(stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5)
    mean = float(np.mean(values))
    return [round(mean, 2), round(mean - wide, 2), round(mean + wide, 2)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--scale", type=float, default=0.25, help="of the paper's epochs")
    parser.add_argument("--rows", nargs="*", default=list(ROWS))
    parser.add_argument("--dev", action="store_true")
    parser.add_argument("--fashion", action="store_true")
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    found: dict[str, dict[int, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        manifest = (clothes if asked.fashion else chips)(asked.data, work)
        for seed in range(asked.first, asked.first + asked.seeds):
            data = long_tailed(manifest, seed, asked.dev)
            for name in asked.rows:
                one = found.setdefault(name, {})[seed] = measured(name, seed, work, data, asked.scale)
                print(f"seed {seed} {name:22}", {key: round(value, 1) for key, value in one.items()}, flush=True)
                write(asked, found, data[0])
    print(json.dumps(summary(found), indent=1))


def write(asked: argparse.Namespace, found: dict[str, dict[int, dict[str, float]]], train: Manifest) -> None:
    counts = dict(zip(train.labels, train.counts().tolist(), strict=True))
    facts = {"scale": asked.scale, "judged_on": "left-out training chips" if asked.dev else "test", "counts": counts}
    facts |= {
        "data": "Fashion-MNIST" if asked.fashion else "MSTAR",
        "size": SIZE,
        "backbone": "shake_shake_14_2x8d",
        "torch": torch.__version__,
        "cpu": platform.machine(),
    }
    asked.out.parent.mkdir(exist_ok=True)
    asked.out.write_text(json.dumps({"setup": facts, "summary": summary(found), "runs": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
