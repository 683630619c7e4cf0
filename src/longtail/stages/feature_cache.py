"""Features of a frozen backbone, computed once for each image and kept on disk, for all stages of a store to share.

Searches, seeds, folds, refits and other manifests find an image's features by its content and by an identity that
hashes all else that determines them: the backbone's weights, the form of pixels, the normalisation and the precision.
What is random depends on the row too, so its identity holds augmentation, seed and rows. Pooled features are float32;
the many tokens float16, which halves the disk and its reading. `kept_features.py` has the files.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from longtail.data.images.prepared import Prepared
from longtail.files import require_free_space, written_whole
from longtail.models.backbones.base import Backbone
from longtail.models.features import Want
from longtail.running.processes import World, agreed, any_of, interleaved
from longtail.stages.job import Rows, TrainJob
from longtail.stages.kept_features import KEY_BYTES, KeptFeatures, RowFeatures, new_piece
from longtail.stages.precision import Precision
from longtail.stages.predicting_rows import evaluating
from longtail.stages.readers import Reader

FORMAT = 3
KINDS: frozenset[Want] = frozenset({"pooled", "tokens", "blocks"})  # maps differ in shape from level to level
_BATCH = 64


@dataclass(frozen=True)
class FeaturePlan:
    """Which features: `kind` of `rows` in so many `views`, each by the augmentation of an epoch of that number."""

    kind: Want
    rows: Rows
    views: int
    steps: str  # the augmentation, in words
    seed: int | None  # None where nothing is random

    @property
    def is_random(self) -> bool:
        """Whether features depend on the row and the view, and not on the image alone."""
        return self.seed is not None

    def keys(self, prepared: Prepared) -> list[bytes]:
        """By what each row's features are found: its image's content, or the row itself."""
        if self.is_random:
            return [int(row).to_bytes(KEY_BYTES, "little") for row in self.rows]
        return [prepared.contents[row] for row in self.rows]

    @property
    def kept_as(self) -> type[np.floating[Any]]:
        """The type of number on the disk."""
        return np.float32 if self.kind == "pooled" else np.float16


def cached_features(
    plan: FeaturePlan,
    job: TrainJob,
    read: Reader,
    precision: Precision,
    world: World,
    store: Path,
    on_rows: Callable[[int, int], None] = lambda *_: None,
) -> tuple[RowFeatures, int]:
    """The features by row, mapped, and how many rows' were not there before."""
    identity, keys = features_identity(plan, job, precision), plan.keys(job.prepared)
    lacking = any_of(KeptFeatures.open(store, identity).lacks(keys), world)
    if lacking.any():
        precision.placed(job.model)
        path = new_piece(store, identity, [key for key, lacks in zip(keys, lacking, strict=True) if lacks])
        part = replace(plan, rows=plan.rows[lacking])
        compute_features(part, job.model.backbone, read, precision, world, path, on_rows)
    agreed(world.first, world)  # nobody opens it before it is written
    return KeptFeatures.open(store, identity).of(plan.rows, keys, len(job.prepared)), int(lacking.sum())


def features_identity(plan: FeaturePlan, job: TrainJob, precision: Precision) -> str:
    """A hash of everything that determines an image's features beside its content."""
    facts = {
        "format": FORMAT,
        "kind": plan.kind,
        "views": plan.views,
        "steps": plan.steps,
        "seed": plan.seed,
        "rows": plan.rows.tolist() if plan.is_random else None,
        "images": job.prepared.digest if plan.is_random else None,
        "backbone": job.model.backbone.name,
        "pixels": job.prepared.key.name,
        "mean": job.mean,
        "std": job.std,
        "precision": precision.name,
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for name, tensor in sorted(job.model.backbone.state_dict().items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensor.detach().cpu().numpy()).tobytes())
    return digest.hexdigest()[:32]


def compute_features(
    plan: FeaturePlan,
    backbone: Backbone,
    read: Reader,
    precision: Precision,
    world: World,
    path: Path,
    on_rows: Callable[[int, int], None],
) -> None:
    """Compute them batch by batch, each process its share, and write them whole."""
    if not world.first:
        for _ in _blocks(plan, backbone, read, precision, world):
            pass
        return
    with written_whole(path) as beside:
        file: Any = None
        for view, start, block in _blocks(plan, backbone, read, precision, world):
            if file is None:
                shape = (plan.views, len(plan.rows), *block.shape[1:])
                require_free_space(path.parent, int(np.prod(shape)) * plan.kept_as().itemsize, "keeping features")
                file = np.lib.format.open_memmap(beside, mode="w+", dtype=plan.kept_as, shape=shape)
            most = float(np.finfo(plan.kept_as).max)
            file[view, start : start + len(block)] = block.clamp(-most, most).cpu().numpy()
            on_rows(view * len(plan.rows) + start + len(block), plan.views * len(plan.rows))
        file.flush()
        del file


def _blocks(plan: FeaturePlan, backbone: Backbone, read: Reader, precision: Precision, world: World) -> Any:
    """`(view, first row, features)` of blocks of rows, the same in every process."""
    size = _BATCH * world.size
    with evaluating(backbone), torch.inference_mode(), precision.autocast():
        for view in range(plan.views):
            for start in range(0, len(plan.rows), size):
                block = plan.rows[start : start + size]
                mine = block[world.rank :: world.size]
                given = mine if len(mine) else block[:1]  # a last block may have fewer rows than there are processes
                found = features_of(backbone, read(given, view), plan.kind)[: len(mine)]
                yield view, start, interleaved(found, len(block), world)


def features_of(backbone: Backbone, images: Tensor, kind: Want) -> Tensor:
    """Features of a batch of images `(B, ...)`, float32."""
    features = backbone(images, {kind})
    found: Tensor = torch.stack(features.blocks, 1) if kind == "blocks" else getattr(features, kind)
    return found.float().contiguous()
