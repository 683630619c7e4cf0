"""The mean of several trained weights.

Members must have the same tensors, as fine-tunings of one pretrained model have; averaging networks that were
initialised apart gives a poor model. The mean of BatchNorm statistics is not the statistics of the mean model: a stage
of kind `soup` estimates them anew, and who averages files judges the soup on validation before using it. Counters
(integer tensors) are the first member's.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from longtail.errors import UserError
from longtail.models.weights.reading import read_state
from longtail.models.weights.saving import read_metadata, save_tensors
from longtail.predict.soups.shares import shares

State = Mapping[str, Tensor]


def soup(paths: Sequence[str | Path], out: str | Path, *, weights: Sequence[float] | None = None) -> Path:
    """Write the (weighted) mean of weight files as safetensors; the first one's metadata is kept. Returns the path."""
    files = [Path(path) for path in paths]
    mean = mean_state([read_state(file) for file in files], weights=weights, names=[str(file) for file in files])
    return write_soup(mean, out, like=files[0])


def write_soup(state: State, out: str | Path, *, like: Path) -> Path:
    """Write a state as safetensors, with the metadata of the file `like` where that is one too."""
    out = Path(out)
    like = like / "weights.safetensors" if like.is_dir() else like
    metadata = read_metadata(like) if like.suffix == ".safetensors" and like.is_file() else {}
    save_tensors(state, out, metadata=metadata)
    return out


def mean_state(
    states: Sequence[State], *, weights: Sequence[float] | None = None, names: Sequence[str] = ()
) -> dict[str, Tensor]:
    """The weighted mean (default: plain) of states with the same names and shapes, summed in float64."""
    if not states:
        raise UserError("a soup needs the weights of at least one model.")
    names = list(names) or [f"member {i + 1}" for i in range(len(states))]
    for state, name in zip(states[1:], names[1:], strict=True):
        _require_alike(states[0], state, names[0], name)
    parts = shares(weights, len(states))
    return {key: _mean([state[key] for state in states], parts) for key in states[0]}


def _mean(tensors: Sequence[Tensor], parts: Sequence[float]) -> Tensor:
    if not tensors[0].is_floating_point():
        return tensors[0].clone()
    total = torch.zeros_like(tensors[0], dtype=torch.float64)
    for tensor, share in zip(tensors, parts, strict=True):
        total += tensor.double() * share
    return total.to(tensors[0].dtype)


def _require_alike(first: State, other: State, one: str, two: str) -> None:
    if odd := sorted(first.keys() ^ other.keys()):
        raise UserError(
            f"'{one}' and '{two}' are of different models: {len(odd):,} tensors (first: '{odd[0]}') are in only one of"
            " them; a soup is made of one model trained several times."
        )
    for key, tensor in first.items():
        if tensor.shape != other[key].shape:
            raise UserError(
                f"'{key}' has shape {tuple(tensor.shape)} in '{one}' and {tuple(other[key].shape)} in '{two}'; a soup"
                " is made of one model trained several times, on the same labels."
            )
