"""Rules that change an image's predictions by what other views of its study say; chosen on validation predictions.

A rule takes `(predictions, judge)` and gives `Viewed`; its settings are keyword-only.
"""

from collections.abc import Callable
from typing import Any

from longtail.registry import Registry

VIEW_RULES: Registry[Callable[..., Any]] = Registry("view rule", "longtail.predict.view_rules")
