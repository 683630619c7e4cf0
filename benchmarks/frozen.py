"""Classifier re-training on a frozen backbone with cached features; prints a table and writes results/frozen.json.

Run: python benchmarks/frozen.py [--quick]. 5,000 made images of 64 px, ResNet-18 and ResNet-50, 10 epochs of a linear
head in batches of 64, AdamW, one thread; seconds are the process's own. The backbone's time is that of 512 images (192
with --quick), scaled to 5,000; the head's is measured whole.

- every epoch: the backbone runs in fp32 without gradient in each of the 10 epochs, then the head, a bare PyTorch loop.
- once: longtail's features, computed once by the stage's precision (bf16 where the processor has it, and fp32), and 10
  epochs of longtail's loop on them.
- a further head: 10 epochs of longtail's loop on features that lie there.
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

import cv2
import numpy as np
import pandas as pd
import torch
from torch import nn

from longtail.data.images.prepared import prepare
from longtail.data.manifest import Manifest, from_states
from longtail.files import written_whole
from longtail.running.processes import World
from longtail.stages.feature_cache import FeaturePlan, compute_features, features_identity
from longtail.stages.head_training import stage_precision
from longtail.stages.inputs import image_inputs
from longtail.stages.job import TrainJob
from longtail.stages.kept_features import new_piece
from longtail.stages.loading_models import build_model
from longtail.stages.precision import cpu_has_bf16
from longtail.stages.recipe import Stage
from longtail.stages.train import train

RESULTS = Path(__file__).parent / "results" / "frozen.json"
LABELS = tuple(f"label{i}" for i in range(26))
IMAGES, SIZE, EPOCHS = 5000, 64, 10


def made_images(folder: Path) -> Manifest:
    rng = np.random.default_rng(0)
    folder.mkdir()
    for i in range(IMAGES):
        cv2.imwrite(str(folder / f"{i}.png"), cv2.resize(rng.integers(0, 255, (8, 8), dtype=np.uint8), (SIZE, SIZE)))
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(IMAGES)]})
    return from_states(table, LABELS, (rng.random((IMAGES, len(LABELS))) < 0.1).astype(np.float32), folder)


def made_job(manifest: Manifest, folder: Path, backbone: str, precision: str, rows: int) -> TrainJob:
    torch.manual_seed(0)
    model = build_model({"backbone": backbone, "weights": "none"}, LABELS, 1, SIZE)
    settings = {"image_size": SIZE, "batch_size": 64, "epochs": EPOCHS, "train": "head", "precision": precision}
    return TrainJob(
        name="bench",
        settings=Stage(**settings),
        task="multilabel",
        labels=LABELS,
        prepared=prepare(manifest, SIZE, store=folder / "prepared", channels=1),
        targets=manifest.targets,
        train_rows=np.arange(rows),
        valid_rows=np.arange(0),
        active=np.ones(len(LABELS), dtype=bool),
        model=model,
        mean=model.backbone.mean,
        std=model.backbone.std,
        folder=folder / "run",
        seed=0,
        feature_store=folder / "features",
    )


def seconds(work: Any) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def every_epoch(job: TrainJob, images: int) -> float:
    """A backbone pass over 5,000 images in each epoch, by a bare loop; the head's steps besides."""
    pixels = job.prepared.rows(np.arange(images))
    batches = [torch.from_numpy(pixels[i : i + 64]).permute(0, 3, 1, 2).float() / 255 for i in range(0, images, 64)]
    model, features = job.model.eval(), torch.randn(IMAGES, job.model.backbone.width)
    targets = torch.from_numpy(job.targets)
    head = nn.Linear(features.shape[1], len(LABELS))
    optimizer, loss_of = torch.optim.AdamW(head.parameters(), lr=1e-3), nn.BCEWithLogitsLoss()

    def passes() -> None:
        with torch.no_grad():
            for batch in batches:
                model.backbone.pooled(batch)

    def steps() -> None:
        for i in range(0, IMAGES, 64):
            optimizer.zero_grad()
            loss_of(head(features[i : i + 64]), targets[i : i + 64]).backward()
            optimizer.step()

    passes()
    return EPOCHS * (seconds(passes) * IMAGES / images + seconds(steps))


def once(job: TrainJob, images: int) -> tuple[float, float]:
    """Features of 5,000 images, scaled from some, with 10 head epochs; and a further head."""
    world = World()
    precision = stage_precision(job, world)
    read = image_inputs(job, precision, world, hold=False).train
    part = FeaturePlan("pooled", np.arange(images), 1, "[]", None)
    place = job.folder / "part.npy"
    precision.placed(job.model)
    computing = seconds(lambda: compute_features(part, job.model.backbone, read, precision, world, place, _quiet))
    assert job.feature_store is not None
    whole = FeaturePlan("pooled", job.train_rows, 1, "[]", None)
    features = np.tile(np.load(place), (1, -(-IMAGES // images), 1))[:, :IMAGES]
    identity, keys = features_identity(whole, job, precision), whole.keys(job.prepared)
    with written_whole(new_piece(job.feature_store, identity, keys)) as beside:
        np.save(beside, features)
    results = []
    further = seconds(lambda: results.append(train(job)))
    assert results[0].facts["features"] == "reused", results
    return computing * IMAGES / images + further, further


def _quiet(*_: int) -> None:
    """Progress that nobody sees."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer images, ResNet-18 only, nothing is written")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    images, found = (192 if quick else 512), []
    precisions = ["fp32", "bf16"] if cpu_has_bf16() else ["fp32"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifest = made_images(folder / "images")
        for backbone in ("resnet18",) if quick else ("resnet18", "resnet50"):
            base = every_epoch(made_job(manifest, folder / "base", backbone, "fp32", images), images)
            for precision in precisions:
                job = made_job(manifest, folder / f"{backbone}-{precision}", backbone, precision, IMAGES)
                first, further = once(job, images)
                row = {"backbone": backbone, "precision": precision, "every_epoch_s": base, "once_s": first}
                found.append({**row, "further_s": further, "ratio": base / first, "further_ratio": base / further})
                print(f"{backbone:9} {precision:5} every epoch {base:7.1f} s, once {first:6.2f} s", end=" ")
                print(f"({base / first:.1f}x, bound with bf16: 18), further {further:.2f} s", end=" ")
                print(f"({base / further:.0f}x, bound: 300)")
    told = {"torch": torch.__version__, "machine": platform.machine(), "bf16": cpu_has_bf16(), "cores": os.cpu_count()}
    print(told)
    if not quick:
        RESULTS.write_text(json.dumps({"machine": told, "results": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
