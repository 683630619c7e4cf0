"""Times that a recipe gives as epochs, `{epoch: 160}`, become the fractions of the training that losses count in.

Published recipes name epochs: LDAM-DRW defers its class weights to epoch 160 of 200. A time is that at which so many
epochs are done; 160 of 200 is then 0.8, as if that stood there.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from longtail.stages.mistakes import RecipeError
from longtail.stages.yaml_tree import Node, Steps, plain

TIMES_OF_LOSSES = ("from", "until", "weight_from")
_EPOCH = "epoch"


def lengths(tree: Node) -> dict[str, Any]:
    """What each stage says of its epochs."""
    found = {name: _entries(stage).get("epochs") for name, stage in _entries(_entries(tree).get("stages")).items()}
    return {name: node.value for name, node in found.items() if node is not None}


def epochs_to_fractions(tree: Node, epochs: Mapping[str, Any]) -> None:
    """Write the fractions into the tree; `epochs` are the stages' own, which a smoke run does not have."""
    for path, node in _times(tree):
        node.value = _fraction(node.value, epochs.get(str(path[1])), path)


def _times(tree: Node) -> Iterator[tuple[Steps, Node]]:
    """Every time that stands in a stage, and where."""
    for name, stage in _entries(_entries(tree).get("stages")).items():
        said = _entries(stage)
        if "defer" in said:
            yield ("stages", name, "defer"), said["defer"]
        for path, settings in _losses(said.get("loss")):
            for key in TIMES_OF_LOSSES:
                if key in settings:
                    yield ("stages", name, "loss", *path, key), settings[key]


def _losses(loss: Node | None) -> Iterator[tuple[Steps, dict[str, Node]]]:
    """The settings of one loss or of several."""
    if loss is not None and isinstance(loss.value, list):
        for i, each in enumerate(loss.value):
            yield from (((i, name), _entries(settings)) for name, settings in _entries(each).items())
    yield from (((name,), _entries(settings)) for name, settings in _entries(loss).items())


def _entries(node: Node | None) -> dict[str, Node]:
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _fraction(value: Any, epochs: Any, path: Steps) -> Any:
    if isinstance(value, (int, float)) and value > 1:
        raise RecipeError(
            path, f"{value} is no fraction of the training; write one from 0 to 1, or an epoch as {{epoch: {value}}}."
        )
    if not isinstance(value, dict) or set(value) != {_EPOCH}:
        return value  # a fraction, or what the schema refuses
    epoch = plain(value[_EPOCH])
    if not _is_whole(epochs):
        raise RecipeError(
            path, "names an epoch, and the stage does not say how many epochs it has; write a fraction from 0 to 1."
        )
    if not _is_whole(epoch) or epoch > epochs:
        raise RecipeError(path, f"there is no epoch {epoch}; write a whole number from 0 to {epochs}, the stage's own.")
    return epoch / max(epochs, 1)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
