"""What is watched during pre-training: signs of collapse and, on labelled rows, k-NN and a linear probe.

Labels are for looking only: no setting of the training depends on them, and the rows they are of may be others than
those trained on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from longtail.augment.composition import Augment
from longtail.augment.levels import batch_levels
from longtail.augment.on_device import augment_floats
from longtail.errors import UserError
from longtail.evaluate.ap import average_precision
from longtail.pretrain.collapse import alarm, effective_rank, entropies
from longtail.pretrain.crops import as_floats
from longtail.pretrain.knn import knn_scores
from longtail.pretrain.linear_probe import linear_probe_scores
from longtail.pretrain.networks import Branch
from longtail.pretrain.sources import Pixels, Rows, Source, as_source

_BATCH = 64


@dataclass(frozen=True, eq=False)
class Labelled:
    """Images with targets `(N, C)` in {0, 1, nan}; `train` and `valid` are row numbers of both."""

    images: Source | Pixels
    targets: npt.NDArray[Any]
    train: npt.NDArray[Any]
    valid: npt.NDArray[Any]
    k: int = 20
    linear: bool = True

    def __post_init__(self) -> None:
        count = len(self.images)
        if len(self.targets) != count or self.targets.ndim != 2:
            raise UserError(f"the monitor has {count} images and targets of shape {self.targets.shape}; give (N, C).")
        if not len(self.train) or not len(self.valid):
            raise UserError("the monitor needs rows to learn from and rows to judge by; one of both is empty.")
        if shared := set(map(int, self.train)) & set(map(int, self.valid)):
            raise UserError(f"row {min(shared)} is in the monitor's train and valid rows; each row may be in one only.")


def measures(teacher: Branch, labelled: Labelled | None, watched: tuple[Source, Rows], size: int) -> dict[str, float]:
    """`rank`, `entropy`, `sharpness` on the watched rows; with labels `knn_map` and `linear_map` too."""
    device = next(teacher.parameters()).device
    facts = _collapse_facts(teacher, *watched, size, device)
    return facts if labelled is None else facts | probe_measures(teacher.trunk.backbone, labelled, size)


def probe_measures(backbone: nn.Module, labelled: Labelled, size: int) -> dict[str, float]:
    """Mean average precision over the labels that have positives and negatives, by k-NN and by a linear probe."""
    source = as_source(labelled.images)
    train, valid = (embed(backbone, source, rows, size) for rows in (labelled.train, labelled.valid))
    return feature_measures(train, valid, labelled)


def feature_measures(train: Tensor, valid: Tensor, labelled: Labelled) -> dict[str, float]:
    """The same from features `(N, D)` of the train and valid rows, whatever they are."""
    targets = torch.from_numpy(np.asarray(labelled.targets, dtype=np.float32)[labelled.train]).to(train.device)
    found = {"knn_map": _map(knn_scores(train, targets, valid, k=labelled.k), labelled)}
    if labelled.linear:
        found["linear_map"] = _map(linear_probe_scores(train, targets, valid), labelled)
    return found


@torch.no_grad()
def embed(backbone: nn.Module, source: Source, rows: npt.NDArray[Any], size: int) -> Tensor:
    """Pooled features `(len(rows), D)` of whole images, not augmented, in eval mode."""
    return _in_batches(backbone, source, rows, size, backbone, lambda images: backbone.pooled(images))  # type: ignore[operator]


def _collapse_facts(teacher: Branch, source: Source, rows: Rows, size: int, device: torch.device) -> dict[str, float]:
    both = _in_batches(teacher, source, rows, size, teacher.trunk.backbone, lambda images: _answers(teacher, images))
    width = teacher.trunk.backbone.width
    features, scores = both[:, :width].to(device), both[:, width:].to(device)
    entropy, sharpness = entropies(scores, 0.1)
    return {"rank": effective_rank(features), "entropy": entropy, "sharpness": sharpness}


def _answers(teacher: Branch, images: Tensor) -> Tensor:
    features = teacher.trunk(images)[0]
    return torch.cat([features, teacher.dino_head(features)], 1)


@torch.no_grad()
def _in_batches(
    module: nn.Module,
    source: Source,
    rows: npt.NDArray[Any],
    size: int,
    backbone: Any,
    function: Callable[[Tensor], Tensor],
) -> Tensor:
    """`function` of resized, normalised images, with `module` in eval mode meanwhile."""
    was, device = module.training, next(module.parameters()).device
    module.eval()
    try:
        plain = Augment([], mean=backbone.mean, std=backbone.std, seed=0, size=size, device=device)
        parts = np.array_split(np.asarray(rows), max(1, -(-len(rows) // _BATCH)))
        return torch.cat([function(_whole(plain, source.rows(part), part)).float() for part in parts])
    finally:
        module.train(was)


def _whole(plain: Augment, pixels: Pixels, rows: Rows) -> Tensor:
    """Whole images, resized and normalised, of 8 bits or more."""
    if pixels.dtype == np.uint8:
        return plain(pixels, rows, 0).to(plain.device)
    images = augment_floats(as_floats(pixels).to(plain.device), plain.plan(pixels.shape[1:3], rows, 0), plain.border)
    mean, std = (np.resize(values, images.shape[1]) for values in (plain.mean, plain.std))
    return batch_levels(images, mean, std, False)


def _map(scores: Tensor, labelled: Labelled) -> float:
    truth = np.asarray(labelled.targets, dtype=np.float64)[labelled.valid]
    values = average_precision(truth, np.nan_to_num(scores.cpu().numpy().astype(np.float64)))
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


__all__ = ["Labelled", "alarm", "embed", "feature_measures", "measures", "probe_measures"]
