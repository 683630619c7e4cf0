"""One kind of mistake in a manifest."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Problem:
    """One kind of mistake in a manifest: how often it occurs and a sentence naming the first places."""

    kind: str
    severity: Literal["error", "warning"]
    count: int
    message: str
