"""ML-Decoder: a few fixed queries read the tokens by cross-attention, each answers for a label or a group.

Ridnik et al., "ML-Decoder: Scalable and Versatile Classification Head", WACV 2023; public code
Alibaba-MIIL/ML_Decoder @8a9e984 `src_files/ml_decoder/ml_decoder.py` (MIT). Tokens are projected to 768 and a ReLU;
`min(100, C)` random queries that are never trained go through one decoder layer without self-attention (8 heads, 2048
hidden, dropout .1, norms last); query q answers for the labels q K to q K + K - 1, `K = ceil(C / Q)`, each by its own
vector. `MLDecoder.from_public_state_dict` reads that code's checkpoints; `cross_attention.py` has the layer.

The form of CheXFound's GLoRI (Yang et al. 2025): the tokens are the patches of the last four blocks side by side, and
`cat_cls` gives each label's vector their class tokens besides its query's answer. Where a backbone has no class token,
as CNNs have none, the mean of its places stands for it.

Choices. Class vectors are kept as `(C, 768)`, a row for each label, and `query_of` says which query a label reads: when
classes change, a label keeps its vector and its query, so its logit. `queries: learned` trains them. `n_blocks` above 1
takes the stage maps or, with class tokens, the blocks' tokens; GLoRI is `n_blocks: 4, cat_cls: true`. `mask` says which
tokens are there: those of absent views are never read.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from longtail.errors import UserError, unknown_name
from longtail.models import HEADS
from longtail.models.features import Features, FeatureSizes, Wants
from longtail.models.heads.base import Head, check_rows
from longtail.models.heads.cross_attention import CrossAttention
from longtail.models.heads.ml_decoder_public import from_public_names, public_sizes


def grouped_logits(answers: Tensor, weight: Tensor) -> Tensor:
    """Answers `(B, Q, d)` and class vectors `(C, d)` to logits `(B, C)`: query q answers for K classes in order."""
    queries, classes = answers.shape[1], len(weight)
    each = -(-classes // queries)
    padded = functional.pad(weight, (0, 0, 0, queries * each - classes))
    logits = torch.einsum("bqd,qkd->bqk", answers, padded.view(queries, each, -1))
    return logits.flatten(1)[:, :classes]


def chosen_logits(answers: Tensor, weight: Tensor, query_of: Tensor) -> Tensor:
    """The same for classes that read any query: `query_of` `(C,)`."""
    return torch.einsum("bcd,cd->bc", answers[:, query_of], weight)


def chosen_tokens(tokens: Tensor, prefix: int, with_class: bool) -> Tensor:
    """Of tokens `(B, T, D)` the patches after `prefix` others, and the first, the class token, if told."""
    patches = tokens[:, prefix:]
    return torch.cat([tokens[:, :1], patches], 1) if with_class else patches


@HEADS.register("ml-decoder", paper="Ridnik et al. 2023", code="Alibaba-MIIL/ML_Decoder")
class MLDecoder(Head):
    """Queries read the tokens by cross-attention, each for one label or a group; takes features or tokens."""

    wants: ClassVar[Wants] = frozenset({"tokens"})
    class_rows: ClassVar[tuple[str, ...]] = ("weight", "bias")
    query_of: Tensor

    def __init__(
        self,
        sizes: FeatureSizes,
        num_classes: int,
        *,
        tokens: Literal["patch", "cls+patch"] = "patch",
        n_blocks: int = 1,
        cat_cls: bool = False,
        dim: int = 768,
        heads: int = 8,
        hidden: int = 2048,
        layers: int = 1,
        dropout: float = 0.1,
        groups: int = 100,
        queries: Literal["fixed", "learned"] = "fixed",
    ) -> None:
        super().__init__(sizes, num_classes)
        _check(sizes, tokens, n_blocks, queries)
        if min(dim, heads, hidden, layers, groups) < 1 or dim % heads:
            raise UserError(f"head 'ml-decoder' has sizes above 0, and a dim ({dim}) that its {heads} heads divide.")
        if n_blocks > 1:
            with_class = sizes.class_token and (cat_cls or tokens == "cls+patch")
            # what is wanted depends on the options
            self.wants = frozenset({"blocks" if with_class else "maps"})  # type: ignore[misc]
        self.with_class, self.n_blocks, self.cat_cls = tokens == "cls+patch", n_blocks, cat_cls
        self.groups, self.learned = groups, queries == "learned"
        width = sizes.token_width if n_blocks == 1 else sum(sizes.channels[-n_blocks:])
        count = min(groups, num_classes)
        self.embed = nn.Linear(width, dim)
        self.queries = nn.Parameter(torch.empty(count, dim), requires_grad=self.learned)
        self.layers = nn.ModuleList(CrossAttention(dim, heads, hidden, dropout) for _ in range(layers))
        self.weight = nn.Parameter(torch.empty(num_classes, dim + (width if cat_cls else 0)))
        self.bias = nn.Parameter(torch.empty(num_classes))
        self.register_buffer("query_of", even_queries(num_classes, count))
        self.reads_in_order = True
        self.register_load_state_dict_post_hook(_note_order)  # type: ignore[no-untyped-call]
        self.reset()

    @classmethod
    def from_public_state_dict(cls, state: Mapping[str, Tensor], *, heads: int = 8, dropout: float = 0.1) -> Self:
        """The public code's head, in eval mode, from its entries `decoder.*` (below any prefix, others ignored).

        All sizes are read off the tensors, but for the number of heads, which they don't tell.
        """
        own, sizes = from_public_names(state), public_sizes(state)
        width, classes = sizes.pop("width"), sizes.pop("classes")
        head = cls(FeatureSizes(width, token_width=width), classes, heads=heads, dropout=dropout, **sizes)  # type: ignore[arg-type]
        head.load_state_dict(own)
        return head.eval()

    def reset(self) -> None:
        """Start anew, the queries too; class vectors as Xavier's in the public code's `(Q, d, K)`."""
        self.embed.reset_parameters()
        for layer in self.layers:
            assert isinstance(layer, CrossAttention)
            layer.reset()
        nn.init.normal_(self.queries)
        count = len(self.queries)
        each = -(-self.num_classes // count)
        nn.init.normal_(self.weight, std=math.sqrt(2 / ((self.weight.shape[1] + count) * each)))
        nn.init.zeros_(self.bias)

    def resize(self, rows: Sequence[int | None]) -> None:
        """Change the classes; kept ones keep their query, new ones get one of their own or the least read."""
        check_rows(rows, self.num_classes)
        reader = self.query_of.tolist()
        kept = [None if row is None else reader[row] for row in rows]
        self._requery(kept, min(self.groups, len(rows)))
        super().resize(rows)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Fixed queries stay as they are."""
        super().requires_grad_(requires_grad)
        self.queries.requires_grad_(requires_grad and self.learned)
        return self

    def forward(self, features: Features | Tensor) -> Tensor:
        """Features, or tokens `(B, N, D)` that are all to be read, to logits `(B, C)`."""
        if isinstance(features, Tensor):
            return self.token_logits(features)
        if "blocks" in self.wants:
            side_by_side = torch.cat(features.blocks[-self.n_blocks :], -1)
            return self._of_tokens(side_by_side)
        if self.n_blocks > 1:
            maps = features.maps[-self.n_blocks :]
            return self._of_places(torch.cat([found.flatten(2).transpose(1, 2) for found in maps], -1))
        return self._of_tokens(features.tokens)

    def _of_tokens(self, tokens: Tensor) -> Tensor:
        """Tokens `(B, T, D)` with their prefix to logits `(B, C)`."""
        read = chosen_tokens(tokens, self.sizes.prefix_tokens, self.with_class)
        if self.cat_cls and not self.sizes.class_token:
            return self._of_places(read)
        return self.token_logits(read, tokens[:, 0] if self.cat_cls else None)

    def _of_places(self, places: Tensor) -> Tensor:
        """Places `(B, T, D)` of a backbone without a class token to logits `(B, C)`; `cat_cls` reads their mean."""
        return self.token_logits(places, places.float().mean(1) if self.cat_cls else None)

    def token_logits(self, tokens: Tensor, class_token: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """Tokens `(B, N, D)`, and for `cat_cls` class tokens `(B, D)`, in any float type, to logits `(B, C)`.

        `mask` `(B, N)` is true at tokens that are there; others are not read.
        """
        memory = self.embed(tokens.to(self.embed.weight)).relu()
        answers = self.queries.expand(tokens.shape[0], -1, -1)
        for layer in self.layers:
            answers = layer(answers, memory, mask)
        of_query, of_class = self.weight.tensor_split([self.queries.shape[1]], 1)
        if self.reads_in_order:
            logits = grouped_logits(answers, of_query)
        else:
            logits = chosen_logits(answers, of_query, self.query_of)
        if self.cat_cls:
            if class_token is None:
                raise UserError("the head 'ml-decoder' with cat_cls needs class tokens (B, D) beside the tokens.")
            logits = logits + functional.linear(class_token.to(of_class), of_class)
        return logits + self.bias

    def _requery(self, kept: Sequence[int | None], count: int) -> None:
        """Make `count` queries, keeping those that `kept` names for each class, and say which class reads which."""
        old = self.queries.detach()
        new = torch.randn(count, old.shape[1]).to(old)
        if count == len(kept):  # a query for each class
            for place, query in enumerate(kept):
                if query is not None:
                    new[place] = old[query]
            reads = list(range(count))
        else:
            new[: len(old)] = old
            reads = least_read(kept, count)
        self.queries = nn.Parameter(new, requires_grad=self.queries.requires_grad)
        self.query_of = torch.tensor(reads, device=old.device)


def even_queries(classes: int, queries: int) -> Tensor:
    """Which query each class reads, `(C,)`: the first K the first, and so on, `K = ceil(C / Q)`."""
    return torch.arange(classes) // -(-classes // queries)


def least_read(kept: Sequence[int | None], queries: int) -> list[int]:
    """Each class's query: its own where `kept` has it, else the one that the fewest read so far."""
    readers = Counter(query for query in kept if query is not None)
    found = []
    for query in kept:
        if query is None:
            query = min(range(queries), key=readers.__getitem__)
            readers[query] += 1
        found.append(query)
    return found


def _note_order(head: Any, _: Any) -> None:
    """After loading: whether the quick way to logits is right."""
    wanted = even_queries(head.num_classes, len(head.queries))
    head.reads_in_order = head.query_of.is_meta or torch.equal(head.query_of.cpu(), wanted)


def _check(sizes: FeatureSizes, tokens: str, n_blocks: int, queries: str) -> None:
    what = "head 'ml-decoder'"
    for option, value, valid in (
        ("tokens", tokens, ("patch", "cls+patch")),
        ("queries", queries, ("fixed", "learned")),
    ):
        if value not in valid:
            raise unknown_name(option, value, valid, what)
    if tokens == "cls+patch" and not sizes.class_token:
        raise UserError(f"{what}: the backbone has no class token to read; take tokens: patch.")
    if n_blocks == 1 and not sizes.token_width:
        raise UserError(f"{what} needs a backbone with tokens.")
    if not 1 <= n_blocks <= max(1, len(sizes.channels)) or len(set(sizes.strides[-n_blocks:])) > 1:
        raise UserError(
            f"{what}: n_blocks is {n_blocks}; the backbone's last stage maps of one size are"
            f" {sum(stride == sizes.strides[-1] for stride in sizes.strides)}."
        )
