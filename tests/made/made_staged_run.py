"""A made run of the stage-training recipe's shape: predictions, logs and stage facts of four stages; no images."""

import json
from pathlib import Path
from typing import Any

import yaml
from made_studies import guesses, study_manifest

from longtail.data.manifest import Manifest
from longtail.predict import with_ids, write_predictions

STAGES: dict[str, dict[str, Any]] = {
    "model0": {"image_size": 224, "batch_size": 256},
    "model2": {"from": "model0", "image_size": 320, "batch_size": 128},
    "model3": {"from": "model0", "image_size": 320, "batch_size": 128,
               "oversample": {"below_ap": 0.1, "judged_by": "model2"}},
    "model7": {"from": "model3", "image_size": 512, "batch_size": 48},
}  # fmt: skip
PREDICT = {"ensemble": ["model3", "model7"], "views": {"frontal_replaces_lateral": {"judged_by": "model3"}}}


def staged_run(folder: Path) -> tuple[Path, Manifest]:
    """The run folder and the manifest that it was trained on."""
    manifest = study_manifest(60)
    path = manifest.save(folder / "manifest.csv")
    manifest = Manifest.load(path, check_files=False)
    run = folder / "run"
    _put(run / "recipe.yaml", yaml.safe_dump({"recipe": "stage-training", "stages": STAGES, "predict": PREDICT}))
    _put(run / "manifest.json", json.dumps({"path": str(path), "hash": manifest.digest()}))
    for i, (name, settings) in enumerate(STAGES.items()):
        place = run / "stages" / name
        write_predictions(with_ids(guesses(manifest, i, 0.1 + 0.03 * i), manifest), place / "predictions.parquet")
        kept = {"epoch": 2, "metric": "map", "value": 0.28 + i / 100}
        facts = {"name": name, "settings": settings, "kept": kept, "oversampled": {"Mass": 0.08} if i == 2 else None}
        _put(place / "stage.json", json.dumps(facts))
        lines = [{"event": "start"}, *(_epoch(epoch, i) for epoch in (1, 2)), _epoch(2, i), {"event": "end"}]
        _put(place / "log.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    return run, manifest


def _epoch(epoch: int, stage: int) -> dict[str, Any]:
    valid = {"map": 0.2 + 0.01 * epoch + 0.1 * stage, "loss": 0.5 / epoch}
    return {"event": "epoch", "epoch": epoch, "lr": 0.001 / epoch, "loss": 0.6 / epoch, "valid": valid}


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
