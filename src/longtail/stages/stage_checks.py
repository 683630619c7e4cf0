"""What of a stage's settings contradicts itself; each refusal says what to write instead."""

from collections.abc import Callable, Mapping

from longtail.predict.soups.shares import shares
from longtail.stages.mistakes import RecipeError, at
from longtail.stages.recipe import Best, Recipe, Stage, Trainable

_SAID_BY_STAGE = {
    "backbone": "model: {backbone: NAME}",
    "weights": "model: {weights: FILE}, or from: STAGE",
    "drop_path": "model: {drop_path: 0.4}",
    "batch_size": "batch_size",
    "micro_batch": "micro_batch",
    "epochs": "epochs",
    "precision": "precision",
}  # of a pretrain stage's method
_ALIKE = ("image_size", "model", "rows", "drop_classes", "keep_classes", "dropped")  # of a soup and its members
_NO_CHOICE = "there are no validation rows to choose by, since this stage trains on them"


def check_stage(stage: Stage, recipe: Recipe) -> None:
    """Refuse the first contradiction."""
    for check in _CHECKS_OF_KIND.get(stage.kind, ()):
        check(stage, recipe)


def check_length(stage: Stage, _: Recipe) -> None:
    """Epochs or steps, one of them."""
    if stage.epochs is not None and stage.steps is not None:
        raise RecipeError(("steps",), "stands beside epochs; write one of them.")
    if stage.epochs is None and stage.steps is None:
        raise RecipeError((), "says neither epochs nor steps; write how long it trains, such as epochs: 10.")


def check_rows(stage: Stage, _: Recipe) -> None:
    """Splits to train on; the test split never."""
    if "test" in stage.rows:
        raise RecipeError(("rows",), "names the split test, which no stage may see; write train, or [train, val].")
    if not stage.rows or len(set(stage.rows)) < len(stage.rows):
        raise RecipeError(("rows",), "must name each split once; write train, or [train, val].")
    if stage.drop_classes is not None and stage.keep_classes is not None:
        raise RecipeError(("keep_classes",), "stands beside drop_classes; write one of them.")
    if not _at_most_one(stage.balance, stage.oversample):
        raise RecipeError(("balance",), "stands beside oversample; a stage draws its rows by one of them.")


def _at_most_one(*rules: object) -> bool:
    """Whether at most one of the rules is set."""
    return sum(rule is not None for rule in rules) <= 1


def check_hand_over(stage: Stage, recipe: Recipe) -> None:
    """Only what a parent learned can be handed over, and its momentum only to the same optimiser."""
    if stage.parent is None and (stage.hand_over.momentum or stage.hand_over.head == "reset"):
        raise RecipeError(("hand_over",), "this stage starts from no other; name one with from, or take this out.")
    parent = recipe.stages.get(stage.parent or "")
    if stage.hand_over.momentum and parent is not None and parent.kind != "train":
        raise RecipeError(
            ("hand_over", "momentum"),
            f"'{stage.parent}' is of kind {parent.kind} and hands no momentum over; write momentum: false.",
        )
    if stage.hand_over.momentum and parent is not None and parent.optimizer.name != stage.optimizer.name:
        raise RecipeError(
            ("hand_over", "momentum"),
            f"'{stage.parent}' trains with {parent.optimizer.name} and this stage with {stage.optimizer.name}, whose"
            " states differ; name the same optimizer, or write momentum: false.",
        )


def check_trainable(stage: Stage, _: Recipe) -> None:
    """One way of saying what trains."""
    if isinstance(stage.train, Trainable):
        said = [key for key in ("layers", "last_blocks", "lora") if getattr(stage.train, key) is not None]
        if len(said) != 1:
            raise RecipeError(("train",), "write all, head, or one of layers, last_blocks and lora.")
    if stage.cache == "on" and stage.train != "head":
        raise RecipeError(("cache",), "features can be computed once only where train is head; write auto.")


def check_judging(stage: Stage, _: Recipe) -> None:
    """What is chosen by validation needs validation rows, and a metric to choose by."""
    trains_on_validation = "val" in stage.rows
    if trains_on_validation and isinstance(stage.keep, Best):
        raise RecipeError(("keep",), f"{_NO_CHOICE}; write keep: last.")
    if trains_on_validation and stage.search is not None:
        raise RecipeError(("search",), f"{_NO_CHOICE}; search with rows: train, and refit: true.")
    if stage.early_stop is not None and not isinstance(stage.keep, Best):
        raise RecipeError(("early_stop",), "needs a metric to watch; write keep: {best: METRIC}.")
    if stage.search is not None and not isinstance(stage.keep, Best):
        raise RecipeError(("search",), "needs a metric to choose by; write keep: {best: METRIC}.")
    if stage.search is not None and not all(stage.search.values.values()):
        raise RecipeError(("search", "values"), "lists no values for a setting; write {setting: [value, value]}.")


def check_pretrain(stage: Stage, _: Recipe) -> None:
    """A method, which leaves to the stage and its model what those say."""
    if stage.method is None:
        raise RecipeError((), "says no method; write what it learns by, such as method: {dinov2: {}}.")
    for key, place in _SAID_BY_STAGE.items():
        if key in stage.method.settings:
            raise RecipeError(("method", stage.method.name, key), f"is said by the stage; write it as {place}.")


def check_soup(stage: Stage, recipe: Recipe) -> None:
    """At least two members, alike in all that weights and what is seen depend on; its greed needs a metric."""
    members = [] if stage.method is None else stage.method.settings.get("of")
    if not isinstance(members, list) or not all(isinstance(name, str) for name in members) or len(members) < 2:
        raise RecipeError(("method",), "must name two stages or more: method: {uniform: {of: [a, b]}}.")
    if len(set(members)) < len(members):
        raise RecipeError(("method",), "names a stage twice; name each once, or give it more weight.")
    if stage.parent is not None:
        raise RecipeError(("from",), "is for stages that learn; a soup has its weights of the stages in 'of'.")
    weights = None if stage.method is None else stage.method.settings.get("weights")
    if isinstance(weights, list) and all(isinstance(each, (int, float)) for each in weights):  # else told by its type
        with at("method"):
            shares(weights, len(members))
    for name in members:
        _check_member(stage, name, recipe.stages[name])


def _check_member(stage: Stage, name: str, member: Stage) -> None:
    for key in _ALIKE:
        own, other = getattr(stage, key), getattr(member, key)
        if own != other:
            raise RecipeError((key,), f"is {own} and that of the soup's member '{name}' is {other}; write the same.")
    if _levels(stage) != _levels(member):
        raise RecipeError(("augment",), f"has not the levels (normalize, min_max) of the soup's member '{name}'.")
    if member.search is not None and member.search.refit:
        raise RecipeError(("method",), f"'{name}' was refitted on the validation rows, which can't judge the soup.")


def _levels(stage: Stage) -> list[object]:
    named = [each if isinstance(each, Mapping) else {each: None} for each in stage.augment]
    return [each for each in named if set(each) & {"normalize", "min_max"}]


def check_synthesize(stage: Stage, _: Recipe) -> None:
    """A method, and training rows alone: images made of validation rows would leak into whatever adds them."""
    if stage.method is None:
        raise RecipeError((), "says no method; write what it does, such as method: {lesion_paste: {on_normal: 1000}}.")
    if stage.rows != ["train"]:
        raise RecipeError(("rows",), "images are made of the training rows alone; write rows: train.")


def check_paste(stage: Stage, _: Recipe) -> None:
    """Pasting in the batch needs whole labels, and images that are read anew in each epoch."""
    if stage.paste is None:
        return
    if stage.drop_classes is not None or stage.keep_classes is not None:
        raise RecipeError(("paste",), "stands beside dropped classes, whose findings it would paste; take one out.")
    if stage.train == "head" and stage.cache != "off":
        raise RecipeError(("paste",), "needs images, and a head may be trained on cached features; write cache: off.")


_CHECKS_OF_KIND: dict[str, tuple[Callable[[Stage, Recipe], None], ...]] = {
    "train": (check_length, check_rows, check_hand_over, check_trainable, check_judging, check_paste),
    "pretrain": (check_length, check_rows, check_pretrain),
    "synthesize": (check_synthesize,),
    "soup": (check_rows, check_soup),
}
