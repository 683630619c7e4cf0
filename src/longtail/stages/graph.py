"""The graph of a recipe: what each stage needs of others, in which order they run, and whether they can run at all."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from longtail.errors import listing, nearest
from longtail.stages.component import NamedPart
from longtail.stages.mistakes import RecipeError, at
from longtail.stages.recipe import Predict, Recipe, Stage
from longtail.stages.stage_checks import check_stage
from longtail.stages.yaml_tree import Steps

Needs = Literal["from", "judged_by", "add", "of", "ensemble"]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_JUDGES = "judged_by"
OF_STAGES = (_JUDGES, "like", "of")  # settings of a method that name stages


@dataclass(frozen=True)
class Link:
    """`target` needs something of `source`: weights (`from`, `of`), validation predictions (`judged_by`), images."""

    source: str
    target: str
    kind: Needs
    path: Steps  # where the recipe says so


def links(recipe: Recipe) -> list[Link]:
    """Every link between stages, in the order of the file; of `predict`, see `predict_links`."""
    return [link for name, stage in recipe.stages.items() for link in _links_of(name, stage)]


def predict_links(recipe: Recipe) -> list[Link]:
    """What `predict` needs of stages: those whose predictions it averages, and those that judge its rules."""
    predict = recipe.predict
    found = [Link(name, "predict", "ensemble", ("predict", "ensemble", i)) for i, name in enumerate(predict.ensemble)]
    return [*found, *(_judge(part, field) for field, part in parts_of(predict) if _names_judge(part))]


def parts_of(predict: Predict) -> Iterator[tuple[str, NamedPart]]:
    """The components of `predict` that have one place each."""
    for field in ("merge", "views", "study", "thresholds", "calibration"):
        if isinstance(part := getattr(predict, field), NamedPart):
            yield field, part


def parents_of(recipe: Recipe, name: str) -> list[str]:
    """The stages that must be finished before `name`, each once."""
    return list(dict.fromkeys(link.source for link in links(recipe) if link.target == name))


def hands_over_momentum(recipe: Recipe, name: str) -> bool:
    """Whether a stage of the recipe starts with the momentum that `name` ends with."""
    return any(stage.parent == name and stage.hand_over.momentum for stage in recipe.stages.values())


def order_of(recipe: Recipe) -> list[str]:
    """The stages such that each comes after all that it needs, otherwise in the order of the file."""
    needs = {name: set(parents_of(recipe, name)) for name in recipe.stages}
    done: list[str] = []
    while len(done) < len(needs):
        ready = next((name for name, of in needs.items() if name not in done and of <= set(done)), None)
        if ready is None:
            raise _circle(recipe, {name: of - set(done) for name, of in needs.items() if name not in done})
        done.append(ready)
    return done


def predicting(recipe: Recipe) -> list[str]:
    """The stages that predict: those of `predict.ensemble`, else the last one that trains."""
    if recipe.predict.ensemble:
        return list(recipe.predict.ensemble)
    return [name for name in order_of(recipe) if recipe.stages[name].predicts][-1:]


def check_graph(recipe: Recipe) -> None:
    """Refuse names that are no stages, circles, judges without validation predictions, and stages that cannot run."""
    if not recipe.stages:
        raise RecipeError(("stages",), "has no stage; write at least one, such as stages: {main: {epochs: 10}}.")
    for name in recipe.stages:
        if not _NAME.fullmatch(name):
            raise RecipeError(("stages", name), "no name for a stage; use letters, digits, - and _ (at most 64).")
    every = [*links(recipe), *predict_links(recipe)]
    for link in every:
        _check_link(recipe, link)
    order_of(recipe)
    for name, stage in recipe.stages.items():
        with at("stages", name):
            check_stage(stage, recipe)


def _links_of(name: str, stage: Stage) -> Iterator[Link]:
    if stage.parent is not None:
        yield Link(stage.parent, name, "from", ("stages", name, "from"))
    if stage.oversample is not None:
        yield Link(stage.oversample.judged_by, name, "judged_by", ("stages", name, "oversample", _JUDGES))
    for i, added in enumerate(stage.add):
        yield Link(added, name, "add", ("stages", name, "add", i))
    if stage.method is not None:
        yield from _method_links(name, stage.method)


def _method_links(name: str, method: NamedPart) -> Iterator[Link]:
    """A method may look through the eyes of a stage (`like: STAGE`), be judged by one, or be made `of` several."""
    for key in OF_STAGES:
        for source in as_names(method.settings.get(key)):
            yield Link(source, name, "of" if key == "of" else "judged_by", ("stages", name, "method", method.name, key))


def as_names(said: object) -> list[str]:
    """The names that a setting says: one, a list of them, or none."""
    if isinstance(said, str):
        return [said]
    return [each for each in said if isinstance(each, str)] if isinstance(said, (list, tuple)) else []


def _names_judge(part: NamedPart) -> bool:
    return isinstance(part.settings.get(_JUDGES), str)


def _judge(part: NamedPart, field: str) -> Link:
    return Link(part.settings[_JUDGES], "predict", "judged_by", ("predict", field, part.name, _JUDGES))


def _check_link(recipe: Recipe, link: Link) -> None:
    stages = recipe.stages
    if link.source not in stages:
        raise RecipeError(link.path, _unknown_stage(link.source, [name for name in stages if name != link.target]))
    source = stages[link.source]
    with at(*link.path):
        _CHECKS[link.kind](link.source, source)


def _unknown_stage(name: str, names: Sequence[str]) -> str:
    guess = nearest(name, names)
    hint = f" Did you mean '{guess}'?" if guess else ""
    return f"there is no stage '{name}'.{hint} Valid: {listing(names, 40) or 'none, it is the only stage'}."


def _check_from(name: str, source: Stage) -> None:
    if source.kind == "synthesize":
        raise RecipeError((), f"stage '{name}' makes images and has no weights; name a stage that trains.")


def _check_judge(name: str, source: Stage) -> None:
    _check_ensemble(name, source)
    if "val" in source.rows:
        raise RecipeError(
            (), f"stage '{name}' trains on the validation rows, so that it has no validation predictions to judge by;"
            " name another stage, or give it rows: train."
        )  # fmt: skip


def _check_added(name: str, source: Stage) -> None:
    if source.kind != "synthesize":
        raise RecipeError((), f"stage '{name}' is of kind {source.kind} and makes no images; name one of synthesize.")


def _check_ensemble(name: str, source: Stage) -> None:
    if not source.predicts:
        raise RecipeError(
            (), f"stage '{name}' is of kind {source.kind} and predicts nothing; name a stage that trains."
        )


_CHECKS: dict[Needs, Any] = {
    "from": _check_from,
    "judged_by": _check_judge,
    "add": _check_added,
    "of": _check_judge,
    "ensemble": _check_ensemble,
}


def _circle(recipe: Recipe, open_needs: Mapping[str, set[str]]) -> RecipeError:
    """Follow what is needed from the first open stage until one comes again."""
    way = [next(iter(open_needs))]
    while way[-1] not in way[:-1]:
        way.append(sorted(open_needs[way[-1]])[0])
    circle = way[way.index(way[-1]) :]
    link = next(link for link in links(recipe) if link.target == circle[0] and link.source == circle[1])
    arrows = " needs ".join(circle)
    return RecipeError(link.path, f"the stages go in a circle: {arrows}; take one of these links out.")
