"""DINOv2 as the library `transformers` saves it (RAD-DINO among others), under DINOv2's own names.

Pérez-García et al., "Exploring scalable medical image encoders beyond text supervision" (RAD-DINO), 2025: a ViT-B/14.
Query, key and value are three matrices there and one here.
"""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

_MARK = "encoder.layer.0.attention.attention.query.weight"
_QKV = re.compile(r"encoder\.layer\.(\d+)\.attention\.attention\.(query|key|value)\.(weight|bias)$")
_NAMES = (
    (r"^embeddings\.patch_embeddings\.projection\.", "patch_embed.proj."),
    (r"^embeddings\.position_embeddings$", "pos_embed"),
    (r"^embeddings\.", ""),
    (r"^encoder\.layer\.", "blocks."),
    (r"^layernorm\.", "norm."),
    (r"\.attention\.output\.dense\.", ".attn.proj."),
    (r"\.layer_scale(\d)\.lambda1$", r".ls\1.gamma"),
    (r"\.mlp\.weights_in\.", ".mlp.w12."),
    (r"\.mlp\.weights_out\.", ".mlp.w3."),
)


def from_transformers(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`state` under DINOv2's names, if it is one of `transformers` (below any prefix); else as it is."""
    prefix = next((name[: -len(_MARK)] for name in state if name.endswith(_MARK)), None)
    if prefix is None:
        return dict(state)
    own = {name[len(prefix) :]: tensor for name, tensor in state.items() if name.startswith(prefix)}
    found = {_renamed(name): tensor for name, tensor in own.items() if not _QKV.match(name)}
    for name in own:
        if (match := _QKV.match(name)) and match[2] == "query":
            parts = [own[name.replace("query", part)] for part in ("query", "key", "value")]
            found[f"blocks.{match[1]}.attn.qkv.{match[3]}"] = torch.cat(parts)
    return found


def _renamed(name: str) -> str:
    for pattern, new in _NAMES:
        name = re.sub(pattern, new, name)
    return name
