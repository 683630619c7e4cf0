"""Readers of published data sets, one file each: from the files as they are published to a `Manifest`.

A reader is a function `(root, out, *, options) -> Manifest` filed under the name that `longtail data read NAME` takes.
It may write images under `out` only when the publication has none as files (arrays); it never changes `root`.
"""

from collections.abc import Callable

from longtail.data.manifest import Manifest
from longtail.registry import Registry

READERS: Registry[Callable[..., Manifest]] = Registry("data set", "longtail.data.readers")
