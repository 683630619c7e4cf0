"""Linear head, ML-Decoder, the study's mean, resolutions and their ensemble on a frozen backbone: paper 4's gains?

    python benchmarks/heads.py [--patients 300] [--sizes 96 128] [--epochs 8] [--seeds 2] [--out FILE.json] [--quick]
    python benchmarks/heads.py --nih NIH_FOLDER --epochs 5 [--sizes 160 224 256] [--folds 3] [--work DIR]

EfficientNet-Lite0 with ImageNet's weights (from a package, no download), frozen; its features are computed once for
each size. Each head is searched over five learning rates, side by side, by validation mAP, as in the paper, and judged
on test patients: by image, with each image given its study's mean, and as the mean of both sizes. Seeds change a head's
start and the order of images; intervals resample patients over the mean of seeds, and differences are paired. On the
paper's data the ML-Decoder gained .039 mAP over the linear head, the mean over a study .011 to .014, and the ensemble
over three sizes .012 over the best of them. The patients are others than those of any choice made here: none was.

With `--nih`, that part of ChestX-ray14: its patients in folds, each the test set once, a fifth of the others for
validation, so that every image is judged by heads that saw nothing of its patient. GLoRI's form and CSRA come besides.
ChestX-ray14 names no studies: the mean is over all images of a patient, which may be years apart and differ in labels.
"""

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch

from longtail.data import Manifest, kfold, phantoms, prepare, split
from longtail.data.reading import read
from longtail.evaluate import compare
from longtail.files import make_folder, write_json, written_whole
from longtail.models.features import Features
from longtail.predict.combining import Plan, combine
from longtail.predict.files import write_predictions
from longtail.predict.predicting import predict
from longtail.predict.predictions import Predictions
from longtail.report.run_folder import read_json
from longtail.stages.fitting import fit
from longtail.stages.loaded_stage import load_stage_model
from longtail.stages.loading import load_recipe
from longtail.stages.precision import chosen_precision
from longtail.stages.predicting_rows import evaluating
from longtail.stages.readers import build_reader
from longtail.stages.runner import Runner
from longtail.stages.store import Store
from longtail.stages.workbench import Workbench

RECIPE = """
recipe: heads
task: multilabel
model: {{backbone: tf_efficientnet_lite0, weights: packaged, channels: 3}}
defaults:
  train: head
  epochs: {epochs}
  batch_size: {batch}
  optimizer: {{adamw: {{weight_decay: 1.0e-4}}}}
  loss: bce
  keep: {{best: map}}
  picture: none
stages:
"""
HEADS = {"linear": "linear", "ml-decoder": "{ml-decoder: {dim: 256, heads: 4, hidden: 512}}"}
GLORI = "{ml-decoder: {dim: 256, heads: 4, hidden: 512, cat_cls: true}}"
FURTHER = {**HEADS, "glori": GLORI, "csra": "csra"}
STAGE = (
    "  {name}-{size}: {{image_size: {size}, model: {{head: {head}}},"
    " search: {{values: {{optimizer.adamw.lr: {rates}}}}}}}\n"
)
RATES = {name: [1e-4, 3e-4, 1e-3, 3e-3, 1e-2] for name in FURTHER}
# Of ChestX-ray14: the best of the first fold's validation and its neighbours; each candidate costs minutes.
RATES_NIH = {
    "linear": [3e-3, 1e-2, 3e-2],
    "ml-decoder": [3e-4, 1e-3],
    "glori": [3e-4, 1e-3, 3e-3],
    "csra": [1e-3, 3e-3, 1e-2],
}
Compared = Mapping[str, Sequence[Predictions | Path]]


def recipe_of(rates: Mapping[str, list[float]], sizes: Sequence[int], epochs: int, batch: int = 64) -> str:
    """Each head of `rates` at each size."""
    stages = [
        STAGE.format(name=name, size=size, head=FURTHER[name], rates=each)
        for size in sizes
        for name, each in rates.items()
    ]
    return RECIPE.format(epochs=epochs, batch=batch) + "".join(stages)


def made_of(plain: Mapping[str, Predictions], manifest: Manifest, heads: Mapping[str, str]) -> dict[str, Predictions]:
    """The heads' predictions, their means over sizes, and all of these with each image given its study's mean."""
    found = dict(plain)
    for name in heads:
        members = {key: plain[key] for key in plain if key.startswith(name)}
        found[f"{name}, ensemble"] = combine(members, Plan(), manifest=manifest).predictions
    for key, each in list(found.items()):
        plan = Plan(study="mean", keep_images=True)
        found[f"{key}, study mean"] = combine({key: each}, plan, manifest=manifest).predictions
    return found


def fitted(manifest: Manifest, folder: Path, seed: int, sizes: Sequence[int], epochs: int) -> dict[str, Path]:
    """Test predictions by name, after training both heads at each size with one seed."""
    recipe = folder / "heads.yaml"
    recipe.write_text(recipe_of({name: RATES[name] for name in HEADS}, sizes, epochs), encoding="utf-8")
    run = fit(recipe, manifest, out=folder / f"run-{seed}", store=folder / "stages", seed=seed)
    plain = {
        f"{name}@{size}": predict(run, manifest, split="test", stages=[f"{name}-{size}"], study="none")
        for size in sizes
        for name in HEADS
    }
    made = made_of(plain, manifest.select(manifest.rows_of("test")), HEADS)
    return {key: write_predictions(each, folder / f"{key}-{seed}.parquet") for key, each in made.items()}


def pairs(sizes: Sequence[int], heads: Mapping[str, str]) -> list[tuple[str, str]]:
    """What is compared, the second with the first."""
    small, large = min(sizes), max(sizes)
    found = [(f"linear@{size}", f"{name}@{size}") for size in sorted(sizes)[::-1] for name in heads if name != "linear"]
    found += [(f"{name}@{large}", f"{name}@{large}, study mean") for name in heads]
    if small == large:
        return found
    found += [(f"{name}@{small}", f"{name}@{size}") for name in heads for size in sorted(sizes) if size != small]
    found += [(f"{name}@{large}, study mean", f"{name}, ensemble, study mean") for name in heads]
    if len(sizes) > 2:
        found += [(f"{name}@{large}", f"{name}, ensemble") for name in heads]
        found += [("linear, ensemble", f"{name}, ensemble") for name in heads if name != "linear"]
    return [*found, (f"linear@{large}", "ml-decoder, ensemble, study mean")]


def measure(patients: int, sizes: Sequence[int], epochs: int, seeds: int, folder: Path) -> dict[str, Any]:
    """Made radiographs: patients apart for training, validation and test; seeds change the heads."""
    made = split(phantoms(folder / "data", patients=patients, size=max(sizes), seed=11), seed=0)
    manifest = Manifest.load(made.save(folder / "data" / "split.csv"))
    by_seed = [fitted(manifest, folder, seed, sizes, epochs) for seed in range(seeds)]
    entries = {name: [each[name] for each in by_seed] for name in by_seed[0]}
    found: dict[str, Any] = {"rows": {name: len(manifest.rows_of(name)) for name in ("train", "val", "test")}}
    told = {}
    for first, second in pairs(sizes, HEADS):
        chosen = {first: entries[first], second: entries[second]}
        told[f"{second} - {first}"] = compare(chosen, manifest, split="test", resamples=500).to_json()
    return {**found, "comparisons": told}


class Frozen:
    """The frozen backbone's features of all images, for predictions of many heads: one pass for each size."""

    def __init__(self, manifest: Manifest, work: Path) -> None:
        self.manifest, self.folder, self.store = manifest, make_folder(work / "features"), work / "prepared"

    def of(self, kind: str, size: int) -> Any:
        """`(rows, ...)`, mapped."""
        return np.load(self.folder / f"{kind}-{size}.npy", mmap_mode="r")

    def _pass(self, backbone: Any, size: int) -> None:
        precision = chosen_precision("fp32", torch.device("cpu"), backbone.name, size)
        pixels = prepare(self.manifest, size, channels=3, store=self.store)
        reader, pooled, tokens = build_reader(pixels, [], precision, mean=backbone.mean, std=backbone.std), [], []
        with evaluating(backbone), torch.inference_mode(), precision.autocast():
            for start in range(0, len(pixels), 64):
                rows = np.arange(start, min(start + 64, len(pixels)))
                found = backbone(reader(rows, 0), {"pooled", "tokens"})
                pooled.append(found.pooled.float().numpy())
                tokens.append(found.tokens.numpy().astype(np.float16))
        for kind, parts in (("pooled", pooled), ("tokens", tokens)):
            with written_whole(self.folder / f"{kind}-{size}.npy") as beside, Path(beside).open("wb") as file:
                np.save(file, np.concatenate(parts))

    def predict(self, run: Path, stage: str, rows: Any) -> Any:
        """A finished stage's probabilities of some rows, `(N, C)`, from their features."""
        loaded = load_stage_model(run, stage)
        head, kind = loaded.model.head, next(iter(loaded.model.head.wants))
        if not (self.folder / f"tokens-{loaded.image_size}.npy").is_file():
            self._pass(loaded.model.backbone, loaded.image_size)
        features, blocks = self.of(kind, loaded.image_size), np.array_split(rows, -(-len(rows) // 64))
        with torch.inference_mode():
            read_off = [head(Features(**{kind: torch.from_numpy(features[block]).float()})) for block in blocks]
        return torch.cat(read_off).sigmoid().numpy()


def out_of_fold(
    manifest: Manifest, work: Path, sizes: Sequence[int], epochs: int, folds: Sequence[int]
) -> tuple[dict[str, Predictions], list[dict[str, Any]]]:
    """Every image's probabilities by heads that saw nothing of its patient, and what each fold's search chose."""
    frozen = Frozen(manifest, work)
    (work / "heads.yaml").write_text(recipe_of(RATES_NIH, sizes, epochs, 32), encoding="utf-8")
    recipe = load_recipe(work / "heads.yaml")
    names, chosen = [(name, size) for size in sizes for name in FURTHER], []
    values = {name: np.zeros((len(manifest), len(manifest.labels)), dtype=np.float32) for name in names}
    for fold in folds:
        tested = manifest.column("fold") == str(fold)
        parted = manifest.with_column("split", np.where(tested, "test", "").astype(object))
        table = split(parted, "80/20", by="patient", seed=fold, keep=("test",))
        run, bench = work / f"fold-{fold}", Workbench(recipe, table, work / "prepared")
        Runner(recipe, bench, Store(work / "stages"), run, fold).stages()  # `fit` without its report
        for name, size in names:
            values[name, size][tested] = frozen.predict(run, f"{name}-{size}", np.flatnonzero(tested))
        told = {f"{name}@{size}": read_json(run / "stages" / f"{name}-{size}" / "stage.json") for name, size in names}
        chosen.append({name: {**each["chosen"], **each["kept"]} for name, each in told.items()})
        print(time.strftime("%H:%M:%S"), "fold", fold, chosen[-1], flush=True)
    ids, labels = manifest.table[["image", "patient"]].reset_index(drop=True), tuple(manifest.labels)
    facts = {"task": "multilabel"}
    return {f"{n}@{s}": Predictions(ids, labels, each, "image", facts) for (n, s), each in values.items()}, chosen


def measure_nih(root: Path, sizes: Sequence[int], epochs: int, folds: int, judged: int, work: Path) -> dict[str, Any]:
    """ChestX-ray14's part, each patient's images as a study; mean AP and mean AUROC."""
    whole = read("nih", root, work / "nih")
    manifest = kfold(whole.with_column("study", whole.column("patient")), folds, by="patient")
    plain, chosen = out_of_fold(manifest, work, sizes, epochs, range(judged))
    rows = np.flatnonzero(manifest.column("fold").astype(int) < judged)
    plain, manifest = {name: part(each, rows) for name, each in plain.items()}, manifest.select(rows)
    made = made_of(plain, manifest, FURTHER)
    found: dict[str, Any] = {
        "images": len(manifest),
        "folds": folds,
        "judged_folds": judged,
        "chosen": chosen,
        "comparisons": {},
    }
    found["counts"] = dict(zip(manifest.labels, manifest.counts().tolist(), strict=True))
    found["several"] = several(manifest, made, max(sizes))
    for metric in ("ap", "auroc"):
        told = found["comparisons"] if metric == "ap" else found.setdefault("comparisons_auroc", {})
        for first, second in pairs(sizes, FURTHER):
            chosen_two = {first: made[first], second: made[second]}
            told[f"{second} - {first}"] = brief(compare(chosen_two, manifest, metric=metric, resamples=1000).to_json())
    return found


def several(manifest: Manifest, made: Mapping[str, Predictions], size: int) -> dict[str, Any]:
    """The study's mean among patients of several images alone: of all others it is the image itself."""
    patients = manifest.table["patient"]
    rows = np.flatnonzero(patients.groupby(patients).transform("size").to_numpy() > 1)
    found: dict[str, Any] = {"images": len(rows), "patients": int(patients.iloc[rows].nunique())}
    for name in FURTHER:
        two = {key: part(made[key], rows) for key in (f"{name}@{size}", f"{name}@{size}, study mean")}
        found[name] = brief(compare(two, manifest.select(rows), resamples=1000).to_json())
    return found


def brief(comparison: dict[str, Any]) -> dict[str, Any]:
    """Without each label's own difference: many comparisons are kept."""
    pairs = [{name: value for name, value in pair.items() if name != "labels"} for pair in comparison["pairs"]]
    return {**comparison, "pairs": pairs}


def part(whole: Predictions, rows: Any) -> Predictions:
    """Some rows of predictions."""
    return Predictions(
        whole.ids.iloc[rows].reset_index(drop=True), whole.labels, whole.values[rows], "image", whole.facts
    )


def show(found: dict[str, Any]) -> None:
    """The comparisons, a line each."""
    for name in FURTHER if "several" in found else ():
        print(
            f"{name}, study mean, patients of several images:",
            interval(found["several"][name]["pairs"][0]["mean"]["number"]),
        )
    print({name: found[name] for name in ("rows", "images") if name in found}, f"{found['seconds']} s")
    for metric in ("comparisons", "comparisons_auroc"):
        for name, each in found.get(metric, {}).items():
            means = "   ".join(f"{entry} {interval(value)}" for entry, value in each["means"].items())
            print(f"{name}: {interval(each['pairs'][0]['mean']['number'])}   ({means})")


def interval(number: dict[str, Any]) -> str:
    """A number and its bounds."""
    return f"{number['value']:.3f} [{number['low']:.3f}, {number['high']:.3f}]"


def main() -> None:
    """Measure, print, write."""
    told = _asked()
    torch.set_num_threads(told.threads)
    nih = "_nih" if told.nih else ""
    sizes = told.sizes or ([160, 224, 256] if told.nih else [96, 128])
    patients, sizes, epochs = (60, [48, 64], 1) if told.quick else (told.patients, sizes, told.epochs)
    began, cpu = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as temporary:
        work = told.work or Path(temporary)
        if told.nih:
            found = measure_nih(told.nih, sizes, epochs, told.folds, told.judged or told.folds, work)
        else:
            found = measure(patients, sizes, epochs, told.seeds, work)
    found["seconds"] = round(time.perf_counter() - began, 1)
    found["cpu_seconds"] = round(time.process_time() - cpu)
    show(found)
    if not told.quick:
        machine = {"processor": platform.processor(), "threads": told.threads, "torch": torch.__version__}
        facts = {"data": "nih" if told.nih else f"phantoms of {patients} patients", "sizes": sizes, "epochs": epochs}
        write_json(told.out or RESULTS / f"heads{nih}.json", {**facts, "machine": machine, **found})


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nih", type=Path, help="folder of ChestX-ray14's images and CSV, in place of phantoms")
    parser.add_argument("--folds", type=int, default=3, help="with --nih")
    parser.add_argument("--judged", type=int, help="with --nih: so many folds are trained and judged (default: all)")
    parser.add_argument("--work", type=Path, help="where runs and features stay; goes on where it was stopped")
    parser.add_argument("--patients", type=int, default=300)
    parser.add_argument("--sizes", type=int, nargs="+")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--out", type=Path)
    parser.add_argument("--quick", action="store_true", help="a few seconds, to see that it runs; writes nothing")
    return parser.parse_args()


RESULTS = Path(__file__).parent / "results"

if __name__ == "__main__":
    main()
