"""Ways to make new training images: one file each, a function from settings and images to a folder of new ones.

Its first parameter, `settings`, is of the class whose fields a recipe's `method: {NAME: {...}}` may say. A stage of
kind `synthesize` calls it with the manifest, its prepared images, a folder of its own, the rows to use and progress;
called again with the same, it goes on from what lies in the folder. It returns the images and what to report of them.
"""

from typing import Any, NamedTuple

from longtail.data.manifest import Manifest


class Made(NamedTuple):
    """New images as a manifest, and facts for `stage.json`."""

    manifest: Manifest
    facts: dict[str, Any]
