"""Feature pictures: what a stage's backbone sees of validation rows, in two dimensions, for the report to draw.

As Figure 2 of the three-stage paper (papers/003), which shows after each stage where the head class lies. All classes
are in it, those that the stage has dropped too: whether it still knows them is what the picture is for.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.manifest import Manifest
from longtail.files import written_whole
from longtail.sampling.drawing import stream
from longtail.stages.context import StageContext
from longtail.stages.job import Rows, TrainJob
from longtail.stages.rows import VALIDATION

EMBEDDINGS = "embeddings.parquet"
MOST = 500  # rows of a picture: enough to see by, and cheap
NO_LABEL = "(none)"
Method = Literal["pca", "tsne"]
Floats = npt.NDArray[np.float64]


def write_embeddings(context: StageContext, job: TrainJob) -> None:
    """Write `embeddings.parquet` (image, x, y, label) of a trained stage, from its kept weights."""
    method, rows = context.stage.picture, picture_rows(context.manifest, context.stage.rows, context.seed)
    if method == "none" or len(rows) < 2:
        return
    places = flattened(_features(job, rows), method, context.seed)
    named = {"image": context.manifest.table["image"].iloc[rows].tolist(), "x": places[:, 0], "y": places[:, 1]}
    table = pd.DataFrame({**named, "label": picture_labels(context.manifest, rows)})
    with written_whole(context.folder / EMBEDDINGS) as beside:
        table.to_parquet(beside, index=False)


def picture_rows(manifest: Manifest, trained: list[str], seed: int, most: int = MOST) -> Rows:
    """Validation rows, `most` of them, the same for every stage of a seed; none where the stage trains on them.

    A manifest without validation rows has no pictures.
    """
    if VALIDATION in trained or VALIDATION not in manifest.column("split"):
        return np.zeros(0, dtype=np.int64)
    rows = manifest.rows_of(VALIDATION)
    return np.sort(stream(seed, 0).permutation(rows)[:most])


def picture_labels(manifest: Manifest, rows: Rows) -> list[str]:
    """One label for each row: its class, or of many labels the rarest that it has."""
    states = manifest.one_hot[rows] == 1
    rarest = np.argsort(manifest.counts(manifest.rows_of("train")), kind="stable")
    first = states[:, rarest].argmax(axis=1)
    found = np.array(manifest.labels)[rarest[first]]
    return [str(name) for name in np.where(states.any(axis=1), found, NO_LABEL)]


def flattened(features: Floats, method: Method, seed: int = 0) -> Floats:
    """Features `(N, D)` to places `(N, 2)`: the first two principal components, or t-SNE (slower, bends distances)."""
    return _tsne(features, seed) if method == "tsne" else principal(features)


def principal(features: Floats) -> Floats:
    """The first two principal components `(N, 2)`; of each, the largest loading is positive."""
    centred = np.asarray(features, dtype=np.float64)
    centred = centred - centred.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:2]
    axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    places = np.zeros((len(centred), 2))
    places[:, : len(axes)] = centred @ axes.T
    return places


def _tsne(features: Floats, seed: int) -> Floats:
    """Neighbourhoods of 30, or as many as a third of the rows allow."""
    from sklearn.manifold import TSNE

    if len(features) < 5 or features.shape[1] < 2:  # no neighbourhoods to keep
        return principal(features)
    wide = max(1.0, min(30.0, (len(features) - 1) / 3))
    method = TSNE(perplexity=wide, init="pca", learning_rate="auto", random_state=seed)
    return np.asarray(method.fit_transform(np.asarray(features, dtype=np.float32)), dtype=np.float64)


def _features(job: TrainJob, rows: Rows) -> Floats:
    """Pooled features `(N, D)` of the kept weights."""
    import torch

    from longtail.models.weights.saving import load_weights
    from longtail.stages.feature_cache import features_of
    from longtail.stages.hand_over import WEIGHTS
    from longtail.stages.predicting_rows import evaluating, plain_reader

    load_weights(job.model, job.folder / WEIGHTS)
    stage, backbone = job.settings, job.model.backbone
    read, precision = plain_reader(job)
    found = []
    with evaluating(backbone), torch.inference_mode(), precision.autocast():
        for start in range(0, len(rows), stage.batch_size):
            images = read(rows[start : start + stage.batch_size], 0)
            found.append(features_of(backbone, images, "pooled").cpu().numpy())
    return np.concatenate(found).astype(np.float64)
