"""A recipe's model built from its settings: backbone, then head, in one fixed order of drawing random numbers."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from longtail.errors import UserError, unknown_name
from longtail.models import HEADS
from longtail.models.backbones.building import build_backbone
from longtail.models.classifier import Classifier
from longtail.models.heads.building import build_head
from longtail.stages.component import component

_KEYS = ("backbone", "channels", "drop_path", "head", "levels", "mean", "std", "weights")


def build_model(
    settings: Mapping[str, Any], labels: Sequence[str], channels: int, image_size: int, *, sources: int = 0
) -> Classifier:
    """The classifier of a recipe's `model` (as merged for a stage) for `labels`; the caller seeds torch before.

    `channels` are the prepared images'; `sources` is how many data sets there are, for heads that embed them and do
    not say themselves.

    The order in which weights are initialised, all from torch's one generator:
    1. every layer of the backbone, in the order of its definition (also where pretrained weights then replace them);
    2. the head: its layers in the order of its definition, then its own `reset`;
    and later, in a stage (`setting_up.py`, from the same seed anew):
    3. the objective's own parts, loss by loss: projections, centres;
    4. a bias that a loss asks for (`initial_bias`), in a head that starts anew.
    """
    for key in settings:
        if key not in _KEYS:
            raise unknown_name("setting", key, _KEYS, "model")
    backbone = build_backbone(
        settings.get("backbone", "resnet18"),
        weights=settings.get("weights", "pretrained"),
        channels=channels,
        image_size=image_size,
        drop_path=settings.get("drop_path", 0.0),
        map_indices=settings.get("levels"),
    )
    head = component(settings.get("head", "linear"))
    options = {**_given_sources(head.name, sources), **head.settings}
    with _told(head.name):
        return Classifier(backbone, build_head(head.name, backbone.sizes, len(labels), **options))


@contextmanager
def _told(head: str) -> Iterator[None]:
    """What torch or a head of one's own refuses at its making is a mistake in the recipe."""
    try:
        yield
    except (ValueError, TypeError, IndexError, AssertionError) as error:
        raise UserError(
            f"the head '{head}' cannot be made ({type(error).__name__}: {error}); correct its settings."
        ) from error


def _given_sources(head: str, sources: int) -> dict[str, int]:
    """`sources` for a head that takes them, where there are several."""
    takes = "sources" in inspect.signature(HEADS.find(head).function).parameters
    return {"sources": sources} if takes and sources > 1 else {}
