"""The cost of networks: counts against what is known of them."""

from pathlib import Path

import pytest
import torch

from longtail.cli import run as cli
from longtail.export.profiling import model_of, profile

Made = tuple[Path, Path]


def test_parameters_sizes_and_speed(made: Made) -> None:
    found = profile(made[0], against="resnet18", stages=["small"], batch_size=2, rounds=1, memory=False)
    assert [cost.name for cost in found] == ["small", "resnet18 (baseline)"]
    known = 11_176_512 - 2 * 3_136 + 3 * 513  # ResNet-18 without its classifier, one channel, three labels
    assert found[1].parameters == known
    assert found[1].bytes == pytest.approx(4 * known, rel=0.01)
    # ResNet-18 does 1.82 G multiply-adds at 224 px; the stem of one channel saves 2 of 3
    assert model_of("-", "resnet18", 3, 1, 64)(torch.zeros(1, 1, 64, 64)).shape == (1, 3)
    assert found[1].gflops == pytest.approx(2 * (1.814 - 0.118 * 2 / 3) * (32 / 224) ** 2, rel=0.02)
    assert all(cost.images_per_s > 0 and cost.seconds > 0 and cost.memory is None for cost in found)


def test_the_table(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["export", str(made[0]), "--profile", "--stage", "small", "--batch-size", "1"]) == 0
    out = capsys.readouterr().out
    assert "GFLOPs" in out
    assert "4.89 M" in out or "4.9" in out
