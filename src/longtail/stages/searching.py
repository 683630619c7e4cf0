"""A stage with one of its settings changed, by dotted path: what a search tries."""

from collections.abc import Mapping
from typing import Any

from longtail.stages.checking import checked
from longtail.stages.overrides import apply_overrides, overrides_from
from longtail.stages.recipe import Stage
from longtail.stages.yaml_tree import Place, as_node, plain


def with_settings(stage: Stage, settings: Mapping[str, Any]) -> Stage:
    """`stage` with `{optimizer.adamw.lr: 0.1}` and such, checked as if it stood in a recipe."""
    place = Place("search")
    tree = as_node(stage.model_dump(mode="json", by_alias=True, exclude_unset=True), place)
    apply_overrides(tree, overrides_from(settings, place))
    return checked(Stage, plain(tree))


def with_setting(stage: Stage, key: str, value: Any) -> Stage:
    """`with_settings` for one of them."""
    return with_settings(stage, {key: value})
