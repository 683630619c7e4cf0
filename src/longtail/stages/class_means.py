"""Heads that are filled, not trained: one pass over the training rows, each counted as often as it is drawn once."""

from typing import Any, cast

import torch

from longtail.stages.training import Training

_BATCH = 64


def fill_head(work: Training) -> None:
    """Give a head that learns without steps what it needs: the rows of each class, or their features."""
    head, job = cast(Any, work.model.head), work.job
    if hasattr(head, "set_counts"):
        head.set_counts(job.class_counts, len(job.train_rows), job.task)
    fill_means(work)


def fill_means(work: Training) -> None:
    """Give a head with `update` (nearest class mean) the features of all training rows, as the first epoch has them."""
    head = cast(Any, work.model.head)
    if not hasattr(head, "update"):
        return
    head.reset()
    rows, read, targets = work.job.train_rows, work.batches.first.read, torch.from_numpy(work.job.targets)
    work.model.eval()
    with torch.inference_mode(), work.precision.autocast():
        for start in range(0, len(rows), _BATCH):
            part = rows[start : start + _BATCH]
            head.update(work.model.features(read(part, 0)), targets[torch.from_numpy(part)].to(work.precision.device))
