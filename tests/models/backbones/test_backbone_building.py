"""A backbone of one's own by its dotted path, beside timm's names, which hold dots too."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from longtail.errors import UserError
from longtail.models.backbones.building import build_backbone

_FILE = """
from torch import nn
from longtail.models import Backbone, Features, FeatureSizes

class Own(Backbone):
    def __init__(self, *, channels, image_size=None, drop_path=0.0):
        super().__init__()
        self.name, self.sizes, self.image_size, self.licence = "own", FeatureSizes(width=5), image_size, "mine"
        self.mean = self.std = (0.5,) * channels
        self.conv = nn.Conv2d(channels, 5, 3)

    def forward(self, images, wants=("pooled",)):
        return Features(pooled=self.conv(images).mean((2, 3)))

def nothing(*, channels, image_size, drop_path):
    return 3
"""


@pytest.fixture
def own(in_tmp: Path) -> Iterator[None]:
    (in_tmp / "own_backbones_of_tests.py").write_text(_FILE)
    yield
    sys.modules.pop("own_backbones_of_tests", None)


@pytest.mark.usefixtures("own")
def test_a_backbone_by_dotted_path() -> None:
    backbone = build_backbone("own_backbones_of_tests.Own", weights=None, channels=1)
    assert backbone.pooled(torch.zeros(2, 1, 8, 8)).shape == (2, 5)


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("own_backbones_of_tests.Owm", "has no attribute 'Owm'"),
        ("own_backbones_of_tests.nothing", "makes a int; a backbone extends longtail.models.Backbone"),
        ("resnet18.absent_tag", "unknown weights 'absent_tag' in backbone 'resnet18'"),
        ("resnett18.a1_in1k", "unknown backbone 'resnett18.a1_in1k'. Did you mean"),
    ],
)
def test_mistakes_are_told(name: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        build_backbone(name, weights=None)
    assert message in str(caught.value)
