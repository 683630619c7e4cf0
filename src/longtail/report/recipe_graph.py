"""The graph of a run: a node for each stage of its recipe with what it did, arrows for what stages hand over."""

from collections.abc import Mapping
from typing import Any

from longtail.report.graph_svg import Edge, EdgeKind, Node
from longtail.report.run_folder import RunFolder, StageFacts

_ACCENTS = {"train": "s0", "pretrain": "s4", "synthesize": "s1", "soup": "s3"}
PREDICT = "predictions"


def recipe_graph(run: RunFolder) -> tuple[list[Node], list[Edge]]:
    """Nodes and edges of the recipe (`from`, `judged_by`, `add`, and the stages that predict)."""
    settings = run.recipe.get("stages")
    stages = settings if isinstance(settings, dict) else {stage.name: stage.facts for stage in run.stages}
    done = {stage.name: stage for stage in run.stages}
    nodes = [_node(name, said if isinstance(said, dict) else {}, done.get(name)) for name, said in stages.items()]
    edges: list[Edge] = []
    for name, said in stages.items():
        edges += _edges(name, said) if isinstance(said, dict) else []
    predict = run.recipe.get("predict")
    if stages:
        nodes.append(_predict_node(predict if isinstance(predict, dict) else {}))
        ensemble = _names(predict.get("ensemble")) if isinstance(predict, dict) else []
        edges += [Edge(name, PREDICT, "ensemble") for name in ensemble or [list(stages)[-1]]]
    return nodes, edges


def _edges(name: str, said: Mapping[str, Any]) -> list[Edge]:
    """What a stage's settings say of other stages, also what a soup is made of."""
    kinds: tuple[tuple[EdgeKind, Any], ...] = (
        ("from", said.get("from", said.get("parent"))), ("judged_by", list(_judges(said))), ("add", said.get("add")),
        ("from", _members(said)),
    )  # fmt: skip
    return [Edge(source, name, kind) for kind, value in kinds for source in dict.fromkeys(_names(value))]


def _members(said: Mapping[str, Any]) -> list[str]:
    method = said.get("method")
    parts = method.values() if isinstance(method, Mapping) else ()
    return [name for part in parts if isinstance(part, Mapping) for name in _names(part.get("of"))]


def _judges(value: Any) -> list[str]:
    if not isinstance(value, Mapping):
        return []
    own = _names(value.get("judged_by"))
    return own + [name for part in value.values() for name in _judges(part)]


def _names(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [str(one) for one in value] if isinstance(value, (list, tuple)) else []


def _node(name: str, said: Mapping[str, Any], stage: StageFacts | None) -> Node:
    kind = str(said.get("kind", "train"))
    facts = stage.facts if stage else {}
    lines = [_shape(said), _learning(said), _outcome(facts), "from the store" if facts.get("reused_from") else ""]
    shown = ([] if kind == "train" else [kind]) + [line for line in lines if line]
    return Node(name, tuple(shown[:4]), _ACCENTS.get(kind, "s5"))


def _shape(said: Mapping[str, Any]) -> str:
    size, batch = said.get("image_size"), said.get("batch_size")
    parts = [f"{size} px" if size else "", f"batch {batch}" if batch else ""]
    return ", ".join(part for part in parts if part)


def _learning(said: Mapping[str, Any]) -> str:
    """The loss, and what trains where that is not all of it."""
    losses = said.get("loss")
    names = [_part_name(loss) for loss in (losses if isinstance(losses, list) else [losses]) if loss]
    train = said.get("train")
    return ", ".join([" + ".join(names)] * bool(names) + ([f"trains the {train}"] if train == "head" else []))


def _part_name(part: Any) -> str:
    """The name of a component however it is written: `bce`, `{bce: {...}}`, `{name: bce, ...}`."""
    if isinstance(part, Mapping):
        return str(part.get("name") or next(iter(part), ""))
    return str(part)


def _outcome(facts: Mapping[str, Any]) -> str:
    kept = facts.get("kept")
    if not isinstance(kept, Mapping) or not isinstance(kept.get("value"), (int, float)):
        return ""
    epoch = f", epoch {kept['epoch']}" if "epoch" in kept else ""
    return f"{kept.get('metric', 'value')} {kept['value']:.3f}{epoch}"


def _predict_node(predict: Mapping[str, Any]) -> Node:
    stages = _names(predict.get("ensemble"))
    moves = [_part_name(step) for step in predict.get("tta") or [] if _part_name(step) != "identity"]
    lines = [f"{_part_name(predict.get('merge') or 'mean')} of {len(stages)} stages" if len(stages) > 1 else ""]
    lines += [f"also seen: {', '.join(moves)}" if moves else ""]
    lines += [f"{key}: {_part_name(predict[key])}" for key in ("views", "study", "calibration") if predict.get(key)]
    return Node(PREDICT, tuple(line for line in lines if line), "s2")
