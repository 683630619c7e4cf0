"""From many labels to one class: the images that show exactly one of them.

So X-ray9 was made from ChestX-ray14 (Zeng et al., metric learning inside two-stage training): images with one disease.
An image with an unknown label is left out too, since it may show a second one.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from longtail.data.manifest import Manifest
from longtail.errors import UserError, unknown_name


def single(manifest: Manifest, labels: Sequence[str] | None = None) -> Manifest:
    """The images on which exactly one label is present and all others absent, as classes.

    `labels` are the classes (default: all labels that are alone on some image); images whose one label is another one
    go. Boxes of other labels than an image's class cannot be: they go with their images.
    """
    if manifest.task == "singlelabel":
        raise UserError("this manifest has one class per image already; leave out this step.")
    for name in labels or ():
        if name not in manifest.labels:
            raise unknown_name("label", name, manifest.labels, "the manifest")
    states = manifest.one_hot
    alone = (np.nan_to_num(states, nan=2.0).sum(axis=1) == 1) & ~np.isnan(states).any(axis=1)
    which = np.where(alone, np.nan_to_num(states).argmax(axis=1), -1)
    kept = list(labels) if labels else [name for i, name in enumerate(manifest.labels) if (which == i).any()]
    place = np.full(len(manifest.labels) + 1, -1, dtype=np.int64)
    for i, name in enumerate(kept):
        place[manifest.labels.index(name)] = i
    classes = place[which]
    if len(set(classes[classes >= 0].tolist())) < max(len(kept), 2):
        empty = [name for i, name in enumerate(kept) if not (classes == i).any()]
        told = f"'{empty[0]}' is" if empty else "fewer than two labels are"
        raise UserError(f"{told} never alone on an image; choose other classes.")
    chosen = manifest.select(np.flatnonzero(classes >= 0))
    return replace(chosen, labels=tuple(kept), targets=classes[classes >= 0])
