"""A training's state in one file: tensors as safetensors, and what it belongs to as JSON in the same file's header.

One file, written beside and renamed, so that tensors and facts are of one step whenever the process is killed.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from longtail.errors import UserError
from longtail.files import written_whole


def write_checkpoint(path: Path, state: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Write `state` and `facts` whole."""
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}
    with written_whole(path) as beside:
        save_file(tensors, str(beside), metadata={"longtail": json.dumps(dict(facts), sort_keys=True)})


def read_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `write_checkpoint` wrote."""
    try:
        with safe_open(str(path), framework="pt") as file:
            facts = json.loads((file.metadata() or {})["longtail"])
            return {name: file.get_tensor(name) for name in file.keys()}, facts  # noqa: SIM118  # no iterator
    except (SafetensorError, KeyError, ValueError) as error:
        raise UserError(f"'{path}' is no whole checkpoint ({error}); remove it to start anew.") from error


def check_same(facts: Mapping[str, Any], now: Mapping[str, Any], path: Path) -> None:
    """Refuse to go on with other settings, images or processes than those of the checkpoint."""
    for key in sorted({*facts, *now}):
        if facts.get(key) != now.get(key):
            raise UserError(
                f"'{path}' was written with {key} {facts.get(key)} and now it is {now.get(key)}; go on with the same,"
                " or choose another folder."
            )
