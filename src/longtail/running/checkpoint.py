"""A training's whole state in one safetensors file, with a JSON text in its header; written whole, nothing pickled.

One file, so that tensors and text are of one step whenever the process is killed. Tensors are named by what they belong
to: see `module_state` and `optimizer_state`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor

from longtail.errors import UserError
from longtail.models.weights.saving import save_tensors

FORMAT = "1"


def write_checkpoint(path: Path, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
    """Write both whole, over an older checkpoint."""
    save_tensors(tensors, path, metadata={"format": FORMAT, "state": json.dumps(dict(state), sort_keys=True)})


def read_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """What `write_checkpoint` wrote; None where there is none. A damaged file is an error, nothing is guessed."""
    if not path.exists():
        return None
    try:
        with safe_open(str(path), framework="pt") as file:
            told = file.metadata() or {}
            if told.get("format") == FORMAT:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
                return tensors, json.loads(told["state"])
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise UserError(
            f"'{path}' is no whole checkpoint and can't be read ({error}); nothing else was touched: copy it back from"
            " a backup, or remove it to train anew."
        ) from error
    raise UserError(f"the checkpoint '{path}' is of another version of longtail; remove it to train anew.")


def check_same(facts: Mapping[str, Any], now: Mapping[str, Any], path: Path) -> None:
    """Refuse to go on with other settings, images or processes than those of the checkpoint."""
    for key in sorted({*facts, *now}):
        if facts.get(key) != now.get(key):
            raise UserError(
                f"'{path}' was written with {key} {facts.get(key)} and now it is {now.get(key)}; go on with the same,"
                " or choose another folder."
            )
