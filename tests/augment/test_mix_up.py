import numpy as np
import pytest
import torch

from longtail.augment import MIXES, Mixup, mixup
from longtail.errors import UserError


def test_against_a_loop() -> None:
    images, targets = torch.rand(6, 3, 4, 4), torch.randint(0, 2, (6, 5)).float()
    found = mixup(images, targets, alpha=0.7, rng=np.random.default_rng(3))
    amount = float(found.weight[0])
    assert found.weight.eq(amount).all()
    assert sorted(found.partner.tolist()) == list(range(6))
    for i, j in enumerate(found.partner.tolist()):
        torch.testing.assert_close(found.images[i], amount * images[i] + (1 - amount) * images[j])
        torch.testing.assert_close(found.targets[i], amount * targets[i] + (1 - amount) * targets[j])


def test_classes_and_the_pair_form_agree() -> None:
    images, targets, logits = torch.rand(8, 1, 2, 2), torch.randint(0, 4, (8,)), torch.randn(8, 4)
    found = mixup(images, targets, num_classes=4, rng=np.random.default_rng(0))
    soft = torch.nn.functional.cross_entropy(logits, found.targets, reduction="none")
    own = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
    other = torch.nn.functional.cross_entropy(logits, targets[found.partner], reduction="none")
    torch.testing.assert_close(soft, found.weight * own + (1 - found.weight) * other)


def test_weights_come_from_beta() -> None:
    rng, image = np.random.default_rng(0), torch.zeros(1, 1)
    drawn = np.array([float(mixup(image, image, alpha=0.2, rng=rng).weight) for _ in range(2000)])
    assert drawn.mean() == pytest.approx(0.5, abs=0.04)
    assert drawn.var() == pytest.approx(0.25 / 1.4, abs=0.02)  # 1 / (4 (2 alpha + 1))


def test_the_registered_step() -> None:
    images, targets = torch.rand(4, 1, 2, 2), torch.tensor([0, 1, -1, 2])
    step = MIXES.find("mixup").function(probability=0.0)
    left = step(images, targets, rng=np.random.default_rng(0), num_classes=3)
    assert left.images is images
    assert left.weight.tolist() == [1, 1, 1, 1]
    assert left.targets[2].isnan().all()
    mixed = Mixup(alpha=0.3)(images, targets, rng=np.random.default_rng(0), num_classes=3)
    assert mixed.targets.isnan().all(dim=1).sum() in (1, 2)
    with pytest.raises(UserError, match="'probability' is 3"):
        Mixup(probability=3)
