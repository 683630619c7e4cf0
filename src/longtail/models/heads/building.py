"""Building a head by name."""

import inspect
from typing import Any

from longtail.errors import UserError, unknown_name
from longtail.models import HEADS
from longtail.models.features import FeatureSizes
from longtail.models.heads.base import Head


def build_head(name: str, sizes: FeatureSizes, num_classes: int, **options: Any) -> Head:
    """The head called `name` for features of `sizes` (`backbone.sizes`); an unknown option names the valid ones."""
    function = HEADS.find(name).function
    valid = [p.name for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]
    for option in options:
        if option not in valid:
            raise unknown_name("option", option, valid, f"head '{name}'")
    if inspect.isabstract(function):
        lacking = ", ".join(sorted(getattr(function, "__abstractmethods__", ())))
        raise UserError(f"head '{name}' lacks the methods {lacking}; every head has them (see longtail.models.Head).")
    return function(sizes, num_classes, **options)  # type: ignore[no-any-return]  # the registry holds any callable
