"""Learned study fusion: all views of a study read each other, and one decoder reads them all.

After CheXFusion, the winner of CXR-LT 2023 (Kim, "CheXFusion: effective fusion of multi-view features using
transformers for long-tailed chest X-ray classification", ICCVW 2023; dongkyunk/CheXFusion @6bbf469, MIT; described, not
copied): maps are halved by a convolution, get sinusoidal places and a learned embedding of their view, go through a
transformer encoder and an ML-Decoder. The public code attends across the studies of a batch instead of the views of a
study (`batch_first` is left out) and tests its mask after padding was written in, so nothing is masked. Here attention
stays within a study and absent views are masked throughout: a prediction depends on no other study and on no padding.
"""

import math

import torch
from torch import Tensor, nn

from longtail.errors import UserError
from longtail.models.features import FeatureSizes
from longtail.models.heads.ml_decoder import MLDecoder


class StudyFusion(nn.Module):
    """Maps of each view `(B, V, D, H, W)` to logits `(B, C)` of the study; `views` kinds of view get embeddings."""

    def __init__(
        self,
        width: int,
        num_classes: int,
        *,
        views: int = 4,
        dim: int = 768,
        layers: int = 2,
        heads: int = 8,
        hidden: int = 2048,
        dropout: float = 0.1,
        shrink: int = 2,
        groups: int = 100,
    ) -> None:
        super().__init__()
        if dim % 4 or dim % heads or min(views, layers, shrink) < 1:
            raise UserError(
                f"study fusion has dim {dim}, {heads} heads, {views} views, {layers} layers and shrink {shrink}; dim is"
                " a multiple of 4 and of the heads, the others are 1 or more."
            )
        self.views = views
        self.project = nn.Conv2d(width, dim, 3, stride=shrink, padding=1)
        self.view_embedding = nn.Embedding(views + 1, dim)  # the last is for views of unknown kind
        layer = nn.TransformerEncoderLayer(dim, heads, hidden, dropout, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        sizes = FeatureSizes(dim, token_width=dim)
        self.decoder = MLDecoder(
            sizes, num_classes, dim=dim, heads=heads, hidden=hidden, dropout=dropout, groups=groups
        )

    def forward(self, maps: Tensor, present: Tensor, view: Tensor | None = None) -> Tensor:
        """Maps `(B, V, D, H, W)`, which views are there `(B, V)`, and their kind `(B, V)`, -1 unknown, to `(B, C)`."""
        if not bool(present.any(1).all()):
            raise UserError("a study without any view can't be predicted; leave it out.")
        tokens, mask = self.view_tokens(maps, present, view)
        mixed = self.encoder(tokens, src_key_padding_mask=~mask)
        return self.decoder.token_logits(mixed, mask=mask)

    def view_tokens(self, maps: Tensor, present: Tensor, view: Tensor | None) -> tuple[Tensor, Tensor]:
        """All views' places in one row `(B, V T, dim)`, and which are there `(B, V T)`."""
        batch, count = maps.shape[:2]
        there = maps * present[:, :, None, None, None].to(maps.dtype)
        small = self.project(there.flatten(0, 1).nan_to_num(0.0))
        small = small + sinusoidal_places(small.shape[1], small.shape[2], small.shape[3]).to(small)
        tokens = small.flatten(2).transpose(1, 2).unflatten(0, (batch, count))
        kinds = torch.full_like(present, self.views, dtype=torch.long) if view is None else view.long()
        kinds = torch.where((kinds >= 0) & (kinds < self.views), kinds, self.views)
        tokens = tokens + self.view_embedding(kinds)[:, :, None]
        mask = present[:, :, None].expand(-1, -1, tokens.shape[2])
        return tokens.flatten(1, 2), mask.flatten(1, 2)


def sinusoidal_places(dim: int, height: int, width: int) -> Tensor:
    """`(dim, H, W)`: sines and cosines of the row in the first half of the channels, of the column in the other."""
    rate = torch.exp(torch.arange(0, dim // 2, 2) * (-math.log(10_000.0) / (dim // 2)))
    found = torch.zeros(dim, height, width)
    for first, places, axis in ((0, height, 1), (dim // 2, width, 2)):
        angle = torch.arange(places)[None] * rate[:, None]
        shape = [dim // 4, 1, 1]
        shape[axis] = places
        found[first : first + dim // 2 : 2] = angle.sin().view(shape)
        found[first + 1 : first + dim // 2 : 2] = angle.cos().view(shape)
    return found


def pack_studies(rows: Tensor, study: Tensor, most: int | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """Images' features `(N, ...)` of studies `(N,)` as `(B, V, ...)`, zeros where a study has fewer than V images.

    Also which are there `(B, V)`, and the studies' numbers `(B,)` in order. A study's first `most` images are taken.
    """
    numbers, which = torch.unique(study, return_inverse=True)
    order = torch.argsort(which, stable=True)
    counts = torch.bincount(which, minlength=len(numbers))
    starts = counts.cumsum(0) - counts
    place = torch.empty_like(which)
    place[order] = torch.arange(len(which), device=which.device) - starts[which[order]]
    slots = int(counts.max()) if most is None else most
    kept = place < slots
    packed = rows.new_zeros(len(numbers), slots, *rows.shape[1:])
    present = torch.zeros(len(numbers), slots, dtype=torch.bool, device=rows.device)
    packed[which[kept], place[kept]] = rows[kept]
    present[which[kept], place[kept]] = True
    return packed, present, numbers
