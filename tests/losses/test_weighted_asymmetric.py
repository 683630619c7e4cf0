import math

import pytest
import torch

from longtail.errors import UserError
from longtail.losses import WeightedAsymmetric, asymmetric_loss, weighted_asymmetric_loss


def test_weights_by_share_of_images() -> None:
    logits, target = torch.randn(8, 2), (torch.rand(8, 2) < 0.4).float()
    each, total = asymmetric_loss(logits, target, reduction="none"), 0.0
    for i in range(8):
        for c, share in enumerate((0.9, 0.01)):
            total += math.exp(1 - share if target[i, c] == 1 else share) * each[i, c].item()
    got = weighted_asymmetric_loss(logits, target, [900, 10], 1000)
    assert got.item() == pytest.approx(total / 16, rel=1e-5)
    torch.testing.assert_close(WeightedAsymmetric([900, 10], 1000)(logits, target), got)


def test_the_sum_of_label_counts_is_no_number_of_images() -> None:
    with pytest.raises(UserError, match="num_rows is 500"):
        WeightedAsymmetric([900, 10], 500)
    with pytest.warns(UserWarning, match="equals the sum"):
        WeightedAsymmetric([900, 10], 910)
