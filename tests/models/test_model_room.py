"""The room itself: lazy names, registries, a newcomer's backbone and head, the lists."""

import subprocess
import sys
from collections.abc import Collection, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import longtail.models
from longtail.cli import run
from longtail.errors import UserError
from longtail.models import BACKBONES, HEADS
from longtail.models.backbones.base import Backbone
from longtail.models.backbones.building import build_backbone
from longtail.models.backbones.catalogue import (
    backbone_names,
    families,
    is_non_commercial,
    levels,
    list_backbones,
    shown_licence,
)
from longtail.models.features import POOLED, Features, FeatureSizes, Want


class _Tiny(Backbone):
    """A newcomer's backbone."""

    def __init__(self, *, channels: int, image_size: Any = None, drop_path: float = 0.0) -> None:
        super().__init__()
        self.name, self.sizes = "tiny", FeatureSizes(width=5)
        self.image_size, self.drop_path, self.licence = image_size, drop_path, "none"
        self.mean = self.std = (0.5,) * channels
        self.conv = nn.Conv2d(channels, 5, 3)

    def forward(self, images: Tensor, wants: Collection[Want] = POOLED) -> Features:
        assert set(wants) == {"pooled"}
        return Features(pooled=self.conv(images).mean((2, 3)))


@pytest.fixture
def tiny() -> Iterator[None]:
    BACKBONES.register("tiny")(_Tiny)
    yield
    del BACKBONES.entries["tiny"]


@pytest.mark.usefixtures("tiny")
def test_a_newcomers_backbone_is_built_loaded_and_listed(tmp_path: Any) -> None:
    backbone = build_backbone("tiny", weights="none", channels=1)
    assert backbone.pooled(torch.zeros(2, 1, 8, 8)).shape == (2, 5)
    torch.save({"model": {f"module.{k}": v for k, v in backbone.state_dict().items()}}, tmp_path / "w.pth")
    other = build_backbone("tiny", weights=tmp_path / "w.pth", channels=1)
    torch.testing.assert_close(other.state_dict(), backbone.state_dict())
    assert "tiny" in backbone_names()
    assert "tiny" in families()["longtail"]
    assert list_backbones("tiny")[0].name == "tiny"
    with pytest.raises(UserError, match="nobody has published weights for backbone 'tiny'"):
        build_backbone("tiny")


@pytest.mark.usefixtures("tiny")
def test_what_only_timms_backbones_know_is_refused() -> None:
    with pytest.raises(UserError, match="map_indices picks stage maps of timm's backbones; 'tiny' is none"):
        build_backbone("tiny", weights="none", map_indices=(1, 2))
    with pytest.raises(UserError, match="'tiny' takes images of 8 x 8 only, so it can't be dynamic"):
        build_backbone("tiny", weights="none", image_size=(8, 8), dynamic=True)
    assert build_backbone("tiny", weights="none", dynamic=True).image_size is None  # it takes any size anyway


def test_channels_are_one_or_three() -> None:
    with pytest.raises(UserError, match="channels is 4"):
        build_backbone("test_resnet", weights=None, channels=4)


def test_names_load_on_first_use() -> None:
    assert longtail.models.tau_normalize.__module__ == "longtail.models.heads.tau_norm"
    assert longtail.models.Classifier.__name__ == "Classifier"
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = longtail.models.nothing


def test_importing_the_room_loads_no_torch() -> None:
    code = "import sys, longtail.models; print('torch' in sys.modules or 'timm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_every_head_says_what_it_wants() -> None:
    for name, entry in HEADS.load().items():
        assert entry.summary, name
        assert entry.function.wants <= {"pooled", "maps", "tokens"}  # type: ignore[attr-defined]


def test_the_catalogue_states_licences_and_input() -> None:
    found = {each.name: each for each in list_backbones("convnextv2_atto*")}
    assert is_non_commercial(found["convnextv2_atto.fcmae"].licence)
    lite = list_backbones("tf_efficientnet_lite0")[0]
    assert (lite.name, lite.weights, lite.mean) == ("tf_efficientnet_lite0.in1k", "hub, packaged", (0.5, 0.5, 0.5))
    assert not is_non_commercial("apache-2.0")
    assert shown_licence("cc-by-nc-4.0") == "cc-by-nc-4.0 (non-commercial)"
    assert levels((0.2, 0.4, 0.6), 1) == pytest.approx((0.4,))
    assert levels((0.5,), 3) == (0.5,) * 3


def test_the_commands_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "heads"]) == 0
    assert "two_branch" in capsys.readouterr().out
    assert run(["list", "backbones", "resnet18*"]) == 0
    assert "resnet18.a1_in1k" in capsys.readouterr().out
    assert run(["list", "backbones"]) == 0
    assert "vision_transformer" in capsys.readouterr().out
    assert run(["list", "backbones", "resnett18"]) == 2
    assert "Did you mean 'resnet18'?" in capsys.readouterr().err
