"""A whole model's weights as safetensors: written whole, read back exactly, tensors shared by two names once."""

import json
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_model, save_file, save_model
from torch import Tensor, nn

from longtail.errors import UserError
from longtail.files import written_whole


def save_weights(model: nn.Module, path: Path, *, metadata: Mapping[str, str] | None = None) -> None:
    """Write `model`'s parameters and buffers, and some texts beside them."""
    with written_whole(path) as beside:
        save_model(model, str(beside), metadata=dict(metadata or {}))
        order_texts(beside)


def save_tensors(tensors: Mapping[str, Tensor], path: Path, *, metadata: Mapping[str, str] | None = None) -> None:
    """Write tensors, of any device, by their names, and some texts beside them."""
    lying = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with written_whole(path) as beside:
        save_file(_apart(lying), str(beside), metadata=dict(metadata or {}))
        order_texts(beside)


def order_texts(path: Path) -> None:
    """Put the texts in a safetensors header in alphabetical order: safetensors hashes them, by another seed each time.

    Else the same weights with two texts would be other bytes in each run. The header's length stays.
    """
    with path.open("r+b") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        header["__metadata__"] = dict(sorted(header.get("__metadata__", {}).items()))
        ordered = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
        if len(header["__metadata__"]) > 1 and len(ordered) <= length:
            file.seek(8)
            file.write(ordered.ljust(length))


def load_weights(model: nn.Module, path: Path) -> None:
    """Read what `save_weights` wrote for a model built alike; an error when one tensor is missing or too many."""
    if not path.is_file():
        raise UserError(f"there is no weights file '{path}'; check the path.")
    try:
        load_model(model, str(path))
    except SafetensorError as error:
        raise UserError(f"'{path}' is no whole safetensors file ({error}); copy it again.") from error
    except RuntimeError as error:
        told = " ".join(str(error).split())
        raise UserError(f"'{path}' is not of this model: {told[:300]}; build it with the same settings.") from error


def read_metadata(path: Path) -> dict[str, str]:
    """The texts that `save_weights` wrote beside the tensors."""
    with safe_open(str(path), framework="pt") as file:
        return dict(file.metadata() or {})


def _apart(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors that share memory each with their own: the format has no sharing."""
    seen: set[int] = set()
    apart = {}
    for name, tensor in tensors.items():
        place = tensor.untyped_storage().data_ptr()
        apart[name] = tensor.clone() if place in seen and tensor.numel() else tensor
        seen.add(place)
    return apart
