"""Checkpoints of the public ML-Decoder (Alibaba-MIIL/ML_Decoder @8a9e984, MIT) under this package's names.

They are entries of a whole model, `head.decoder.duplicate_pooling` and so on; only those of the decoder are read.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from longtail.errors import UserError, listing

_MARK = "decoder.duplicate_pooling"
_LAYER = {
    "norm1": "before",
    "norm2": "between",
    "norm3": "after",
    "linear1": "wide",
    "linear2": "narrow",
    "multihead_attn.out_proj": "out",
}
_TOP = {"embed_standart.weight": "embed.weight", "embed_standart.bias": "embed.bias", "query_embed.weight": "queries"}


def from_public_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The public code's `decoder.*` (below any prefix) as a state dict of `MLDecoder`."""
    entries = _decoder(state)
    pool, bias = entries["duplicate_pooling"], entries["duplicate_pooling_bias"]
    classes = torch.arange(len(bias))
    own = {
        "weight": pool.transpose(1, 2).flatten(0, 1)[: len(bias)].contiguous(),
        "bias": bias,
        "query_of": classes // pool.shape[2],
        **{ours: entries[name] for name, ours in _TOP.items()},
    }
    for layer in range(_layers(entries)):
        own |= _layer(entries, f"layers.{layer}.")
    return own


def public_sizes(state: Mapping[str, Tensor]) -> dict[str, int]:
    """The sizes that the tensors tell: `width` of tokens, `classes`, and options of `MLDecoder`."""
    entries = _decoder(state)
    dim, width = entries["embed_standart.weight"].shape
    classes, queries = len(entries["duplicate_pooling_bias"]), len(entries["query_embed.weight"])
    return {
        "width": width,
        "classes": classes,
        "dim": dim,
        "hidden": len(entries["layers.0.linear1.weight"]),
        "layers": _layers(entries),
        "groups": queries if queries < classes else max(100, queries),  # 100 is the public code's default
    }


def _decoder(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The entries below `decoder.`, checked to be all."""
    prefix = next((name.removesuffix("duplicate_pooling") for name in state if name.endswith(_MARK)), None)
    if prefix is None:
        raise UserError(f"the checkpoint has no entry '{_MARK}'; give the state dict of a public ML-Decoder model.")
    entries = {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
    below = {f"layers.{layer}.{name}" for layer in range(_layers(entries)) for name in _names()}
    wanted = {"duplicate_pooling", "duplicate_pooling_bias", *_TOP, *below}
    for names, what in ((wanted - entries.keys(), "lacks"), (entries.keys() - wanted, "has unknown")):
        if names:
            raise UserError(
                f"the checkpoint's '{prefix}*' {what} {listing(sorted(names), 4)}; give one of the public code's"
                " ML-Decoder without zero-shot word vectors."
            )
    return entries


def _layers(entries: Mapping[str, Tensor]) -> int:
    return max(1, len({name.split(".")[1] for name in entries if name.startswith("layers.")}))


def _names() -> list[str]:
    both = [f"{name}.{kind}" for name in _LAYER for kind in ("weight", "bias")]
    return [*both, "multihead_attn.in_proj_weight", "multihead_attn.in_proj_bias"]


def _layer(entries: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    own: dict[str, Tensor] = {}
    for kind in ("weight", "bias"):
        joined = entries[f"{name}multihead_attn.in_proj_{kind}"]
        dim = len(joined) // 3  # queries, keys, values
        own |= {f"{name}query.{kind}": joined[:dim], f"{name}key_value.{kind}": joined[dim:]}
        own |= {f"{name}{ours}.{kind}": entries[f"{name}{public}.{kind}"] for public, ours in _LAYER.items()}
    return own
