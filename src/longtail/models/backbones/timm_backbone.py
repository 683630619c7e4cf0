"""Any timm backbone behind the one interface.

timm (huggingface/pytorch-image-models, Apache-2.0) has 1,300 architectures, all with `forward_features`,
`forward_head(pre_logits=True)` and, but for a few in older versions, `forward_intermediates`. What is settled here:

- Pooled features are what timm's own classifier sees. Their width is `head_hidden_size`, not `num_features`:
  mobilenetv3_small_050 has 1024 and 288.
- Stage maps are one per stride, the last there: TResNet gives its stem and its first stage at stride 4, only the
  latter counts. Where every block has the same stride (plain vision transformers), they are the last four blocks,
  after the final norm.
- Tokens are the last features: class and register tokens first, then places row by row. A CNN's are its last map's.
- The licence shown is that of the weights, from timm's table.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from longtail.errors import UserError
from longtail.models.backbones.base import Backbone
from longtail.models.backbones.catalogue import levels
from longtail.models.backbones.conversion import conversion_of
from longtail.models.features import POOLED, Features, FeatureSizes, Want, checked_wants
from longtail.models.weights.fitting import fit, load_fitted
from longtail.models.weights.hub import hub_overlay, no_weights

# TResNet's table of strides begins with 2, but folding 4 x 4 pixels into channels makes it 4 from the start.
_TRUE_STRIDES = {"TResNet": (4, 4, 8, 16, 32)}
# Class tokens that no attribute tells of, and models whose last features are no tokens of the last map's places.
_TRUE_PREFIX = {"CoaT": 1}
_NO_TOKENS = ("PoolingVisionTransformer", "MobileNetV5")
_BLOCKS = 4  # how many maps a backbone of one stride gives
_OURS = {"img_size": "image_size", "dynamic_img_size": "dynamic", "drop_path_rate": "drop_path"}


class TimmBackbone(Backbone):
    """A timm model without its classifier. `map_indices` picks other stage maps (timm's indices) than the default."""

    def __init__(
        self,
        name: str,
        *,
        pretrained: bool = False,
        channels: int = 3,
        image_size: int | tuple[int, int] | None = None,
        dynamic: bool = False,
        drop_path: float = 0.0,
        map_indices: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        cfg = pretrained_cfg(name)
        size = (image_size, image_size) if isinstance(image_size, int) else image_size
        options = _options(cfg, size, dynamic, drop_path)
        overlay = {"pretrained_cfg_overlay": hub_overlay(name, cfg)} if pretrained else {}
        self.name, self.input_channels = name, channels
        self.model = _created(name, pretrained=pretrained, in_chans=channels, num_classes=0, **options, **overlay)
        self.mean, self.std = levels(cfg.mean, channels), levels(cfg.std, channels)
        self.licence = (cfg.license or "not stated") if pretrained else "none: no published weights"
        self.image_size = None if dynamic or not cfg.fixed_input_size else size or tuple(cfg.input_size[-2:])
        self.map_indices, self.sizes = _sizes(self.model, map_indices, name)
        self._fold = _patch(self.model) if cfg.fixed_input_size else (1, 1)
        self._check_fold(size)
        self._normed = _one_stride(self.model) and hasattr(self.model, "norm")

    def forward(self, images: Tensor, wants: Collection[Want] = POOLED) -> Features:
        """Normalised images `(B, C, H, W)` to features."""
        wants = checked_wants(wants)
        self._check(images)
        if "blocks" in wants:
            return self._with_blocks(images, wants)
        if "maps" not in wants:
            return self._features(self.model.forward_features(images), None, wants)
        return self._features(*self._final_and_maps(images, only=wants == {"maps"}), wants)

    def load_state(self, state: Mapping[str, Tensor], source: str) -> None:
        """Take a file's weights: in timm's format or one that timm converts, of three channels or one."""
        cfg = self.model.pretrained_cfg
        fitted = fit(
            state,
            self.model.state_dict(),
            f"backbone '{self.name}'",
            source,
            convert=conversion_of(self.name, self.model),
            classifiers=_names(cfg.get("classifier")),
            stems=_names(cfg.get("first_conv")),
        )
        load_fitted(self.model, fitted)
        self.licence = f"not known: {source}"

    def _final_and_maps(self, images: Tensor, *, only: bool) -> tuple[Any, list[Tensor]]:
        """The last features (None when `only` maps are wanted) and the stage maps, from one forward."""
        if not self.map_indices:
            raise UserError(f"backbone '{self.name}' gives no stage maps in this version of timm; update timm.")
        if not hasattr(self.model, "forward_intermediates"):
            return hooked(self.model, images, self.map_indices, self.name)
        found = self.model.forward_intermediates(
            images,
            indices=list(self.map_indices),
            norm=self._normed,
            output_fmt="NCHW",
            intermediates_only=only,
        )
        return (None, found) if only else found

    def _with_blocks(self, images: Tensor, wants: Collection[Want]) -> Features:
        """Also every block's prefix tokens, which maps have no place for; the maps are their patches."""
        if not (self._normed and self.sizes.prefix_tokens):
            raise UserError(f"backbone '{self.name}' has no blocks with a class token; take a vision transformer.")
        final, found = self.model.forward_intermediates(
            images, indices=list(self.map_indices), norm=True, output_fmt="NCHW", return_prefix_tokens=True
        )
        told = self._features(final, [patches for patches, _ in found] if "maps" in wants else None, wants)
        blocks = [torch.cat([prefix, patches.flatten(2).transpose(1, 2)], 1) for patches, prefix in found]
        return told.with_blocks(blocks)

    def _features(self, final: Any, maps: list[Tensor] | None, wants: Collection[Want]) -> Features:
        return Features(
            pooled=self.model.forward_head(final, pre_logits=True) if "pooled" in wants else None,
            maps=maps,
            tokens=self._as_tokens(final) if "tokens" in wants else None,
        )

    def _as_tokens(self, final: Any) -> Tensor:
        """`(B, T, D)` of `(B, T, D)`, `(B, D, H, W)` or `(B, H, W, D)`."""
        if not isinstance(final, Tensor) or type(self.model).__name__ in _NO_TOKENS:
            raise UserError(f"backbone '{self.name}' has no single set of tokens; take a head on pooled features.")
        if final.ndim == 3:
            return final
        if getattr(self.model, "output_fmt", "NCHW") == "NHWC":
            return final.flatten(1, 2)
        return final.flatten(2).transpose(1, 2)

    def _check(self, images: Tensor) -> None:
        """Refuse images of another size or number of channels in words, before a layer does in numbers."""
        if images.ndim != 4 or images.shape[1] != self.input_channels:
            raise UserError(
                f"backbone '{self.name}' was built for images (B, {self.input_channels}, H, W) and got"
                f" {tuple(images.shape)}; build it with channels={images.shape[1] if images.ndim == 4 else 'C'}."
            )
        size = (int(images.shape[2]), int(images.shape[3]))
        if self.image_size is not None and size != tuple(self.image_size):
            raise UserError(
                f"backbone '{self.name}' takes {_by(self.image_size)} images and got {_by(size)}; build it with that"
                " image_size, or with dynamic=True for any size."
            )
        self._check_fold(size)

    def _check_fold(self, size: tuple[int, int] | None) -> None:
        if size is not None and any(side % fold for side, fold in zip(size, self._fold, strict=True)):
            near = [max(1, round(side / fold)) * fold for side, fold in zip(size, self._fold, strict=True)]
            raise UserError(
                f"backbone '{self.name}' cuts images into patches of {_by(self._fold)}, which {_by(size)} is no"
                f" multiple of; take {_by(near)}."
            )


def pretrained_cfg(name: str) -> Any:
    """timm's table entry for `architecture` or `architecture.tag`; an unknown name suggests the nearest."""
    import timm

    from longtail.models.backbones.catalogue import unknown_backbone

    if not timm.is_model(name.partition(".")[0]):
        raise unknown_backbone(name)
    if name.partition(".")[0].endswith("_enc"):
        raise UserError(f"'{name}' is an encoder without pooled features; take the variant without '_enc'.")
    try:
        return timm.models.get_pretrained_cfg(name, allow_unregistered=False)
    except (RuntimeError, KeyError) as error:
        raise unknown_backbone(name) from error


def hooked(model: nn.Module, images: Tensor, indices: Sequence[int], name: str) -> tuple[Any, list[Tensor]]:
    """The last features and the outputs of the modules that timm's table names, for models that give no maps."""
    caught: dict[int, Any] = {}
    handles = []
    for index in indices:
        module = model.get_submodule(_table(model)[index]["module"])
        handles.append(module.register_forward_hook(lambda _, __, out, index=index: caught.update({index: out})))
    try:
        final = model.forward_features(images)  # type: ignore[operator]  # every timm model has it
    finally:
        for handle in handles:
            handle.remove()
    maps = [found for index in indices if isinstance(found := caught.get(index), Tensor) and found.ndim == 4]
    if len(maps) < len(indices):
        raise UserError(f"backbone '{name}' gives no stage maps in this version of timm; update timm.")
    nhwc = getattr(model, "output_fmt", "NCHW") == "NHWC"
    return final, [found.permute(0, 3, 1, 2) if nhwc else found for found in maps]


def _created(name: str, **options: Any) -> Any:
    """timm's model, with its ways to refuse turned into sentences."""
    import timm

    try:
        return timm.create_model(name, **options)
    except TypeError as error:
        found = re.search(r"unexpected keyword argument '(\w+)'", str(error))
        if found is None or found.group(1) not in _OURS:
            raise
        setting = _OURS[found.group(1)]
        raise UserError(f"backbone '{name}' can't set {setting}; leave {setting} out for it.") from error
    except (AssertionError, ValueError) as error:
        if options.get("img_size") is None:
            raise
        raise UserError(f"backbone '{name}' can't be built for {_by(options['img_size'])} images: {error}.") from error
    except OSError as error:  # the hub's errors are of this kind, also those of HTTP
        if not options["pretrained"]:
            raise
        raise no_weights(name, str(error).partition("\n")[0]) from error


def _options(cfg: Any, size: tuple[int, int] | None, dynamic: bool, drop_path: float) -> dict[str, Any]:
    """timm's keywords; a CNN takes any size and knows none of them, so only what was asked for is handed on."""
    options: dict[str, Any] = {}
    if drop_path:
        options["drop_path_rate"] = drop_path
    if cfg.fixed_input_size and size is not None:
        options["img_size"] = size
    if cfg.fixed_input_size and dynamic:
        options["dynamic_img_size"] = True
    return options


def _sizes(model: Any, indices: Sequence[int] | None, name: str) -> tuple[tuple[int, ...], FeatureSizes]:
    """Which maps are taken, and the sizes of all features, from timm's tables."""
    table, strides = _table(model), _strides(model)
    chosen = _chosen(strides) if indices is None else tuple(indices)
    if indices is not None and any(not -len(table) <= index < len(table) for index in chosen):
        raise UserError(f"map_indices {list(chosen)} of backbone '{name}': it has maps 0 to {len(table) - 1}.")
    chosen = tuple(index % len(table) for index in chosen)
    return chosen, FeatureSizes(
        width=model.head_hidden_size,
        channels=tuple(table[index]["num_chs"] for index in chosen),
        strides=tuple(strides[index] for index in chosen),
        token_width=model.num_features,
        prefix_tokens=_prefix_tokens(model),
        class_token=_prefix_tokens(model) > 0 and getattr(model, "cls_token", None) is not None,
    )


def _table(model: Any) -> list[dict[str, Any]]:
    """timm's facts about each map: `num_chs`, `reduction`, `module`."""
    info = getattr(model, "feature_info", [])  # absent from a few families in older versions
    return list(info) if isinstance(info, list) else list(info.info)


def _strides(model: Any) -> tuple[int, ...]:
    true = _TRUE_STRIDES.get(type(model).__name__)
    return true or tuple(row["reduction"] for row in _table(model))


def _one_stride(model: Any) -> bool:
    return len(_table(model)) > 1 and len(set(_strides(model))) == 1


def _chosen(strides: Sequence[int]) -> tuple[int, ...]:
    """The last map of each stride, or the last four where all are of one stride."""
    if len(set(strides)) == 1:
        return tuple(range(len(strides)))[-_BLOCKS:]
    last = {stride: index for index, stride in enumerate(strides)}
    return tuple(last.values())


def _prefix_tokens(model: Any) -> int:
    """Tokens before those of the places; older architectures only have `cls_token`."""
    counted = _TRUE_PREFIX.get(type(model).__name__, getattr(model, "num_prefix_tokens", None))
    if counted is not None:
        return int(counted)
    return int(isinstance(getattr(model, "cls_token", None), Tensor))


def _patch(model: Any) -> tuple[int, int]:
    """The patch that image sides must be multiples of."""
    size = getattr(getattr(model, "patch_embed", None), "patch_size", 1)
    return (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))


def _names(value: str | Sequence[str] | None) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


def _by(size: Sequence[int]) -> str:
    return "x".join(map(str, size))
