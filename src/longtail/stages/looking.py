"""Where a run's network looked in the images that its report shows; kept in the run, for later reports."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from longtail.data.images.decode import decode
from longtail.data.images.grey_levels import window_of
from longtail.data.images.image_file import ImageError
from longtail.data.images.resize import resize
from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.predict.heatmaps import heatmaps
from longtail.stages.loaded_stage import LoadedStage

Map = npt.NDArray[np.float32]


class Looks:
    """Heat maps of a stage's model: called with a manifest's image text and a label, as `longtail.report` asks.

    `maps` holds all that were asked for. None for an image that cannot be read, a label that the stage does not know,
    and a network that has no kind of map.
    """

    def __init__(self, stage: LoadedStage, manifest: Manifest) -> None:
        self.stage = stage
        self.paths = dict(zip(manifest.table["image"], manifest.image_paths, strict=True))
        self.maps: dict[tuple[str, str], Map] = {}

    def __call__(self, image: str, label: str) -> Map | None:
        """The map `(h, w)` in 0..1."""
        if label not in self.stage.labels:
            return None
        try:
            seen = self._map(self.paths[image], self.stage.labels.index(label))
        except (ImageError, OSError, UserError):
            return None
        self.maps[image, label] = seen
        return seen

    def _map(self, path: Path, label: int) -> Map:
        stage = self.stage
        pixels = decode(path, channels=stage.channels, window=window_of(stage.window))
        levels = torch.from_numpy(np.array(resize(pixels, stage.image_size, stage.resize))).float() / 255
        image = stage.normalised(levels.permute(2, 0, 1)[None])
        return np.asarray(heatmaps(stage.model, image, [label])[0].numpy(), dtype=np.float32)
