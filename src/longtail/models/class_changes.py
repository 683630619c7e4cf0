"""Changing a model's classifier between stages: a new one, another kind, or other classes."""

from collections.abc import Sequence
from typing import Any

from longtail.models.classifier import Classifier
from longtail.models.heads.base import class_rows
from longtail.models.heads.building import build_head


def reset_head(model: Classifier) -> None:
    """Start the head anew on the trained backbone (classifier re-training, cRT)."""
    model.head.reset()


def resize_head(model: Classifier, old: Sequence[str], new: Sequence[str]) -> None:
    """Change the classes from the labels `old` to `new`: those in both keep their rows, new ones start anew."""
    model.head.resize(class_rows(old, new))


def replace_head(model: Classifier, name: str, *, keep: bool = False, **options: Any) -> None:
    """Put the head called `name` on the trained backbone; `keep` takes over the old head's weight and bias."""
    head = build_head(name, model.backbone.sizes, model.head.num_classes, **options)
    if keep:
        head.take_over(model.head.state_dict())
    old = next(iter(model.backbone.parameters()), None)
    model.head = head if old is None else head.to(old.device)
    model.train(model.training)
