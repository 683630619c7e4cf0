"""Test-time augmentation: views of a batch by name, and the merge of their predictions. The one part that needs torch.

A view takes images `(B, C, H, W)` in [0, 1] and gives a list of batches of the same shape; its settings are
keyword-only. Nothing is drawn at random.
"""

from collections.abc import Callable
from typing import Any

from longtail.registry import Registry

TTA: Registry[Callable[..., Any]] = Registry("TTA view", "longtail.predict.tta")
