"""A stage's identity: a hash of all that determines its result, so that no finished stage is trained twice.

In it are the stage's settings as resolved, the model's, how images become pixels, the seed, the identities of the
stages that it starts from, is judged by or adds, and the rows that it may look at with their labels and pixels.
Not in it: its name, comments, the rest of the recipe (but whether a stage of it takes over its momentum), other splits.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from longtail.stages.graph import OF_STAGES, as_names, hands_over_momentum
from longtail.stages.recipe import Recipe, Stage

FORMAT = 1  # raise it with a change of the code that changes what a stage learns: every stage is then trained anew
_MAKING = ("kind", "image_size", "rows", "drop_classes", "keep_classes", "method")  # all that new images depend on
_LOOKING = ("kind", "from", "image_size", "batch_size", "epochs", "steps", "rows", "precision", "method")  # pretrain
_HOW = ("micro_batch", "compile", "cache", "picture")  # how it is computed or shown, not what


def stage_identity(recipe: Recipe, name: str, *, seed: int, data: str, parents: Mapping[str, str]) -> str:
    """The identity of stage `name`; `data` is the digest of its rows and pixels, `parents` are identities by name."""
    stage = recipe.stages[name]
    content = {
        "format": FORMAT,
        "seed": seed,
        "task": recipe.task,
        "model": _model(recipe, stage),
        "images": recipe.images.model_dump(mode="json"),
        "stage": _settings(stage, parents),
        "data": data,
    }
    if hands_over_momentum(recipe, name):  # which is one more thing that its folder then holds
        content["hands_over"] = "momentum"
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def model_settings(recipe: Recipe, stage: Stage) -> dict[str, Any]:
    """The recipe's model with what the stage changes, as in YAML."""
    return {**recipe.model.model_dump(mode="json"), **stage.model}


def _model(recipe: Recipe, stage: Stage) -> dict[str, Any] | None:
    """What counts of the model: nothing for images that are made, no head where none is trained."""
    if stage.kind == "synthesize":
        return None
    settings = model_settings(recipe, stage)
    return {key: value for key, value in settings.items() if key != "head" or stage.kind != "pretrain"}


def _settings(stage: Stage, parents: Mapping[str, str]) -> dict[str, Any]:
    """The settings that count, other stages by identity."""
    settings = stage.model_dump(mode="json", by_alias=True)
    if stage.method is not None:
        settings["method"] = _method(settings["method"], parents)
    if stage.kind == "synthesize":
        return {key: settings[key] for key in _MAKING}
    if stage.kind == "pretrain":
        return _settings_of_pretraining(stage, settings, parents)
    for key in (*_HOW, "model"):
        settings.pop(key)
    settings["from"] = parents.get(settings["from"], settings["from"])
    settings["add"] = [parents[name] for name in settings["add"]]
    if settings["oversample"]:
        settings["oversample"]["judged_by"] = parents[settings["oversample"]["judged_by"]]
    return settings


def _method(said: Any, parents: Mapping[str, str]) -> Any:
    """What a stage does, the stages that it names by identity."""
    if not isinstance(said, Mapping):
        return said
    found = {}
    for name, settings in said.items():
        found[name] = dict(settings)
        for key in OF_STAGES:
            if stages := as_names(settings.get(key)):
                found[name][key] = [parents[each] for each in stages]
    return found


def _settings_of_pretraining(stage: Stage, settings: Mapping[str, Any], parents: Mapping[str, str]) -> dict[str, Any]:
    """What heads are trained by is none of its business; its loss compares the images that are seen at once."""
    found = {key: settings[key] for key in _LOOKING} | {"from": parents.get(settings["from"], settings["from"])}
    return found | ({"micro_batch": stage.micro_batch} if isinstance(stage.micro_batch, int) else {})
