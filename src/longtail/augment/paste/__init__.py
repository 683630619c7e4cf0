"""Diseased-area augmentation: findings cut out by their boxes and pasted where they belong, labels kept together.

Offline `synthesize(manifest, prepared, out, settings)` writes images, rows and a report; `PasteInBatch` does it to
uint8 batches while training. Plan, geometry, pixels and labels are files of their own. Nothing here needs torch.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from longtail.registry import Registry
from longtail.rooms import door

if TYPE_CHECKING:  # for type checkers and editors; see longtail.rooms
    from longtail.augment.paste.bank import PatchBank as PatchBank
    from longtail.augment.paste.bank import patch_bank as patch_bank
    from longtail.augment.paste.blending import paste_patch as paste_patch
    from longtail.augment.paste.in_batch import Pasted as Pasted
    from longtail.augment.paste.in_batch import PasteInBatch as PasteInBatch
    from longtail.augment.paste.making import synthesize as synthesize
    from longtail.augment.paste.parents import leaking_parents as leaking_parents
    from longtail.augment.paste.parents import with_pasted as with_pasted
    from longtail.augment.paste.planning import plan_pastes as plan_pastes
    from longtail.augment.paste.pool import Pool as Pool
    from longtail.augment.paste.pool import paste_pool as paste_pool
    from longtail.augment.paste.settings import PasteSettings as PasteSettings

METHODS: Registry[Callable[..., Any]] = Registry("method of making images", "longtail.augment.paste.methods")

__getattr__, __dir__ = door(__name__, of_parts=True)
