"""The demo's recipe beside one stage of the same time: AP of rare findings, over several seeds.

Run: python benchmarks/demo.py [--quick] [--seeds 0,1,2,3,4] [--folder DIR]. Prints a table, writes results/demo.json.

For each seed, made radiographs of 600 patients as `longtail demo` draws and divides them, and these recipes:

- `demo`: the shipped one. `one stage`: its first stage without pasting, with more epochs, so that it has no less time.
- `one stage, pasted`: the same with pasting; what is due to pasting, and what to the second stage.

All are judged on one further set of made radiographs, of other patients (seed 10,000). `tail` are its six rarest
labels. Seconds are the process's own. Differences come with a 95 % interval of Student's t over seeds: of data, weights
and order together.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t

from longtail import Manifest, fit, load_recipe, predict
from longtail.data import phantoms, split
from longtail.evaluate import average_precision
from longtail.predict import align
from longtail.stages.recipe import Recipe

RESULTS = Path(__file__).parent / "results" / "demo.json"
ONE_STAGE_EPOCHS = 11


def recipes(changes: list[str]) -> dict[str, Recipe]:
    """What is compared, with `changes` of all."""
    demo = load_recipe("demo", changes)
    first = demo.stages["represent"]
    longer = first.model_copy(update={"epochs": 1 if first.epochs == 1 else ONE_STAGE_EPOCHS})
    plain = longer.model_copy(update={"paste": None})
    return {
        "demo": demo,
        "one stage": demo.model_copy(update={"stages": {"represent": plain}}),
        "one stage, pasted": demo.model_copy(update={"stages": {"represent": longer}}),
    }


def images(folder: Path, patients: int, seed: int) -> Manifest:
    """As the demo draws and divides them; drawn unless they are there."""
    if not (folder / "split.csv").is_file():
        split(phantoms(folder, patients=patients, size=128, seed=seed), "70/10/20", seed=seed).save(
            folder / "split.csv"
        )
    return Manifest.load(folder / "split.csv", check_files=False)


def judged(run: Path, test: Manifest, store: Path) -> np.ndarray:
    """AP of each label on all rows of the further set."""
    found = align(predict(run, test, split=None, store=store), test, split=None)
    return average_precision(found.targets, found.values)


def one_seed(folder: Path, seed: int, patients: int, test: Manifest, changes: list[str]) -> dict[str, Any]:
    """Train and judge every recipe; AP by label, and the process's own seconds of `fit`."""
    manifest, told = images(folder / f"data-{seed}", patients, seed), {}
    for name, recipe in recipes(changes).items():
        kept = folder / f"{name}-{seed}.json"
        if not kept.is_file():
            began = time.process_time()
            run = fit(recipe, manifest, out=folder / f"{name}-{seed}", prepared=folder / "prepared", seed=seed)
            seconds = time.process_time() - began
            ap = judged(run, test, folder / "prepared").tolist()
            kept.write_text(json.dumps({"ap": ap, "seconds": seconds}))
        told[name] = json.loads(kept.read_text())
        print(f"seed {seed}, {name}: mAP {np.nanmean(told[name]['ap']):.4f}, {told[name]['seconds']:.0f} s", flush=True)
    return told


def interval(values: np.ndarray) -> dict[str, Any]:
    """The mean and its 95 % interval over seeds."""
    half = t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return {"mean": values.mean(), "low": values.mean() - half, "high": values.mean() + half, "seeds": values.tolist()}


def summed(found: list[dict[str, Any]], rarest: list[int]) -> dict[str, Any]:
    """Means by recipe, and the demo's lead over the others, of all labels and of the rare ones."""
    means = {
        name: {
            "all": np.array([np.nanmean(each[name]["ap"]) for each in found]),
            "tail": np.array([np.nanmean(np.array(each[name]["ap"])[rarest]) for each in found]),
            "seconds": np.array([each[name]["seconds"] for each in found]),
        }
        for name in found[0]
    }
    others = [name for name in means if name != "demo"]
    leads = {
        f"demo - {name}": {part: interval(means["demo"][part] - means[name][part]) for part in ("all", "tail")}
        for name in others
    }
    return {"means": {name: {k: interval(v) for k, v in each.items()} for name, each in means.items()}, "leads": leads}


def show(told: dict[str, Any]) -> None:
    """The tables."""
    for name, each in told["means"].items():
        parts = [f"{part} {each[part]['mean']:.3f}" for part in ("all", "tail")]
        print(f"{name:20} mAP {', '.join(parts)}; {each['seconds']['mean']:.0f} s of a processor")
    for name, each in told["leads"].items():
        parts = [f"{p} {v['mean']:+.3f} ({v['low']:+.3f} to {v['high']:+.3f})" for p, v in each.items()]
        print(f"{name:28} {', '.join(parts)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few images, an epoch; writes nothing")
    parser.add_argument("--seeds", default="0,1,2,3,4")
    parser.add_argument("--folder", type=Path, help="where everything stays; goes on where it was stopped")
    parser.add_argument("--change", action="append", default=[], help="an override for all recipes; writes nothing")
    asked = parser.parse_args()
    patients, changes = (60, ["stages.*.epochs=1", *asked.change]) if asked.quick else (600, asked.change)
    seeds = [int(seed) for seed in asked.seeds.split(",")]
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        test = images(folder / "further", patients * 3, 10_000)
        rarest = np.argsort(test.counts(), kind="stable")[:6].tolist()
        told = summed([one_seed(folder, seed, patients, test, changes) for seed in seeds], rarest)
    show(told)
    if not changes:
        machine = {"cores": os.cpu_count(), "processor": platform.processor() or platform.machine()}
        rare = {test.labels[i]: int(test.counts()[i]) for i in rarest}
        facts = {"train_patients": 420, "test_images": len(test), "tail": rare, "machine": machine, **told}
        RESULTS.write_text(json.dumps(facts, indent=1, default=np.ndarray.tolist) + "\n")


if __name__ == "__main__":
    main()
