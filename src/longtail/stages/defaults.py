"""`defaults` become part of each stage, so that from then on every stage says all that it does.

A stage's own key replaces the default's whole value (a stage with `optimizer: sgd` shares nothing with a default
`optimizer: {adamw: {lr: 0.001}}`). Defaults are of one kind of stage, `train` unless they name another.
"""

from copy import deepcopy

from longtail.stages.yaml_tree import Node


def merge_defaults(tree: Node) -> None:
    """Write the defaults into the stages of the tree, and leave none behind."""
    if not isinstance(tree.value, dict):
        return
    defaults, stages = tree.value.get("defaults"), tree.value.get("stages")
    if defaults is None or not isinstance(defaults.value, dict) or stages is None or not isinstance(stages.value, dict):
        return
    for stage in stages.value.values():
        stage.value = {} if stage.value is None else stage.value
        if isinstance(stage.value, dict) and _kind(stage) == _kind(defaults):
            missing = {key: deepcopy(value) for key, value in defaults.value.items() if key not in stage.value}
            stage.value = {**missing, **stage.value}
    if stages.value:
        del tree.value["defaults"]


def _kind(node: Node) -> object:
    kind = node.value.get("kind")
    return "train" if kind is None else kind.value
