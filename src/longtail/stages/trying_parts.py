"""Parts tried with a small example when a recipe is bound: their own checks of ranges speak then, not hours later."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from inspect import Parameter, signature
from typing import Any

import numpy as np
import torch
from torch import nn

from longtail.errors import UserError
from longtail.registry import Entry
from longtail.stages.optimizers.groups import ParamGroup, check_ranges
from longtail.stages.recipe import Stage

Settings = Mapping[str, Any]
_PER_EPOCH = 10  # steps of the example


def try_optimizer(entry: Entry[Any], settings: Settings) -> float:
    """The learning rate that it would have. One of ours is not made, which would cost a second of torch's time."""
    if "." not in entry.name:
        whole = {**_defaults(entry.function), **settings}
        check_ranges(**whole)
        return float(whole["lr"])
    weights = tuple((name, nn.Parameter(torch.zeros(2, 2))) for name in ("backbone.weight", "head.weight"))
    biases = (("head.bias", nn.Parameter(torch.zeros(2))),)
    groups = [ParamGroup(1.0, True, weights), ParamGroup(1.0, None, biases)]
    return rate_of(made_optimizer(entry, groups, settings), entry.name)


def made_optimizer(entry: Entry[Any], groups: list[ParamGroup], settings: Settings) -> torch.optim.Optimizer:
    """The optimiser of some groups; whatever it raises is told as a mistake in its settings."""
    with _told(f"the optimizer '{entry.name}'", settings):
        made = entry.function(groups, **settings)
    if not isinstance(made, torch.optim.Optimizer):
        raise UserError(
            f"the optimizer '{entry.name}' gives a {type(made).__name__}; give one that extends torch.optim.Optimizer."
        )
    return made


def rate_of(optimizer: torch.optim.Optimizer, name: str) -> float:
    """The rate that schedules start from."""
    if "lr" not in optimizer.defaults:
        raise UserError(f"the optimizer '{name}' has no default 'lr', which a schedule starts from; give it one.")
    return float(optimizer.defaults["lr"])


def try_schedule(entry: Entry[Any], settings: Settings, lr: float, stage: Stage) -> None:
    """Its rates at the beginning, in the middle and at the end are rates."""
    total = max(stage.steps or _PER_EPOCH * (stage.epochs or 1), 1)
    with _told(f"the schedule '{entry.name}'", settings):
        rate = entry.function(total, _PER_EPOCH, lr, **settings)
        found = [float(rate(step)) for step in (0, total // 2, total - 1)]
    if odd := [each for each in found if not 0 <= each < math.inf]:
        raise UserError(f"the schedule '{entry.name}' comes to the rate {odd[0]:g}; rates are 0 or more.")


def try_view(entry: Entry[Any], settings: Settings) -> None:
    """A view of an example image; what else one's own view may ask of an image is left to it."""
    _try(entry, torch.zeros(1, 3, 8, 8), settings=settings)


def try_study(entry: Entry[Any], settings: Settings) -> None:
    """A rule on a study of two images, a frontal and a lateral one."""
    from longtail.predict.studies.study_rows import study_rows

    _try(entry, np.full((2, 3), 0.5), study_rows(["a", "a"], np.array([0, 1], dtype=np.int8)), settings=settings)


def _try(entry: Entry[Any], *example: Any, settings: Settings) -> None:
    """What a part says of its settings counts; other exceptions may be of the example."""
    said = None
    with suppress(Exception):
        try:
            entry.function(*example, **settings)
        except UserError as error:
            said = error
    if said is not None:
        raise said


def _defaults(function: Callable[..., Any]) -> dict[str, Any]:
    parameters = signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is not Parameter.empty}


@contextmanager
def _told(what: str, settings: Settings) -> Iterator[None]:
    """Any exception as a sentence, at the setting that it names, where it names one."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        named = next((f"'{key}' of " for key in settings if key in str(error)), "")
        raise UserError(
            f"{named}{what} does not fit ({type(error).__name__}: {error}); correct its settings, or its code."
        ) from error
