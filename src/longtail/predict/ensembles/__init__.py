"""One prediction out of several: of stages, runs, folds, seeds or files. Arrays alone; no torch.

A merge takes the members' probabilities `(M, N, C)` and a `Judge` (their validation predictions, or None), and gives
`Merged`; its settings are keyword-only.
"""

from collections.abc import Callable
from typing import Any

from longtail.registry import Registry

ENSEMBLES: Registry[Callable[..., Any]] = Registry("ensemble", "longtail.predict.ensembles")
