"""Smoke: any recipe in seconds, with every stage, component and hand-over as it is, and nothing of its size."""

from collections.abc import Mapping
from typing import Any

SMALLEST, LARGEST = 32, 64  # pixels
_STEPS = 3
_BATCH = 8
_PER_CLASS = 4
_PRETRAINING = {"local_size": 16, "local_crops": 2, "prototypes": 64, "head_hidden": 64, "head_bottleneck": 32}


def smoke_overrides(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """What to change in a recipe (plain, defaults merged): overrides by dotted path.

    Tiny images, whose order of sizes stays; a few small batches a stage; no pretrained weights; two values a search.
    """
    stages = recipe.get("stages") if isinstance(recipe, Mapping) else None
    if not isinstance(stages, Mapping):
        return {}
    found: dict[str, Any] = {"model.weights": "none"}
    known = {name: stage for name, stage in stages.items() if isinstance(stage, Mapping)}
    largest = max((_number(stage.get("image_size"), 224) for stage in known.values()), default=224)
    for name, stage in known.items():
        for key, value in _of_stage(stage, largest).items():
            found[f"stages.{name}.{key}"] = value
    return found


def _of_stage(stage: Mapping[str, Any], largest: float) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "image_size": small_size(_number(stage.get("image_size"), 224), largest),
        "batch_size": int(min(_number(stage.get("batch_size"), 64), _BATCH)),
        "micro_batch": None,
        "epochs": None,
        "steps": int(min(_STEPS, _number(stage.get("steps"), _STEPS))),
        "compile": False,
    }
    if isinstance(model := stage.get("model"), Mapping) and "weights" in model:
        changes["model.weights"] = "none"
    if isinstance(balance := stage.get("balance"), Mapping):
        changes["balance.per_class"] = int(min(_number(balance.get("per_class"), _PER_CLASS), _PER_CLASS))
    if "cached_views" in stage:
        changes["cached_views"] = int(min(_number(stage["cached_views"], 1), 2))
    if _is_named(stage.get("sampler"), "p_by_k"):
        changes["sampler"] = {"p_by_k": {"labels_per_batch": 2, "rows_per_label": _BATCH // 2}}
    return {**changes, **_shorter_search(stage), **_smaller_method(stage, largest)}


def small_size(size: float, largest: float) -> int:
    """`largest` becomes 64 pixels and the others less, in steps of 8 and not below 32."""
    scaled = size * min(1.0, LARGEST / max(largest, 1))
    return max(min(SMALLEST, int(size)), int(scaled) // 8 * 8)


def _shorter_search(stage: Mapping[str, Any]) -> dict[str, Any]:
    search = stage.get("search")
    values = search.get("values") if isinstance(search, Mapping) else None
    if not isinstance(values, Mapping):
        return {}
    return {"search.values": {key: each[:2] if isinstance(each, list) else each for key, each in values.items()}}


def _smaller_method(stage: Mapping[str, Any], largest: float) -> dict[str, Any]:
    """A pre-training method with few prototypes and small views."""
    method = stage.get("method")
    if stage.get("kind") != "pretrain" or not method:
        return {}
    name, said = next(iter(method.items())) if isinstance(method, Mapping) else (str(method), None)
    said = said if isinstance(said, Mapping) else {}
    changes = {key: int(min(_number(said.get(key), most), most)) for key, most in _PRETRAINING.items()}
    if "global_size" in said:
        changes["global_size"] = small_size(_number(said["global_size"], largest), largest)
    return {f"method.{name}.{key}": value for key, value in changes.items()}


def _is_named(component: Any, name: str) -> bool:
    return component == name or (isinstance(component, Mapping) and name in component)


def _number(value: Any, otherwise: float) -> float:
    fine = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e9
    return value if fine else otherwise
