"""View consistency against loops, and what must not change it."""

import numpy as np
import pytest
import torch

from longtail.errors import UserError
from longtail.losses.view_consistency import ViewConsistency, view_consistency_loss

LOGITS = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
STUDY = torch.tensor([4, 7, 4, -1, -1, 4])


def test_squared_distance_to_the_studys_mean() -> None:
    shares = LOGITS.sigmoid().numpy()[[0, 2, 5]]  # alone (7) and unknown (-1) ones do not count
    expected = ((shares - shares.mean(0)) ** 2).mean()
    assert view_consistency_loss(LOGITS, STUDY).item() == pytest.approx(expected, rel=1e-5)


def test_jensen_shannon() -> None:
    shares = LOGITS.double().sigmoid().numpy()[[0, 2, 5]]
    mean = np.broadcast_to(shares.mean(0), shares.shape)
    kl = shares * np.log(shares / mean) + (1 - shares) * np.log((1 - shares) / (1 - mean))
    assert view_consistency_loss(LOGITS.double(), STUDY, distance="kl").item() == pytest.approx(kl.mean(), rel=1e-6)


@pytest.mark.parametrize("distance", ["squared", "kl"])
def test_nothing_in_common_is_zero_with_a_graph_and_training_agrees(distance: str) -> None:
    logits = (LOGITS * 30).clone().requires_grad_()
    loss = ViewConsistency(distance=distance)  # type: ignore[arg-type]
    loss(logits, torch.arange(6)).backward()
    assert logits.grad is not None
    assert (logits.grad == 0).all()
    loss(logits, STUDY).backward()
    assert logits.grad.isfinite().all()


def test_an_unknown_distance() -> None:
    with pytest.raises(UserError, match="unknown distance 'l1'"):
        view_consistency_loss(LOGITS, STUDY, distance="l1")  # type: ignore[arg-type]
