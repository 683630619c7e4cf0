"""`paste` of a stage: findings pasted onto images of its batches, anew in each epoch."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.augment.paste.in_batch import PasteInBatch, check_often
from longtail.augment.paste.pool import paste_pool
from longtail.augment.paste.settings import PasteSettings
from longtail.binding_values import bind_values, settings_of
from longtail.errors import unknown_name
from longtail.stages.context import StageContext


def paste_settings(said: Mapping[str, Any], seed: int = 0) -> tuple[PasteSettings, dict[str, Any]]:
    """What is pasted, as for `lesion_paste`; and how often: `probability` and `pilot` of `PasteInBatch`."""
    often, what = settings_of(PasteInBatch), settings_of(PasteSettings)
    for key in said:
        if key not in (*often, *what):
            raise unknown_name("setting", key, [*often, *what], "paste")
    own = bind_values(PasteInBatch, {key: said[key] for key in often if key in said}, "paste", context=["pool"])
    check_often(**own)
    rest = bind_values(PasteSettings, {key: said[key] for key in what if key in said}, "paste")
    return PasteSettings(**{"seed": seed, **rest}), own


def paste_in_batch(context: StageContext, rows: npt.NDArray[np.int64]) -> PasteInBatch | None:
    """What pastes in the batches of a stage that trains on `rows`, its only parents; None where it asks for none."""
    if context.stage.paste is None:
        return None
    settings, own = paste_settings(context.stage.paste, context.seed)
    pool = paste_pool(context.manifest, context.pixels(context.stage.image_size), settings, np.unique(rows))
    return PasteInBatch(pool, settings, **own)
