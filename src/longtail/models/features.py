"""What a backbone hands to a head: pooled features, stage maps and tokens of one forward, and their sizes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from torch import Tensor

from longtail.errors import unknown_name

Want = Literal["pooled", "maps", "tokens", "blocks"]
Wants = frozenset[Want]
POOLED: Wants = frozenset({"pooled"})


@dataclass(frozen=True)
class FeatureSizes:
    """How large the features are, known before any image: what a head is built from."""

    width: int  # D of the pooled features
    channels: tuple[int, ...] = ()  # C_i of the stage maps, finest first
    strides: tuple[int, ...] = ()  # input pixels per map pixel
    token_width: int = 0  # D of the tokens; not always `width` (mobilenetv3 widens after pooling)
    prefix_tokens: int = 0  # how many class and register tokens come before those of the patches
    class_token: bool = False  # whether the first of them is a class token


class Features:
    """The features that were asked for; reading one that was not is an error, not None."""

    def __init__(
        self,
        *,
        pooled: Tensor | None = None,
        maps: Iterable[Tensor] | None = None,
        tokens: Tensor | None = None,
        blocks: Iterable[Tensor] | None = None,
        source: Tensor | None = None,
        study: Tensor | None = None,
        view: Tensor | None = None,
    ) -> None:
        self._pooled, self._tokens = pooled, tokens
        self._maps = None if maps is None else list(maps)
        self._blocks = None if blocks is None else list(blocks)
        # `(B,)` integers of each image, -1 unknown, which no backbone makes: its data set, its study, its kind of view.
        self.source, self.study, self.view = source, study, view

    def with_blocks(self, blocks: Iterable[Tensor]) -> "Features":
        """The same with the tokens of several blocks."""
        known = {"source": self.source, "study": self.study, "view": self.view}
        return Features(pooled=self._pooled, maps=self._maps, tokens=self._tokens, blocks=blocks, **known)

    @property
    def pooled(self) -> Tensor:
        """`(B, D)`: what the backbone's own classifier would see."""
        return _there(self._pooled, "pooled")

    @property
    def maps(self) -> list[Tensor]:
        """`(B, C_i, H_i, W_i)`, finest first."""
        if self._maps is None:
            raise _absent("maps")
        return self._maps

    @property
    def blocks(self) -> list[Tensor]:
        """`(B, T, D)` of the blocks that give the maps, after the final norm, with their prefix tokens."""
        if self._blocks is None:
            raise _absent("blocks")
        return self._blocks

    @property
    def tokens(self) -> Tensor:
        """`(B, T, D)`: prefix tokens (class, registers), then the places of the last map row by row."""
        return _there(self._tokens, "tokens")


def checked_wants(wants: Iterable[str]) -> Wants:
    """`wants` as a set of known names."""
    asked = frozenset(wants)
    for want in sorted(asked):
        if want not in get_args(Want):
            raise unknown_name("kind of features", want, get_args(Want))
    return asked  # type: ignore[return-value]  # each was just checked


def _there(value: Tensor | None, name: str) -> Tensor:
    if value is None:
        raise _absent(name)
    return value


def _absent(name: str) -> ValueError:
    return ValueError(f"the features hold no {name}: name '{name}' in the wants of the forward")
