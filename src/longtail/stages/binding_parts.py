"""Every component of a recipe bound to its real signature: an unknown name, setting or type dies when a recipe loads.

This imports the parts, and so torch. A user's own component, by dotted path, is bound like ours.
"""

import importlib
import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, get_args

from longtail.binding_values import bind_values, fitted, settings_of
from longtail.errors import UserError, unknown_name
from longtail.registry import Entry, Registry
from longtail.stages.component import NamedPart, component
from longtail.stages.graph import OF_STAGES
from longtail.stages.mistakes import RecipeError, at
from longtail.stages.pasting import paste_settings
from longtail.stages.recipe import Best, Model, Predict, Recipe, Stage
from longtail.stages.trying_parts import try_optimizer, try_schedule, try_study, try_view

# Where each role's registry is; a role whose room is not installed is not checked.
_REGISTRIES = {
    "loss": ("longtail.losses", "LOSSES"),
    "head": ("longtail.models", "HEADS"),
    "sampler": ("longtail.sampling", "SAMPLERS"),
    "optimizer": ("longtail.stages", "OPTIMIZERS"),
    "schedule": ("longtail.stages", "SCHEDULES"),
    "kind": ("longtail.stages.kinds", "STAGE_KINDS"),
    "pretrain": ("longtail.pretrain", "METHODS"),
    "synthesize": ("longtail.augment.paste", "METHODS"),
    "soup": ("longtail.predict.soups", "SOUPS"),
    "tta": ("longtail.predict.tta", "TTA"),
    "merge": ("longtail.predict.ensembles", "ENSEMBLES"),
    "views": ("longtail.predict.view_rules", "VIEW_RULES"),
    "study": ("longtail.predict.studies", "STUDIES"),
}
# One function each, told by a name what to do: where it is, the type of its names, what a name is called.
_DECISIONS = {
    "thresholds": ("longtail.predict.thresholds", "choose_thresholds", "Rule", "threshold rule"),
    "calibration": ("longtail.predict.calibration", "fit_calibration", "Method", "calibration"),
}
# What a part is given besides its settings, by the names of its parameters.
_CONTEXT = {
    "loss": ("class_counts", "num_rows", "num_classes", "feature_dim"),
    "head": ("sizes", "num_classes", "sources"),
    "sampler": ("targets", "seed", "epoch", "epochs"),
    "optimizer": ("groups",),
    "schedule": ("total", "per_epoch", "lr"),
}
_TRIED = {"tta": try_view, "study": try_study}
_TERM = {"weight": float, "from": float, "until": float}  # a loss's own part in the sum
_EXAMPLE_COUNTS = [100, 30, 10, 3]


def bind_parts(recipe: Recipe) -> None:
    """Refuse what does not fit, at its place in the recipe."""
    with at("model"):
        _bind_model(recipe.model)
    for name, stage in recipe.stages.items():
        with at("stages", name):
            _bind_stage(stage, recipe)
    with at("predict"):
        _bind_predict(recipe.predict)


def registry_of(role: str) -> Registry[Any] | None:
    """The registry of a role, None where its room does not exist."""
    module, name = _REGISTRIES[role]
    try:
        found: Registry[Any] = getattr(importlib.import_module(module), name)
    except (ModuleNotFoundError, AttributeError):
        return None
    return found


def bind_part(role: str, part: NamedPart, *, own: Sequence[str] = ()) -> tuple[Entry[Any] | None, dict[str, Any]]:
    """The part's entry, and its settings fitted to their annotations; those in `own` belong to the recipe."""
    registry = registry_of(role)
    if registry is None:
        return None, part.settings
    entry = registry.find(part.name)
    settings = {key: value for key, value in part.settings.items() if key not in own}
    context = _CONTEXT.get(role) or _positional(entry.function)
    with _under(part, settings):
        return entry, bind_values(entry.function, settings, f"the {registry.role} '{part.name}'", context=context)


def _bind_model(model: Model) -> None:
    with at("backbone"):
        _bind_backbone(model.backbone)
    with at("head"):
        bind_part("head", model.head)
    for key in ("mean", "std"):
        with at(key):
            _bind_moment(key, model)


def _bind_moment(key: str, model: Model) -> None:
    from longtail.augment.normalize import check_moments

    if isinstance(found := getattr(model, key), list):
        valid = (1, 3) if model.channels == "auto" else (1, model.channels)
        if len(found) not in valid:
            raise UserError(f"'{key}' has {len(found)} numbers; give one, or one for each channel.")
    if found is not None:
        check_moments(0.0, found if key == "std" else 1.0)


def _bind_backbone(name: str) -> None:
    from longtail.models import BACKBONES
    from longtail.models.backbones.catalogue import is_backbone, is_dotted_path, unknown_backbone

    if is_dotted_path(name):
        BACKBONES.find(name)
    elif not is_backbone(name):
        raise unknown_backbone(name)


def _bind_stage(stage: Stage, recipe: Recipe) -> None:
    with at("kind"):
        bind_part("kind", NamedPart(stage.kind))
    _bind_method(stage)
    with at("model"):
        _bind_stage_model(stage.model, recipe.model)
    if stage.kind == "train":
        _bind_losses(stage, recipe.task)
    _bind_learning(stage)
    _bind_augment(stage)
    if stage.paste is not None:
        with _under(NamedPart("paste"), stage.paste):
            paste_settings(stage.paste)
    _bind_search(stage)
    if isinstance(stage.keep, Best) and stage.predicts:
        with at("keep", "best"):
            _check_metric(stage.keep.best, recipe.task)


def _bind_learning(stage: Stage) -> None:
    """Sampler, optimiser and schedule; what the latter two are told is within range."""
    lr = 0.0
    for role in ("sampler", "optimizer", "schedule"):
        with at(role):
            entry, bound = bind_part(role, part := getattr(stage, role))
            with _under(part, part.settings):
                if role == "optimizer" and entry is not None:
                    lr = try_optimizer(entry, bound)
                elif role == "schedule" and entry is not None:
                    try_schedule(entry, bound, lr, stage)


def _bind_stage_model(changes: Mapping[str, Any], model: Model) -> None:
    """A stage's changes make a model that could stand in the recipe."""
    from longtail.stages.checking import checked, keys_of

    for key in changes:
        if key not in keys_of(Model):
            raise RecipeError((key,), str(unknown_name("key", key, keys_of(Model))))
    if changes:
        whole = model.model_dump(mode="python", by_alias=True)
        _bind_model(checked(Model, {**whole, **changes}))


def _bind_method(stage: Stage) -> None:
    if stage.kind == "train" and stage.method is not None:
        raise RecipeError(
            ("method",), "is for stages of kind pretrain, synthesize or soup; take it out, or name the kind."
        )
    if stage.method is None or stage.kind not in _REGISTRIES:
        return
    with at("method"):
        registry = registry_of(stage.kind)
        if registry is not None:
            _bind_settings_class(registry.find(stage.method.name), stage.method)


def _bind_settings_class(entry: Entry[Any], part: NamedPart) -> None:
    """A method whose first parameter is `settings` takes the fields of that class, else its own keyword parameters."""
    first = next(iter(inspect.signature(entry.function).parameters.values()), None)
    function = first.annotation if first is not None and inspect.isclass(first.annotation) else entry.function
    settings = {key: value for key, value in part.settings.items() if key not in (*OF_STAGES, "preset")}
    with _under(part, settings):
        bound = bind_values(function, settings, f"'{part.name}'", context=_positional(function))
        if function is not entry.function:
            function(**bound)  # its own checks of ranges


def _bind_losses(stage: Stage, task: str | None) -> None:
    """Losses are of the recipe's task, and their settings are within range where that can be seen without data."""
    takers = []
    for i, part in enumerate(stage.loss or []):
        with at("loss", i):
            entry, bound = bind_part("loss", part, own=tuple(_TERM))
            assert entry is not None
            _check_task(entry, task)
            _try_loss(entry.function, bound)
            takers.append("class_weight" in settings_of(entry.function))
    _bind_times(stage)
    if stage.class_weights is not None and stage.loss and not any(takers):
        raise RecipeError(("class_weights",), "none of the stage's losses takes class weights; name one that does.")
    if isinstance(stage.class_weights, str):
        with at("class_weights"):
            _check_rule(stage.class_weights)


def _bind_times(stage: Stage) -> None:
    """When and how much each loss counts; some loss does at any time of the training."""
    from longtail.stages.loss_term import require_no_gap
    from longtail.stages.loss_term import settings_of as term_of

    times = []
    for i, part in enumerate(stage.loss or []):
        with at("loss", i), _under(part, part.settings):
            for key, hint in _TERM.items():
                if key in part.settings:
                    fitted(part.settings[key], hint, f"'{key}' of the loss '{part.name}'")
            times.append(term_of(part.settings, part.name)[2])
    if times:
        with at("loss"):
            require_no_gap(times)


def _check_task(entry: Entry[Any], task: str | None) -> None:
    tasks = entry.facts.get("task", "")
    if task is not None and tasks and task not in tasks:
        registry = registry_of("loss")
        valid = [each.name for each in registry.load().values() if task in each.facts.get("task", task)]  # type: ignore[union-attr]
        raise UserError(
            f"the loss '{entry.name}' is for {tasks} and the recipe's task is {task}; use one of {', '.join(valid)}."
        )


def _try_loss(function: Callable[..., Any], settings: Mapping[str, Any]) -> None:
    """Made once with counts of four classes: its own checks of ranges speak now. A list may be one per label: not made.

    Warnings are for the training, and a user's own loss may want more than an example.
    """
    if any(isinstance(value, (list, tuple)) for value in settings.values()) or not inspect.isclass(function):
        return
    example = {"class_counts": _EXAMPLE_COUNTS, "num_rows": 200, "num_classes": 4, "feature_dim": 8}
    names = inspect.signature(function).parameters
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        function(**{key: value for key, value in example.items() if key in names}, **settings)


def _check_metric(name: str, task: str | None) -> None:
    from longtail.stages.validation import METRICS, metric_names

    valid = {metric for kind in METRICS if task in (None, kind) for metric in metric_names(kind)}
    if name not in valid:
        raise unknown_name("validation metric", name, valid)


def _check_rule(rule: str) -> None:
    from longtail.losses.weights import WeightRule

    fitted(rule, WeightRule, "class_weights")


def _bind_augment(stage: Stage) -> None:
    from longtail.augment.building import build_mix, build_steps

    for i, spec in enumerate(stage.augment):
        with at("augment", i):
            part = _written(spec)
            with _under(part, part.settings):
                build_steps([{part.name: part.settings}])
    with at("augment"):
        build_steps(stage.augment)
    if stage.mix is not None:
        with at("mix"), _under(stage.mix, stage.mix.settings):
            build_mix({stage.mix.name: stage.mix.settings}, _EXAMPLE_COUNTS)


def _bind_search(stage: Stage) -> None:
    """Each searched setting is one of the stage's, and each value makes a stage."""
    from longtail.stages.searching import with_setting

    if stage.search is None:
        return
    for key, values in stage.search.values.items():
        for i, value in enumerate(values):
            with at("search", "values", key, i):
                _bind_searched(with_setting(stage, key, value))


def _bind_searched(stage: Stage) -> None:
    _bind_learning(stage)
    for part in stage.loss or []:
        bind_part("loss", part, own=tuple(_TERM))
    _bind_times(stage)


def _bind_predict(predict: Predict) -> None:
    from longtail.stages.graph import parts_of

    for i, view in enumerate(predict.tta):
        with at("tta", i):
            _bind_tried("tta", _written(view))
    for field, part in parts_of(predict):
        with at(field):
            (_bind_decision if field in _DECISIONS else _bind_tried)(field, part)


def _bind_tried(role: str, part: NamedPart) -> None:
    entry, bound = bind_part(role, part)
    if entry is not None and role in _TRIED:
        with _under(part, part.settings):
            _TRIED[role](entry, bound)


def decision_names(role: str) -> tuple[str, ...]:
    """What `thresholds` and `calibration` may be."""
    module, _, names, _ = _DECISIONS[role]
    return get_args(getattr(importlib.import_module(module), names))


def _bind_decision(role: str, part: NamedPart) -> None:
    module, function, _, what = _DECISIONS[role]
    if part.name not in decision_names(role):
        raise unknown_name(what, part.name, decision_names(role))
    made = getattr(importlib.import_module(module), function)
    with _under(part, part.settings):
        bound = bind_values(made, part.settings, f"the {what} '{part.name}'", context=_positional(made))
        if bound:
            made([[1.0], [0.0]], [[0.9], [0.1]], part.name, **bound)  # its own checks of ranges


def _place_in(text: str, name: str) -> int:
    return text.index(f"'{name}'")


def _written(value: Any) -> NamedPart:
    try:
        return component(value)
    except ValueError as error:
        raise UserError(f"{error}.") from error


def _positional(function: Callable[..., Any]) -> list[str]:
    """Whatever the room that owns the part fills in."""
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]


@contextmanager
def _under(part: NamedPart, settings: Mapping[str, Any]) -> Iterator[None]:
    """Mistakes that name a setting stand at that setting, others at the component."""
    try:
        yield
    except RecipeError:
        raise
    except UserError as error:
        named = [key for key in settings if f"'{key}'" in str(error)]
        key = min(named, key=partial(_place_in, str(error)), default=None)
        path = (part.name,) if key is None else (part.name, key)
        raise RecipeError(path if settings else (), str(error)) from error
