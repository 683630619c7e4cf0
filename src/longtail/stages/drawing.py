"""A recipe's graph in words: a tree for the terminal, and the boxes and arrows of the SVG."""

from collections.abc import Mapping, Sequence
from typing import Any

from longtail.report.graph_svg import Edge, Node, graph_svg
from longtail.stages.component import component
from longtail.stages.graph import Link, links, order_of, parts_of, predict_links, predicting
from longtail.stages.planning import StagePlan
from longtail.stages.recipe import Recipe, Stage


def graph_lines(recipe: Recipe, plans: Sequence[StagePlan] = ()) -> list[str]:
    """The graph as lines: each stage below the one whose weights it starts from, with what else it needs."""
    told = {each.name: each for each in plans}
    roots = [name for name in order_of(recipe) if recipe.stages[name].parent is None]
    lines = [line for name in roots for line in _branch(recipe, name, told, "", "", "")]
    return [*lines, f"predicts: {prediction_in_words(recipe)}"]


def recipe_svg(recipe: Recipe) -> str:
    """The graph as the text of an SVG file."""
    nodes = [Node(name, tuple(stage_in_words(recipe.stages[name]).split("; "))) for name in order_of(recipe)]
    members = predicting(recipe)
    every = (*links(recipe), *predict_links(recipe))
    found = [Edge(link.source, link.target, "from" if link.kind == "of" else link.kind) for link in every]
    if not recipe.predict.ensemble:
        found += [Edge(name, "predict", "ensemble") for name in members]
    about = tuple(prediction_in_words(recipe).split("; ")[1:])
    return graph_svg([*nodes, Node("predict", about, "s2")], found)


def stage_in_words(stage: Stage) -> str:
    """What sets a stage apart, shortly: `224 px, batch 64, 30 epochs; head only; sampler class_aware`."""
    parts = [_size(stage), *_learning(stage), *_rows(stage)]
    return "; ".join(part for part in parts if part)


def prediction_in_words(recipe: Recipe) -> str:
    """How predictions come about: `mean of a, b; tta identity, hflip`."""
    predict, members = recipe.predict, predicting(recipe)
    names = ", ".join(members) or "no stage"
    parts = [f"{predict.merge.name} of {names}" if len(members) > 1 else names]
    if predict.tta not in ([], ["identity"]):
        parts.append(f"tta {', '.join(_view(view) for view in predict.tta)}")
    parts += [f"{field} {part.name}" for field, part in parts_of(predict) if field != "merge"]
    return "; ".join(parts)


def _branch(recipe: Recipe, name: str, told: Mapping[str, StagePlan], lead: str, mark: str, below: str) -> list[str]:
    """A stage's line, and those of the stages that start from it."""
    children = [each for each in order_of(recipe) if recipe.stages[each].parent == name]
    lines = [f"{lead}{mark}{name}  {_line(recipe, name, told.get(name))}"]
    for child in children:
        last = child == children[-1]
        lines += _branch(recipe, child, told, lead + below, "└─ " if last else "├─ ", "   " if last else "│  ")
    return lines


def _line(recipe: Recipe, name: str, told: StagePlan | None) -> str:
    others = [link for link in links(recipe) if link.target == name and link.kind != "from"]
    parts = [stage_in_words(recipe.stages[name]), *(_link(link) for link in others)]
    if told is not None and told.reused:
        parts.append("finished, would be reused")
    return "; ".join(part for part in parts if part)


def _link(link: Link) -> str:
    words = {"judged_by": "judged by", "add": "adds images of", "of": "with the weights of"}
    return f"{words[link.kind]} {link.source}"


def _size(stage: Stage) -> str:
    length = f"{stage.steps:,} steps" if stage.steps is not None else ""
    length = f"{stage.epochs:,} epoch{'' if stage.epochs == 1 else 's'}" if stage.epochs is not None else length
    kind = "" if stage.kind == "train" else f"{stage.kind} {stage.method.name if stage.method else ''}".strip()
    words = [kind, f"{stage.image_size} px", f"batch {stage.batch_size}" if stage.kind != "synthesize" else "", length]
    return ", ".join(word for word in words if word)


def _learning(stage: Stage) -> list[str]:
    found = ["head only"] if stage.train == "head" else []
    if stage.loss is not None and [part.name for part in stage.loss] != ["bce"]:
        found.append(" + ".join(part.name for part in stage.loss))
    if stage.class_weights is not None:
        late = f" from {stage.defer:.0%} on" if stage.defer else ""
        found.append(f"weights {stage.class_weights if isinstance(stage.class_weights, str) else 'by class'}{late}")
    return [*found, f"mix {stage.mix.name}" if stage.mix else ""]


def _rows(stage: Stage) -> list[str]:
    found = [f"sampler {stage.sampler.name}"] if stage.sampler.name != "instance" else []
    for what, classes in (("drops", stage.drop_classes), ("keeps", stage.keep_classes)):
        if classes is not None:
            found.append(f"{what} {classes if isinstance(classes, str) else ', '.join(map(str, classes))}")
    if stage.balance is not None:
        found.append(f"{stage.balance.per_class:,} images a class")
    if stage.oversample is not None:
        found.append(f"labels below AP {stage.oversample.below_ap:g} x{stage.oversample.copies}")
    return found


def _view(view: Any) -> str:
    """As on the command line: `shift,x=0.1`."""
    part = component(view)
    return ",".join([part.name, *(f"{key}={value}" for key, value in part.settings.items())])
