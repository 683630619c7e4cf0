"""From images to studies: one file of rules, one that applies them. Arrays alone; no torch.

A rule takes probabilities `(N, C)` and `StudyRows`, and gives `(S, C)`; its settings are keyword-only.
"""

from collections.abc import Callable
from typing import Any

from longtail.registry import Registry

STUDIES: Registry[Callable[..., Any]] = Registry("study rule", "longtail.predict.studies")
