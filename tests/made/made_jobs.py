"""Made training jobs: a few tiny images prepared in a folder, a small network, a stage's settings."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from longtail.data.images.prepared import Prepared, prepare
from longtail.data.manifest import Manifest, from_classes, from_states
from longtail.models import BACKBONES
from longtail.models.backbones.base import Backbone
from longtail.models.classifier import Classifier
from longtail.models.features import POOLED, Features, FeatureSizes
from longtail.stages.job import TrainJob
from longtail.stages.loading_models import build_model
from longtail.stages.recipe import Stage

LABELS = ("a", "b", "c")
SIZE = 12


class SmallBackbone(Backbone):
    """Two convolutions; `norm` puts a BatchNorm between them, `dropout` some noise behind."""

    def __init__(self, channels: int, *, norm: bool = True, dropout: float = 0.0) -> None:
        super().__init__()
        self.name, self.licence, self.image_size = "small", "", None
        self.sizes = FeatureSizes(8, channels=(6, 8), strides=(2, 4), token_width=8)
        self.mean, self.std = (0.5,) * channels, (0.25,) * channels
        self.first = nn.Conv2d(channels, 6, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(6) if norm else nn.Identity()
        self.second = nn.Conv2d(6, 8, 3, stride=2, padding=1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, images: Tensor, wants: Any = POOLED) -> Features:  # noqa: ARG002
        first = torch.relu(self.norm(self.first(images)))
        last = torch.relu(self.second(first))
        tokens = last.flatten(2).transpose(1, 2)
        return Features(pooled=self.dropout(last.mean((2, 3))), maps=[first, last], tokens=tokens)


@BACKBONES.register("small")
def small(*, channels: int, image_size: Any, drop_path: float) -> Backbone:  # noqa: ARG001
    """Two convolutions and BatchNorm."""
    return SmallBackbone(channels)


@BACKBONES.register("small_plain")
def small_plain(*, channels: int, image_size: Any, drop_path: float) -> Backbone:  # noqa: ARG001
    """Without BatchNorm: the gradient of a batch is the sum of its parts'."""
    return SmallBackbone(channels, norm=False)


@BACKBONES.register("small_dropout")
def small_dropout(*, channels: int, image_size: Any, drop_path: float) -> Backbone:  # noqa: ARG001
    """With dropout: needs random numbers in every step."""
    return SmallBackbone(channels, dropout=0.3)


def made_manifest(folder: Path, rows: int = 48, *, single: bool = False, seed: int = 0) -> Manifest:
    """Images whose brightness tells their label, in two splits."""
    rng = np.random.default_rng(seed)
    classes = rng.choice(3, rows, p=(0.5, 0.3, 0.2))
    classes[:6] = [0, 1, 2, 0, 1, 2]
    for row in range(rows):
        pixels = rng.integers(0, 60, (SIZE, SIZE)) + 70 * classes[row]
        _save(pixels.astype(np.uint8), folder / f"{row:03}.png")
    split = ["val" if row % 4 == 3 else "train" for row in range(rows)]
    table = pd.DataFrame({"image": [f"{row:03}.png" for row in range(rows)], "split": split})
    if single:
        return from_classes(table, LABELS, classes, folder)
    states = np.eye(3, dtype=np.float32)[classes]
    states[rng.random(states.shape) < 0.1] = np.nan
    states[1, 0] = 1  # more than one label somewhere
    return from_states(table, LABELS, states, folder)


def _save(pixels: NDArray[np.uint8], path: Path) -> None:
    """Leave a file alone that holds them already: another process may be reading it."""
    if not path.exists() or not np.array_equal(np.asarray(Image.open(path)), pixels):
        Image.fromarray(pixels).save(path)


def made_prepared(manifest: Manifest, folder: Path) -> Prepared:
    return prepare(manifest, SIZE, store=folder / "prepared", channels=1, workers=1)


def made_job(
    folder: Path,
    *,
    rows: int = 48,
    single: bool = False,
    backbone: str = "small",
    head: Any = "linear",
    out: str = "out",
    job: dict[str, Any] | None = None,
    **settings: Any,
) -> TrainJob:
    """A job on made images, those in `folder/images`, made when they are not there."""
    images = folder / "images"
    if not images.exists():
        images.mkdir(parents=True)
    manifest = made_manifest(images, rows, single=single)
    prepared = made_prepared(manifest, folder)
    torch.manual_seed(3)
    model: Classifier = build_model({"backbone": backbone, "head": head, "weights": "none"}, LABELS, 1, SIZE)
    stage = Stage(**{"image_size": SIZE, "batch_size": 8, "epochs": 3, "precision": "fp32", **settings})
    given: dict[str, Any] = {
        "name": "made",
        "settings": stage,
        "task": manifest.task,
        "labels": LABELS,
        "prepared": prepared,
        "targets": manifest.targets,
        "train_rows": manifest.rows_of("train"),
        "valid_rows": manifest.rows_of("val"),
        "active": np.ones(3, dtype=bool),
        "model": model,
        "mean": model.backbone.mean,
        "std": model.backbone.std,
        "folder": folder / out,
        "seed": 5,
    }
    return TrainJob(**{**given, **(job or {})})
