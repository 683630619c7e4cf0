"""Model soups: several trainings of one network as one network, as fast as any of them (Wortsman et al. 2022).

A soup takes the members' states and what judges a state (on validation, higher is better), and gives the state and the
numbers of the members that are in it; its settings are keyword-only. A recipe names one in a stage of kind `soup`.
"""

from collections.abc import Callable
from typing import Any

from longtail.registry import Registry

SOUPS: Registry[Callable[..., Any]] = Registry("soup", "longtail.predict.soups")
