"""From a planned paste to pixels."""

from collections.abc import Sequence

import numpy as np

from longtail.augment.paste.blending import Image, paste_patch
from longtail.augment.paste.placing import Placed
from longtail.augment.paste.planning import Paste, Way
from longtail.augment.paste.pool import Pool
from longtail.augment.paste.settings import PasteSettings
from longtail.augment.paste.unions import box_of


def pasted_image(pool: Pool, settings: PasteSettings, paste: Paste) -> Image:
    """The image of a paste, `(H, W, C)` uint8."""
    image = np.array(pool.pixels(paste.background))
    lay_over(image, pool, settings, paste.way, paste.placed)
    return image


def lay_over(image: Image, pool: Pool, settings: PasteSettings, way: Way, placed: Sequence[Placed]) -> None:
    """Paste patches into an image, in place: opaque on a normal one, blended on one with a tail finding."""
    for one in placed:
        paste_patch(
            image,
            one.box,
            pool.pixels(int(pool.bank.rows[one.patch])),
            box_of(pool.bank, one.patch),
            weight=1.0 if way == "normal" else settings.patch_weight,
            soft_edge=settings.soft_edge,
            intensity=settings.intensity,
            mirror=one.mirror,
        )
