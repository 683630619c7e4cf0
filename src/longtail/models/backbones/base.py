"""The one interface of every backbone."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from pathlib import Path

from torch import Tensor, nn

from longtail.models.features import POOLED, Features, FeatureSizes, Want
from longtail.models.weights.fitting import fit, load_fitted
from longtail.models.weights.reading import read_state


class Backbone(nn.Module, ABC):
    """Images to features. `forward` computes what several heads want in one pass; the short names ask for one kind."""

    name: str
    sizes: FeatureSizes
    mean: tuple[float, ...]  # of the pixels in [0, 1] that the weights were trained on, one a channel
    std: tuple[float, ...]
    licence: str  # of the weights
    image_size: tuple[int, int] | None  # height and width when only one size fits, else None

    @abstractmethod
    def forward(self, images: Tensor, wants: Collection[Want] = POOLED) -> Features:
        """Normalised images `(B, C, H, W)` to the features named in `wants`, each computed once."""

    @property
    def width(self) -> int:
        """D of the pooled features."""
        return self.sizes.width

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of the stage maps, finest first."""
        return self.sizes.channels

    def pooled(self, images: Tensor) -> Tensor:
        """`(B, C, H, W)` to `(B, D)`."""
        return self(images, {"pooled"}).pooled  # type: ignore[no-any-return]  # nn.Module calls are untyped

    def maps(self, images: Tensor) -> list[Tensor]:
        """`(B, C, H, W)` to a list of `(B, C_i, H_i, W_i)`, finest first."""
        return self(images, {"maps"}).maps  # type: ignore[no-any-return]

    def tokens(self, images: Tensor) -> Tensor:
        """`(B, C, H, W)` to `(B, T, D)`, class and register tokens first."""
        return self(images, {"tokens"}).tokens  # type: ignore[no-any-return]

    def load_file(self, path: Path) -> None:
        """Take the weights of a local file; an error when not every tensor of the backbone is there and fits."""
        self.load_state(read_state(path), str(path))

    def load_state(self, state: Mapping[str, Tensor], source: str) -> None:
        """Take the weights of a state dict that came from `source` (for the error)."""
        load_fitted(self, fit(state, self.state_dict(), f"backbone '{self.name}'", source))
