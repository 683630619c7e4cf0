"""A made run folder, as the runner writes one: a recipe of stages, logs, predictions, decisions; no training needed."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml
from PIL import Image

from longtail.data import Manifest, from_classes, from_states
from longtail.data.boxes import box_table
from longtail.predict import Predictions, write_predictions
from longtail.predict.decisions import decide, write_decisions

VIEWS = ("PA", "AP", "lateral")


def made_manifest(
    folder: Path, labels: int = 8, patients: int = 150, *, single: bool = False, size: int = 48, seed: int = 0
) -> Manifest:
    """A manifest with real image files, splits, views, two sources, unknown labels and boxes of label 0."""
    rng = np.random.default_rng(seed)
    rows = patients * 2
    names = [f"images/{i:04d}.png" for i in range(rows)]
    (folder / "images").mkdir(parents=True, exist_ok=True)
    chances = 0.45 * (0.015 / 0.45) ** (np.arange(labels) / max(labels - 1, 1))
    for name in names:
        Image.fromarray(_picture(rng, size)).save(folder / name)
    table = pd.DataFrame(
        {
            "image": names,
            "patient": [f"p{i // 2:04d}" for i in range(rows)],
            "view": rng.choice(VIEWS, rows),
            "source": rng.choice(["north", "south"], rows),
            "split": [("train", "val", "test", "test")[i // 2 % 4] for i in range(rows)],
        }
    )
    named = [f"finding {chr(65 + i % 26)}{i // 26 or ''}" for i in range(labels)]
    boxes = box_table([(name, named[0], 6, 8, 24, 30) for name in names[: rows // 2]])
    if single:
        classes = rng.choice(labels, rows, p=chances / chances.sum())
        made = from_classes(table, named, classes, folder, boxes)
    else:
        states = (rng.random((rows, labels)) < chances).astype(np.float32)
        states[rng.random(states.shape) < 0.03] = np.nan
        made = from_states(table, named, states, folder, boxes)
    made.save(folder / "manifest.csv")
    return Manifest.load(folder / "manifest.csv")


def made_run(
    folder: Path,
    manifest: Manifest,
    *,
    skill: float = 1.5,
    stages: int = 4,
    seed: int = 0,
    epochs: int = 12,
    calibration: str | None = None,
) -> Path:
    """A whole run on `manifest` whose predictions are as good as `skill` says (0: chance)."""
    rng = np.random.default_rng(seed)
    names = [f"model{i}" for i in range(stages)]
    _write(folder / "recipe.yaml", yaml.safe_dump(_recipe(names, manifest.task), sort_keys=False))
    splits = manifest.column("split")
    facts = {name: int((splits == name).sum()) for name in ("train", "val", "test")}
    _json(folder / "manifest.json", {"path": str(manifest.path), "rows": len(manifest), "splits": facts,
                                     "hash": manifest.digest(), "task": manifest.task})  # fmt: skip
    command = f"longtail fit stage-training {manifest.path} --out {folder}"
    machine = {"python": "3.11.9", "packages": {"torch": "2.7.0"}, "device": "cpu", "host": "ward-7"}
    _json(folder / "environment.json", {**machine, "command": command})
    for i, name in enumerate(names):
        _stage(folder / "stages" / name, name, i, manifest, rng, epochs)
        write_predictions(_predictions(manifest, "val", skill, rng), folder / "stages" / name / "predictions.parquet")
    for split in ("val", "test"):
        write_predictions(_predictions(manifest, split, skill, rng), folder / "predictions" / f"{split}.parquet")
    write_decisions(
        decide(folder / "predictions" / "val.parquet", manifest, calibration=calibration), folder / "decisions.json"
    )
    return folder


def made_heatmaps(folder: Path, manifest: Manifest, images: Sequence[str], labels: Sequence[str]) -> Path:
    """A folder of heat maps of `images`, each with its label, brightest at .29, .33 of the sides."""
    folder.mkdir(parents=True, exist_ok=True)
    y, x = np.mgrid[:12, :12]
    heat = np.exp(-((x - 3.5) ** 2 + (y - 4) ** 2) / 8)
    rows = []
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        assert label in manifest.labels
        Image.fromarray(np.round(heat * 255).astype(np.uint8)).save(folder / f"{i}.png")
        rows.append({"image": image, "label": label, "file": f"{i}.png"})
    pd.DataFrame(rows).to_csv(folder / "heatmaps.csv", index=False)
    return folder


def _picture(rng: np.random.Generator, size: int) -> npt.NDArray[np.uint8]:
    """Two soft lungs and noise, in grey."""
    y, x = np.mgrid[:size, :size] / size - 0.5
    lungs = sum(np.exp(-(((x - side) / 0.16) ** 2 + (y / 0.3) ** 2)) for side in (-0.2, 0.2))
    film = 200 - 140 * np.asarray(lungs) + rng.normal(0, 8, (size, size))
    return np.asarray(film.clip(0, 255), dtype=np.uint8)


def _recipe(names: Sequence[str], task: str) -> dict[str, Any]:
    stages: dict[str, Any] = {}
    for i, name in enumerate(names):
        stages[name] = {"image_size": 64 + 32 * min(i, 3), "batch_size": 64 >> min(i, 2), "loss": "bce"}
        if i >= 1:
            stages[name]["from"] = names[0]
        if i >= 2:
            stages[name]["oversample"] = {"below_ap": 0.1, "judged_by": names[1]}
    ensemble = list(names[-2:])
    return {"recipe": "stage-training", "task": task, "model": {"backbone": "resnet18", "head": "linear"},
            "stages": stages, "predict": {"ensemble": ensemble, "tta": ["identity", "hflip"]}}  # fmt: skip


def _stage(folder: Path, name: str, place: int, manifest: Manifest, rng: Any, epochs: int) -> None:
    lines: list[dict[str, Any]] = [{"event": "start", "time": "2026-01-01T00:00:00"}]
    for epoch in range(epochs):
        done = 1 - np.exp(-epoch / 4)
        valid = {"map": 0.2 + 0.03 * place + 0.15 * done, "mauc": 0.6 + 0.2 * done, "loss": 0.5 - 0.2 * done}
        lines.append(
            {"event": "epoch", "epoch": epoch, "step": 40 * (epoch + 1), "loss": 0.69 - 0.4 * done, "lr":
             1e-3 * (1 + np.cos(np.pi * epoch / epochs)) / 2 + 1e-6, "image_size": 64 + 32 * min(place, 3),
             "images_per_s": 210.0, "valid": valid, "seconds": 12.5, "time": "2026-01-01T00:10:00"}
        )  # fmt: skip
    _write(folder / "log.jsonl", "".join(json.dumps(line) + "\n" for line in lines) + '{"event": "epo')
    kept = {"epoch": epochs - 1, "metric": "map", "value": valid["map"]}
    counts = dict(zip(manifest.labels, manifest.counts(manifest.rows_of("train")).tolist(), strict=True))
    _json(folder / "stage.json", {"name": name, "kind": "train", "identity": f"{place:032x}", "parents": {},
                                  "settings": {}, "rows": len(manifest.rows_of("train")), "class_counts": counts,
                                  "kept": kept, "seconds": 12.5 * epochs, "reused_from": None})  # fmt: skip
    x = rng.normal(size=(200, 2)) + rng.integers(0, 4, (200, 1)) * place
    table = pd.DataFrame({"image": "", "x": x[:, 0], "y": x[:, 1], "label": rng.choice(manifest.labels, 200)})
    table.to_parquet(folder / "embeddings.parquet", index=False)


def _predictions(manifest: Manifest, split: str, skill: float, rng: Any) -> Predictions:
    rows = manifest.rows_of(split)
    truth = np.nan_to_num(manifest.one_hot[rows])
    logits = skill * (2 * truth - 1) + rng.normal(0, 1.4, truth.shape) - 0.4
    if manifest.task == "singlelabel":
        powers = np.exp(logits)
        values = powers / powers.sum(axis=1, keepdims=True)
    else:
        values = 1 / (1 + np.exp(-logits))
    ids = manifest.table.iloc[rows][["image", "patient", "view", "split"]].reset_index(drop=True)
    return Predictions(ids, manifest.labels, values.astype(np.float32), "image", {"task": manifest.task})


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _json(path: Path, value: Any) -> None:
    _write(path, json.dumps(value, indent=2))
