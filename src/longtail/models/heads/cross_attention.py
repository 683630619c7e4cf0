"""Queries that read tokens: a transformer decoder layer without self-attention, norms last (ML-Decoder's).

Written out because `nn.TransformerDecoder` refuses layers without self-attention since torch 2.1. It computes what
`nn.MultiheadAttention` and Alibaba-MIIL/ML_Decoder @8a9e984 (MIT) `TransformerDecoderLayerOptimal` compute.
"""

import math
from typing import cast

from torch import Tensor, nn
from torch.nn import functional


class CrossAttention(nn.Module):
    """A decoder layer without self-attention, norms last: queries read the memory, then a hidden layer."""

    def __init__(self, dim: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key_value, self.out = nn.Linear(dim, dim), nn.Linear(dim, 2 * dim), nn.Linear(dim, dim)
        self.before, self.between, self.after = (nn.LayerNorm(dim) for _ in range(3))
        self.wide, self.narrow = nn.Linear(dim, hidden), nn.Linear(hidden, dim)
        self.dropout = nn.Dropout(dropout)
        self.reset()

    def reset(self) -> None:
        """As `nn.MultiheadAttention`, `nn.Linear` and `nn.LayerNorm` start."""
        for module in self.children():
            if isinstance(module, (nn.Linear, nn.LayerNorm)):
                module.reset_parameters()
        bound = math.sqrt(6 / (4 * self.query.in_features))  # Xavier of queries, keys and values as one matrix
        for projection in (self.query, self.key_value):
            nn.init.uniform_(projection.weight, -bound, bound)
        for projection in (self.query, self.key_value, self.out):
            nn.init.zeros_(projection.bias)

    def forward(self, queries: Tensor, memory: Tensor, mask: Tensor | None = None) -> Tensor:
        """Queries `(B, Q, d)` and memory `(B, T, d)`, of which `mask` `(B, T)` is true where it may be read."""
        x = self.before(queries + self.dropout(queries))
        x = self.between(x + self.dropout(self.read(x, memory, mask)))
        return cast(Tensor, self.after(x + self.dropout(self.narrow(self.dropout(self.wide(x).relu())))))

    def read(self, queries: Tensor, memory: Tensor, mask: Tensor | None = None) -> Tensor:
        """Multi-head attention of the queries over the memory."""
        key, value = self.key_value(memory).chunk(2, -1)
        q, k, v = (x.unflatten(-1, (self.heads, -1)).transpose(1, 2) for x in (self.query(queries), key, value))
        dropout = self.dropout.p if self.training else 0.0
        there = None if mask is None else mask[:, None, None, :]
        found = functional.scaled_dot_product_attention(q, k, v, attn_mask=there, dropout_p=dropout)
        return cast(Tensor, self.out(found.transpose(1, 2).flatten(2)))
