"""Fitting the tensors of a file to a model: prefixes, classifiers, stems of other channels, and a strict comparison.

Public checkpoints name the same tensors in many ways. A file is read in several ways (each known prefix, with and
without the architecture's own conversion), the way that leaves the fewest tensors over is taken, and unless it leaves
none the file is refused: loading the half that matches looks like success and trains from noise.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from longtail.errors import UserError, listing

State = Mapping[str, Tensor]
# What wraps a network in public code; `backbone.model` is this package's own.
_PREFIX = re.compile(r"(?:(?:module|_orig_mod|model|backbone|encoder|encoder_q|teacher|student|network|net)\.)+")
# Heads of pre-training and classifiers that a backbone has no place for.
_HEADS = ("dino_head.", "ibot_head.")
_COUNTER = "num_batches_tracked"  # BatchNorm's count of steps: absent from old files, without influence here


@dataclass(frozen=True)
class Fit:
    """A file's tensors under the model's names, and what does not agree."""

    state: dict[str, Tensor]
    missing: list[str]
    unexpected: list[str]
    misshaped: list[str]

    @property
    def problems(self) -> int:
        """How many tensors do not agree."""
        return len(self.missing) + len(self.unexpected) + len(self.misshaped)


def fit(
    state: State,
    wanted: State,
    what: str,
    source: str,
    *,
    convert: Callable[[dict[str, Tensor]], dict[str, Tensor]] | None = None,
    classifiers: Collection[str] = (),
    stems: Collection[str] = (),
) -> dict[str, Tensor]:
    """The tensors of `state` under the names and shapes of `wanted`, complete, or an error that names what is not.

    `convert` turns the architecture's other formats into `wanted`'s (and interpolates position embeddings);
    `classifiers` are modules to drop, `stems` convolutions of the image whose channels may be adapted.
    """
    fits = [
        compare(adapt_stems(drop_classifiers(reading, classifiers), wanted, stems), wanted)
        for reading in readings(state, convert)
    ]
    best = min(fits, key=lambda found: found.problems)
    if best.problems:
        raise UserError(_refusal(best, len(wanted), what, source))
    return best.state


def load_fitted(model: nn.Module, state: State) -> None:
    """Load what `fit` gave: complete but for BatchNorm's counters."""
    model.load_state_dict({**model.state_dict(), **state})


def readings(
    state: State, convert: Callable[[dict[str, Tensor]], dict[str, Tensor]] | None
) -> Iterator[dict[str, Tensor]]:
    """The ways to read a file: its tensors below each known prefix (longest first), converted and as they are."""
    runs = {found.group() for name in state if (found := _PREFIX.match(name))}
    prefixes = {run[: end + 1] for run in runs for end, sign in enumerate(run) if sign == "."}
    for prefix in [*sorted(prefixes, key=len, reverse=True), ""]:
        below = {name[len(prefix) :]: tensor for name, tensor in state.items() if name.startswith(prefix)}
        for reading in (below, flat_blocks(below)):
            if convert is not None and (converted := _converted(reading, convert)) is not None:
                yield converted
            yield reading


def flat_blocks(state: State) -> dict[str, Tensor]:
    """DINOv2 trains its blocks in chunks: `blocks.2.13.attn.qkv.weight` is `blocks.13.attn.qkv.weight`."""
    return {re.sub(r"^blocks\.\d+\.(\d+)\.", r"blocks.\1.", name): tensor for name, tensor in state.items()}


def drop_classifiers(state: State, classifiers: Collection[str]) -> dict[str, Tensor]:
    """`state` without the tensors of the modules named, nor those of heads of pre-training."""
    prefixes = (*(f"{name}." for name in classifiers), *_HEADS)
    return {name: tensor for name, tensor in state.items() if not name.startswith(prefixes)}


def adapt_stems(state: State, wanted: State, stems: Collection[str]) -> dict[str, Tensor]:
    """`state` with the weights of the image's convolutions in the number of channels of `wanted`."""
    adapted = dict(state)
    for name in (f"{stem}.weight" for stem in stems):
        if name in state and name in wanted:
            adapted[name] = adapt_channels(state[name], wanted[name].shape[1])
    return adapted


def adapt_channels(weight: Tensor, channels: int) -> Tensor:
    """A stem's weight `(O, I, ...)` for grey images in place of colour ones, or the other way round.

    The answer to a grey image, given once or as three equal channels, stays the same. A stem that first folds pixels
    into channels (TResNet) keeps the colours of each pixel side by side.
    """
    found = weight.shape[1]
    if found == 3 * channels:
        return weight.reshape(len(weight), channels, 3, *weight.shape[2:]).sum(2)
    if channels == 3 * found:
        return weight.repeat_interleave(3, 1) / 3
    return weight


def compare(state: State, wanted: State) -> Fit:
    """What `state` lacks, has too much, or has in another shape than `wanted`."""
    return Fit(
        state={name: tensor for name, tensor in state.items() if name in wanted},
        missing=[name for name in wanted if name not in state and not name.endswith(_COUNTER)],
        unexpected=[name for name in state if name not in wanted],
        misshaped=[
            f"{name} is {tuple(state[name].shape)} in the file and {tuple(tensor.shape)} in the backbone"
            for name, tensor in wanted.items()
            if name in state and state[name].shape != tensor.shape
        ],
    )


def _converted(
    state: dict[str, Tensor], convert: Callable[[dict[str, Tensor]], dict[str, Tensor]]
) -> dict[str, Tensor] | None:
    """`convert(state)`, or None where it does not know this file: the comparison then says what is wrong."""
    try:
        return convert(dict(state))
    except (KeyError, ValueError, IndexError, TypeError, AttributeError, AssertionError, RuntimeError):
        return None


def _refusal(best: Fit, wanted: int, what: str, source: str) -> str:
    parts = []
    if best.missing:
        parts.append(f"{len(best.missing):,} of {wanted:,} tensors are missing ({listing(best.missing, 4)})")
    if best.unexpected:
        parts.append(f"{len(best.unexpected):,} are unexpected ({listing(best.unexpected, 4)})")
    if best.misshaped:
        parts.append(f"{len(best.misshaped):,} have another shape ({listing(best.misshaped, 2)})")
    return f"'{source}' does not fit {what}: {'; '.join(parts)}; name the backbone that the file was made for."
