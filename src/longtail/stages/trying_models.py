"""A stage's model made without memory (on torch's `meta` device): whether it can be is known before anything trains."""

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from longtail.errors import UserError
from longtail.stages.identity import model_settings
from longtail.stages.mistakes import at
from longtail.stages.recipe import Recipe, Trainable

if TYPE_CHECKING:
    from longtail.models.classifier import Classifier

CANNOT_TELL = (NotImplementedError, RuntimeError)  # a layer that looks at values, which `meta` has none of


def bare_model(settings: Mapping[str, Any], classes: int, channels: int, size: int) -> "Classifier":
    """The model of these settings with shapes alone; one that cannot be built is a mistake in them."""
    import torch

    from longtail.stages.loading_models import build_model

    labels = [str(i) for i in range(classes)]
    try:
        with torch.device("meta"), torch.no_grad():
            return build_model({**settings, "weights": "none"}, labels, channels, size)
    except (UserError, *CANNOT_TELL):
        raise
    except Exception as error:
        raise UserError(
            f"the model cannot be built ({type(error).__name__}: {error}); correct its backbone, head or levels."
        ) from error


def check_models(recipe: Recipe, *, classes: int) -> None:
    """Refuse what a stage that is not the first may find out after hours: models of its own, layers that are not there.

    The recipe's own model shows itself as soon as training begins.
    """
    from longtail.stages.trainable import set_trainable

    for name, stage in recipe.stages.items():
        if stage.kind == "train" and (stage.model or isinstance(stage.train, Trainable)):
            channels = 3 if recipe.model.channels == "auto" else recipe.model.channels
            with suppress(*CANNOT_TELL):
                with at("stages", name, "model"):
                    model = bare_model(model_settings(recipe, stage), classes, channels, stage.image_size)
                with at("stages", name, "train"):
                    set_trainable(model, stage.train, stage.frozen_bn)
