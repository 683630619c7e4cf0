"""Min-max rescaling in the list of steps: each channel of each image is stretched to the whole range.

As the CheXFound classifiers do before normalising (P4; methods B16). It is made together with the normalisation, in
float, so nothing is rounded; therefore no step that changes pixels may come after it.
"""

from dataclasses import dataclass

from longtail.augment import AUGMENTATIONS


@AUGMENTATIONS.register("min_max", kind="levels", code="CheXFound per-channel rescaling")
@dataclass(frozen=True, kw_only=True)
class MinMax:
    """Stretch each channel of every image to [0, 1], just before normalising; an image of one level becomes 0."""
