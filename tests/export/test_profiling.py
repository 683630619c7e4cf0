"""The cost of networks: counts against what is known of them."""

from pathlib import Path

import pytest
import torch

from longtail.cli import run as cli
from longtail.export.profiling import _memory, model_of, profile

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


def test_the_table(made: Made, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("longtail.export.profiling._memory", lambda *_: 5 << 20)
    assert cli(["export", str(made[0]), "--profile", "--stage", "small", "--batch-size", "1"]) == 0
    out = capsys.readouterr().out
    assert "GFLOPs" in out
    assert "5.0 MiB" in out


def test_memory_is_measured_in_a_process_of_its_own() -> None:
    found = _memory(("-", "resnet10t", 32), (1, 3), 1)
    assert found is None or found > 4 * 4_000_000
