"""The newcomer's test of the design: a new loss is one new file; lists, imports and recipes know it without more."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from longtail import losses
from longtail.cli import run
from longtail.losses import LOSSES

_FILE = '''"""A loss that a newcomer wrote."""

from typing import ClassVar

from torch import Tensor, nn

from longtail.losses import LOSSES


def newcomers_loss(logits: Tensor, target: Tensor, *, slope: float = 2.0) -> Tensor:
    """Distance to the target, `slope` times."""
    return slope * (logits - target).abs().mean()


@LOSSES.register("newcomer", paper="Nobody 2026", code="none", task="multilabel")
class Newcomer(nn.Module):
    """The newcomer's own summary."""

    needs: ClassVar[str] = "logits"

    def __init__(self, *, slope: float = 2.0) -> None:
        super().__init__()
        self.slope = slope

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        return newcomers_loss(inputs, target, slope=self.slope)
'''


@pytest.fixture
def _dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The room with one more file (in a folder of its own, so that the sources stay as they are)."""
    (tmp_path / "newcomer.py").write_text(_FILE)
    monkeypatch.setattr(losses, "__path__", [*losses.__path__, str(tmp_path)])
    yield
    LOSSES.entries.pop("newcomer", None)
    sys.modules.pop("longtail.losses.newcomer", None)
    vars(losses).pop("newcomer", None)


@pytest.mark.usefixtures("_dropped")
def test_it_is_in_the_registry() -> None:
    entry = LOSSES.find("newcomer")
    assert entry.summary == "The newcomer's own summary."
    assert entry.function(slope=3.0)(torch.ones(2), torch.zeros(2)) == 3


@pytest.mark.usefixtures("_dropped")
def test_it_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "losses"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.strip().startswith("newcomer")]
    for shown in ("multilabel", "The newcomer's own summary.", "slope=2.0", "Nobody 2026"):
        assert shown in line


@pytest.mark.usefixtures("_dropped")
def test_it_is_imported_from_the_room() -> None:
    from longtail.losses import Newcomer, newcomers_loss

    assert Newcomer()(torch.ones(1), torch.zeros(1)) == newcomers_loss(torch.ones(1), torch.zeros(1))


def test_afterwards_it_is_gone() -> None:
    assert "newcomer" not in LOSSES.load()
    assert not hasattr(losses, "newcomers_loss")
