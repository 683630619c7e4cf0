"""The kinds of stages: one file each, a function from a stage's context to the facts that its `stage.json` tells.

A kind writes whatever it makes into `context.folder`; the runner finds parents, holds the folder and declares it done.
A kind killed at any moment is called again with the same context and goes on from what lies in the folder.
"""

from collections.abc import Callable
from typing import Any

from longtail.registry import Registry

STAGE_KINDS: Registry[Callable[..., dict[str, Any]]] = Registry("stage kind", "longtail.stages.kinds")
