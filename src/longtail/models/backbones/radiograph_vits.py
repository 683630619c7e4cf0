"""Vision transformers of medical foundation models, and very small ones, that timm has not: added to its table.

CheXFound (Yang et al. 2025, RPIDIAL/CheXFound @a4bac49) is a DINOv2 ViT-L/16 with SwiGLU layers and four registers;
timm has DINOv2 at patches of 14 only. Layers are timm's own; a SwiGLU's hidden width is DINOv2's, two thirds of four
times the width, rounded up to a multiple of 8. Patches of 8 fit images of 64 pixels.
"""

import sys
from typing import Any

from timm.layers.mlp import SwiGLUPacked
from timm.models import build_model_with_cfg, generate_default_cfgs, register_model
from timm.models.vision_transformer import VisionTransformer, checkpoint_filter_fn
from torch import nn

__all__ = ["VITS", "checkpoint_filter_fn"]

# Name: width, depth, heads, patch, image size, and whether with registers and SwiGLU.
VITS: dict[str, tuple[int, int, int, int, int, bool]] = {
    "vit_micro_patch8": (128, 4, 4, 8, 64, False),
    "vit_micro_patch16": (128, 4, 4, 16, 64, False),
    "vit_tiny_patch8": (192, 12, 3, 8, 64, False),
    "vit_small_patch16_reg4_swiglu": (384, 12, 6, 16, 224, True),
    "vit_base_patch16_reg4_swiglu": (768, 12, 12, 16, 224, True),
    "vit_large_patch16_reg4_swiglu": (1024, 24, 16, 16, 224, True),
}


def _cfg(size: int) -> dict[str, Any]:
    return {
        "url": "",
        "num_classes": 0,
        "input_size": (3, size, size),
        "pool_size": None,
        "crop_pct": 1.0,
        "interpolation": "bicubic",
        "fixed_input_size": True,
        "mean": (0.5, 0.5, 0.5),
        "std": (0.25, 0.25, 0.25),
        "first_conv": "patch_embed.proj",
        "classifier": "head",
    }


default_cfgs = generate_default_cfgs({name: _cfg(row[4]) for name, row in VITS.items()})


def _maker(name: str) -> Any:
    width, depth, heads, patch, size, swiglu = VITS[name]

    def make(pretrained: bool = False, **options: Any) -> VisionTransformer:
        layers: dict[str, Any] = {"embed_dim": width, "depth": depth, "num_heads": heads, "patch_size": patch}
        layers |= {"img_size": size, "init_values": 1e-5 if swiglu else None, **(_swiglu(width) if swiglu else {})}
        return build_model_with_cfg(
            VisionTransformer,
            name,
            pretrained,
            pretrained_filter_fn=checkpoint_filter_fn,
            feature_cfg={"out_indices": 3, "feature_cls": "getter"},
            **(layers | options),
        )

    make.__name__, make.__qualname__, make.__module__ = name, name, __name__
    return make


def _swiglu(width: int) -> dict[str, Any]:
    hidden = (8 * width // 3 + 7) // 8 * 8
    ratio = (2 * hidden + 0.5) / width  # timm takes the whole part of ratio * width
    return {
        "mlp_ratio": ratio,
        "mlp_layer": SwiGLUPacked,
        "act_layer": nn.SiLU,
        "reg_tokens": 4,
        "no_embed_class": True,
    }


for _name in VITS:
    setattr(sys.modules[__name__], _name, register_model(_maker(_name)))
