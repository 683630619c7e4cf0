"""Stage training: small images first against the large size throughout, then each of the paper's steps on top.

    python benchmarks/staged.py [--work DIR] [--nih ../shared/data/nih_chestxray14] [--patients 500] [--small 48]
        [--large 96] [--first 9] [--second 3] [--seeds 2] [--backbone test_resnet] [--weights none] [--short]
        [--out FILE.json]

On phantoms (or, with `--nih`, on that part of ChestX-ray14), with the same number of epochs in all:

- `constant`: every epoch at the large size. `model0`, then `model2`: `--first` epochs at the small size with the larger
  batch, then `--second` at the large one, as the recipe `stage-training` does it. How long until `model2` is as good on
  validation as `constant` in the end? In CPU seconds of training and validation, since others use the machine too.
- `model1` and `model4`: the first stage with the smaller batch. `model3` and `model5`: rows of labels on which model2's
  validation AP is below .10 and .15 come twice.
- Then, on model3: the mirrored image too, the view rule, and the mean of models 3, 4 and 5, one after the other (the
  paper's Table 4).

Judged on further phantoms (or the test split): mAP, and each difference with the 95 % interval of a paired bootstrap
that resamples patients whole and averages over seeds. Nothing is chosen on the rows that are judged. `--short` asks the
first question alone: constant, model0, model2.
"""

import argparse
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch

from longtail import Manifest, fit, load_recipe, predict
from longtail.data import phantoms, split
from longtail.data.reading import read
from longtail.evaluate import compare
from longtail.files import write_json
from longtail.predict import Plan, combine, read_predictions, write_predictions
from longtail.predict.predicting import run_judges
from longtail.predict.predictions import Predictions
from longtail.report.run_folder import read_json
from longtail.stages.context import Watch

HALF = ("model0", "model1", "model2", "model3", "model4", "model5")
ENSEMBLE = ("model3", "model4", "model5")
RULE = {"frontal_replaces_lateral": {"judged_by": "model3"}}
STEPS = (
    ("constant", "model2"), ("model1", "model0"), ("model4", "model3"), ("model0", "model2"), ("model2", "model3"),
    ("model3", "model5"), ("model3", "+ mirrored"), ("+ mirrored", "+ views"), ("+ views", "+ ensemble"),
    ("constant", "+ ensemble"),
)  # fmt: skip


def recipes(asked: argparse.Namespace, work: Path) -> dict[str, Path]:
    """The staged recipe and the constant one, as files."""
    small = f"image_size: {asked.small}, epochs: {asked.first}"
    large = f"image_size: {asked.large}, epochs: {asked.second}, batch_size: {asked.batch}"
    both = f"image_size: {asked.large}, epochs: {asked.first + asked.second}, batch_size: {asked.batch}"
    low, high = asked.below
    staged = [
        f"model0: {{{small}, batch_size: {2 * asked.batch}}}",
        f"model1: {{{small}, batch_size: {asked.batch}}}",
        f"model2: {{from: model0, {large}}}",
        f"model3: {{from: model0, {large}, oversample: {{below_ap: {low}, judged_by: model2}}}}",
        f"model4: {{from: model1, {large}, oversample: {{below_ap: {low}, judged_by: model2}}}}",
        f"model5: {{from: model0, {large}, oversample: {{below_ap: {high}, judged_by: model2}}}}",
    ]
    staged = [stage for stage in staged if not asked.short or stage.startswith(("model0", "model2"))]
    found = {"staged": staged, "constant": [f"constant: {{{both}}}"]}
    head = (
        f"task: multilabel\nmodel: {{backbone: {asked.backbone}, head: linear, weights: {asked.weights}}}\n"
        f"defaults:\n  loss: bce\n  keep: {{best: map}}\n  picture: none\n"
        f"  optimizer: {{adamw: {{lr: {asked.lr}, weight_decay: 0.02}}}}\n"
        "  schedule: {cosine: {warmup_epochs: 0.5}}\n"
        "  augment: [hflip, {shift_scale: {}}, {cutout: {holes: 5, fraction: 0.05}}]\n"
    )
    for name, stages in found.items():
        text = "".join(f"  {stage}\n" for stage in stages)
        (work / f"{name}.yaml").write_text(f"recipe: {name}\n{head}stages:\n{text}", encoding="utf-8")
    return {name: work / f"{name}.yaml" for name in found}


def data(asked: argparse.Namespace, seed: int) -> tuple[Manifest, Manifest]:
    """What is trained on, drawn anew for each seed, and what is judged, the same for all."""
    if asked.nih:
        path = asked.work / "nih.csv"
        if not path.is_file():
            split(read("nih", asked.nih, asked.work / "nih"), "60/15/25", by="patient").save(path)
        whole = Manifest.load(path, check_files=False)
        return whole.select(np.flatnonzero(whole.column("split") != "test")), whole.select(whole.rows_of("test"))
    path = asked.work / f"phantoms-{asked.patients}-{seed}" / "split.csv"
    if not path.is_file():
        made = phantoms(path.parent, patients=asked.patients, size=asked.large, seed=seed, workers=1)
        split(made, "80/20", seed=seed).save(path)
    judged = asked.work / "judged"
    if not (judged / "manifest.csv").is_file():
        phantoms(judged, patients=asked.judged, size=asked.large, seed=10_000, workers=1)
    return Manifest.load(path, check_files=False), Manifest.load(judged / "manifest.csv", check_files=False)


def train(asked: argparse.Namespace, manifest: Manifest, seed: int) -> tuple[dict[str, Path], dict[str, Any]]:
    """Both recipes' runs, and of each stage its epochs: CPU seconds so far, and validation mAP."""
    runs, seen = {}, dict[str, Any]()
    for name, recipe in recipes(asked, asked.work).items():
        out = asked.work / f"{name}-{asked.backbone}-{asked.small}-{asked.large}-{asked.first}-{asked.second}-{seed}"
        kept = out.with_suffix(".json")
        told: dict[str, Any] = read_json(kept) if kept.is_file() else {}
        watch = Watch(on_event=lambda stage, event, told=told: _timed(told, stage, event))
        runs[name] = fit(
            load_recipe(recipe), manifest, out=out, prepared=asked.work / "prepared", seed=seed, watch=watch
        )
        write_json(kept, told)
        seen |= told
    return runs, seen


def _timed(told: dict[str, Any], stage: str, event: Mapping[str, Any]) -> None:
    if event["event"] == "start":
        told[stage] = {"began": time.process_time(), "epochs": []}
    elif event["event"] == "epoch":
        value = (event.get("valid") or {}).get("map")
        told[stage]["epochs"].append([round(time.process_time() - told[stage]["began"], 2), value])
        print(time.strftime("%H:%M:%S"), stage, *told[stage]["epochs"][-1], flush=True)


def predicted(
    asked: argparse.Namespace, runs: Mapping[str, Path], judged: Manifest, train: Manifest
) -> dict[str, Predictions]:
    """Each stage's and each step's predictions of the judged images."""

    def made(stage: str, tta: tuple[str, ...]) -> Predictions:
        run = runs["constant" if stage == "constant" else "staged"]
        path = run / "judged" / f"{stage}-{'-'.join(tta)}.parquet"
        if not path.is_file():
            path.parent.mkdir(exist_ok=True)
            options: dict[str, Any] = {
                "stages": [stage],
                "tta": tta,
                "views": "none",
                "batch_size": 64,
                "device": "cpu",
            }
            write_predictions(predict(run, judged, store=asked.work / "prepared", **options), path)
        return read_predictions(path)

    if asked.short:
        return {stage: made(stage, ("identity",)) for stage in ("constant", "model0", "model2")}
    found = {stage: made(stage, ("identity",)) for stage in ("constant", *HALF)}
    mirrored = {stage: made(stage, ("identity", "hflip")) for stage in ENSEMBLE}
    judges = run_judges(runs["staged"], ["model3"], train)
    one = {"model3": mirrored["model3"]}
    found["+ mirrored"] = mirrored["model3"]
    found["+ views"] = combine(one, Plan(views=RULE), manifest=judged, judges=judges).predictions
    found["+ ensemble"] = combine(mirrored, Plan("mean", views=RULE), manifest=judged, judges=judges).predictions
    return found


def quicker(seen: Mapping[str, Any]) -> dict[str, Any]:
    """CPU seconds of both ways, and until model2 was as good on validation as the constant way in the end."""
    constant, first, second = (seen[name]["epochs"] for name in ("constant", "model0", "model2"))
    goal = max(value for _, value in constant)
    reached = [first[-1][0] + seconds for seconds, value in second if value >= goal]
    return {
        "constant_seconds": constant[-1][0],
        "staged_seconds": first[-1][0] + second[-1][0],
        "ratio": round((first[-1][0] + second[-1][0]) / constant[-1][0], 3),
        "constant_valid_map": round(goal, 4),
        "staged_valid_map": round(max(value for _, value in second), 4),
        "reached_after": reached[0] if reached else None,
        "reached_ratio": round(reached[0] / constant[-1][0], 3) if reached else None,
    }


def judge(found: Mapping[int, Mapping[str, Predictions]], judged: Manifest) -> dict[str, Any]:
    """mAP of every step, and what each adds, over seeds."""
    entries = {name: [steps[name] for steps in found.values()] for name in next(iter(found.values()))}
    done = compare(entries, judged, metric="ap", split=None, resamples=1000)
    pairs = {(pair.first, pair.second): pair.mean for pair in done.pairs}
    pairs |= {(b, a): pair for (a, b), pair in pairs.items() if (b, a) not in pairs}
    listed = {(pair.first, pair.second) for pair in done.pairs}
    steps = []
    for first, second in STEPS:
        if first not in entries or second not in entries:
            continue  # --short
        number, sign = pairs[first, second].number, 1 if (first, second) in listed else -1
        ends = sorted((sign * number.low, sign * number.high))
        step = {"from": first, "to": second, "gain": sign * number.value, "low": ends[0], "high": ends[1]}
        steps.append({**step, "p": pairs[first, second].p})
    means = {name: {"map": number.value, "low": number.low, "high": number.high} for name, number in done.means.items()}
    return {"map": means, "over": next(iter(done.means.values())).over, "units": done.units, "steps": steps}


def flagged(run: Path) -> dict[str, Any]:
    """The labels that each stage showed twice as often, with the APs that said so."""
    stages = {name: run / "stages" / name / "stage.json" for name in ENSEMBLE}
    return {name: read_json(path)["oversampled"] for name, path in stages.items() if path.is_file()}


def main() -> None:
    """Run the benchmark; the results are written after every seed."""
    asked = _asked()
    torch.set_num_threads(1)
    asked.work.mkdir(parents=True, exist_ok=True)
    found: dict[int, dict[str, Predictions]] = {}
    told: dict[str, Any] = {"asked": {k: v for k, v in vars(asked).items() if k not in ("work", "nih", "out")}}
    told |= {"data": "nih" if asked.nih else "phantoms", "torch": torch.__version__, "seeds": {}}
    for seed in range(asked.seeds):
        manifest, judged = data(asked, seed)
        runs, seen = train(asked, manifest, seed)
        found[seed] = predicted(asked, runs, judged, manifest)
        counts = dict(zip(manifest.labels, manifest.counts(manifest.rows_of("train")).tolist(), strict=True))
        told["seeds"][seed] = {
            "time": quicker(seen),
            "epochs": seen,
            "oversampled": flagged(runs["staged"]),
            "train": counts,
        }
        told["judged"] = {"images": len(judged), **judge(found, judged)}
        write_json(asked.out, told)
        print(f"seed {seed}:", told["seeds"][seed]["time"], flush=True)
    for name, number in told["judged"]["map"].items():
        print(f"{name:12} mAP {number['map']:.4f} [{number['low']:.4f}, {number['high']:.4f}]")
    for step in told["judged"]["steps"]:
        print(f"{step['from']:>11} -> {step['to']:12} {step['gain']:+.4f} [{step['low']:+.4f}, {step['high']:+.4f}]")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("staged"), help="data, prepared images, runs")
    parser.add_argument("--nih", type=Path, help="folder of ChestX-ray14's images and CSV, in place of phantoms")
    parser.add_argument("--patients", type=int, default=500)
    parser.add_argument("--judged", type=int, default=400, help="patients of the phantoms that are judged")
    parser.add_argument("--small", type=int, default=48)
    parser.add_argument("--large", type=int, default=96)
    parser.add_argument("--first", type=int, default=9, help="epochs at the small size")
    parser.add_argument("--second", type=int, default=3, help="epochs at the large size")
    parser.add_argument("--batch", type=int, default=32, help="model0 has twice as many")
    parser.add_argument("--below", type=float, nargs=2, default=[0.10, 0.15])
    parser.add_argument("--lr", type=float, default=0.003)
    parser.add_argument("--backbone", default="test_resnet")
    parser.add_argument("--weights", default="none")
    parser.add_argument("--short", action="store_true", help="constant, model0 and model2 alone")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "staged.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
