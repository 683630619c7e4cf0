"""Where a student starts: random numbers, the hub, or a file of another training, perhaps at another image size.

Files may be DINOv2's, CheXFound's, RAD-DINO's (also as transformers saves it) or an own teacher's: wrappers, prefixes,
chunked blocks, registers and SwiGLU are told apart by `longtail.models.weights`, which refuses a file unless every
tensor of the backbone was found in it. DINOv2 itself cannot be continued (its issue 339); CheXFound drops the position
embeddings at a new size, which throws away what they had learned: here they are interpolated unless told otherwise.
A file gives the backbone alone: the heads of the losses begin anew, as with DINOv2's `pretrained_weights`.
"""

from pathlib import Path

from torch import nn

from longtail.errors import UserError
from longtail.models.backbones.base import Backbone
from longtail.models.backbones.building import build_backbone
from longtail.pretrain.settings import Positions


def start_from(
    name: str,
    weights: str | Path | None,
    *,
    image_size: int,
    channels: int,
    drop_path: float = 0.0,
    positions: Positions = "interpolate",
) -> Backbone:
    """The backbone `name` for images of `image_size` (and, for small views, any other) with its first weights.

    A transformer's blocks all drop their paths at `drop_path`, as DINOv2's; timm's rate rises from 0 to it.
    """
    try:
        backbone = build_backbone(
            name, weights="none", channels=channels, image_size=image_size, dynamic=True, drop_path=drop_path
        )
    except UserError as error:
        if "dynamic" not in str(error):
            raise
        raise UserError(
            f"backbone '{name}' takes images of one size only, and pre-training shows large and small views; take a CNN"
            " or a plain vision transformer such as vit_small_patch16_224."
        ) from error
    _drop_alike(backbone, drop_path)
    fresh = {key: value.clone() for key, value in backbone.state_dict().items() if key.endswith("pos_embed")}
    if weights == "pretrained":
        loaded = build_backbone(name, weights=weights, channels=channels, image_size=image_size)
        backbone.load_state_dict(loaded.state_dict())
    elif weights not in (None, "none"):
        backbone.load_file(Path(weights))
    if positions == "drop":
        backbone.load_state_dict(backbone.state_dict() | fresh)
    return backbone


def _drop_alike(backbone: nn.Module, rate: float) -> None:
    from timm.layers.drop import DropPath

    for block in list(backbone.modules()) if rate else ():
        for name in ("drop_path1", "drop_path2"):  # what timm calls them in transformers' blocks
            if hasattr(block, name):
                setattr(block, name, DropPath(rate))
