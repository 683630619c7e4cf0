import numpy as np
import pytest
import torch

from longtail.augment import BalancedMixup, balanced_mixup
from longtail.errors import UserError


def test_against_a_loop() -> None:
    images, balanced = torch.rand(5, 3, 2, 2), torch.rand(5, 3, 2, 2)
    targets, others = torch.randint(0, 2, (5, 4)).float(), torch.randint(0, 2, (5, 4)).float()
    found = balanced_mixup(images, targets, balanced, others, alpha=0.3, rng=np.random.default_rng(1))
    amount = np.random.default_rng(1).beta(0.3, 1)  # of the balanced image
    for i in range(5):
        torch.testing.assert_close(found.images[i], (1 - amount) * images[i] + amount * balanced[i])
        torch.testing.assert_close(found.targets[i], (1 - amount) * targets[i] + amount * others[i])
    assert found.partner.tolist() == [0, 1, 2, 3, 4]
    assert found.weight.tolist() == pytest.approx([1 - amount] * 5)


def test_the_balanced_image_weighs_little() -> None:
    rng, one = np.random.default_rng(0), torch.zeros(1, 1)
    drawn = np.array([float(balanced_mixup(one, one, one, one, alpha=0.2, rng=rng).weight) for _ in range(3000)])
    assert 1 - drawn.mean() == pytest.approx(0.2 / 1.2, abs=0.02)


def test_the_registered_step_and_batches_of_unequal_size() -> None:
    images, targets = torch.rand(3, 1, 2, 2), torch.tensor([0, 1, -1])
    found = BalancedMixup()(images, targets, images, targets, rng=np.random.default_rng(0), num_classes=2)
    torch.testing.assert_close(found.targets[:2], torch.eye(2))
    assert found.targets[2].isnan().all()
    with pytest.raises(UserError, match="draw as many"):
        balanced_mixup(images, targets, images[:2], targets[:2], num_classes=2, rng=np.random.default_rng(0))
