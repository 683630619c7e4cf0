"""Reading weight files: safetensors, or a plain state dict in PyTorch's format, read without unpickling any object."""

import argparse
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from longtail.errors import UserError, listing

# Where published checkpoints keep their tensors; of a self-supervised pair the teacher is the one to use.
WRAPPERS = ("state_dict", "model", "teacher", "student", "model_state_dict", "network", "net", "module")
# What a folder of weights (ours, or one saved by transformers or timm) calls its file.
FOLDER_FILES = ("weights.safetensors", "model.safetensors")


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a weights file by name, on the CPU, out of whatever wrapper the file has."""
    path = _file_of(path)
    state = unwrap(_read_safetensors(path) if path.suffix == ".safetensors" else _read_plain(path))
    if not state:
        raise UserError(f"'{path}' holds no tensors; give a safetensors file or a state dict (name to tensor).")
    return state


def unwrap(content: object) -> dict[str, Tensor]:
    """The tensors of a checkpoint's content: `{"model": {...}, "epoch": 3}` gives those of `model`."""
    while isinstance(content, Mapping):
        tensors = {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
        inner = next((content[name] for name in WRAPPERS if isinstance(content.get(name), Mapping)), None)
        if inner is None or len(tensors) > len(inner):
            return tensors
        content = inner
    return {}


def _file_of(path: Path) -> Path:
    if path.is_dir():
        for name in FOLDER_FILES:
            if (path / name).is_file():
                return path / name
        raise UserError(f"the folder '{path}' holds none of {listing(FOLDER_FILES)}; name the weights file itself.")
    if not path.is_file():
        raise UserError(f"there is no weights file '{path}'; check the path.")
    return path


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        raise UserError(f"'{path}' is no whole safetensors file ({error}); copy or download it again.") from error


def _read_plain(path: Path) -> Any:
    """What `torch.save` wrote; of Python objects only dicts, lists, numbers and argparse's plain settings are read."""
    try:
        with torch.serialization.safe_globals([argparse.Namespace]):
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "Unsupported global" in str(error) or "Unsupported class" in str(error):
            raise UserError(
                f"'{path}' holds Python objects, which are not read because they could run any code; where you trust"
                " it, write its tensors alone: torch.save(model.state_dict(), FILE) or a safetensors file."
            ) from error
        raise _unreadable(path) from error
    except (EOFError, RuntimeError, ValueError, KeyError) as error:
        raise _unreadable(path) from error


def _unreadable(path: Path) -> UserError:
    return UserError(
        f"'{path}' is no whole weights file; give a safetensors file or a state dict written by torch.save."
    )
