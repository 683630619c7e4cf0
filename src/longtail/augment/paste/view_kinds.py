"""Kinds of view: a patch of a frontal film belongs on no lateral one."""

import numpy as np
import numpy.typing as npt

from longtail.data.manifest import Manifest

_FRONTAL = {"PA", "AP", "FRONTAL", "AP AXIAL", "PA LLD", "AP LLD", "AP RLD", "AP HORIZONTAL", "ANTEROPOSTERIOR"}
_LATERAL = {"L", "LL", "RL", "LATERAL", "XTABLE LATERAL"}


def view_kinds(manifest: Manifest) -> npt.NDArray[np.int64]:
    """A number for each row `(N,)`: all frontal views are of one kind, all lateral ones too, any other of its own."""
    if not manifest.has("view"):
        return np.zeros(len(manifest), dtype=np.int64)
    kinds = [kind_of_view(str(view)) for view in manifest.column("view")]
    return np.asarray(np.unique(kinds, return_inverse=True)[1], dtype=np.int64)


def kind_of_view(view: str) -> str:
    """`frontal`, `lateral`, or the view's own name."""
    plain = view.strip().upper().replace("_", " ").replace("-", " ")
    if plain in _FRONTAL:
        return "frontal"
    return "lateral" if plain in _LATERAL or "LATERAL" in plain else plain
