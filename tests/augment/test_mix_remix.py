import numpy as np
import pytest
import torch

from longtail.augment import Remix, remix
from longtail.augment.mix_remix import remix_weight, row_counts
from longtail.errors import UserError

NAN = float("nan")


@pytest.mark.parametrize(
    ("own", "other", "amount", "weight"),
    [
        (300, 100, 0.4, 0.0),  # much commoner, and its image weighs less than tau: the partner's label
        (300, 100, 0.5, 0.5),  # its image weighs enough
        (299, 100, 0.4, 0.4),  # not common enough
        (100, 300, 0.6, 1.0),  # much rarer, and the partner's image weighs less than tau: its own label
        (100, 300, 0.5, 0.5),
        (100, 299, 0.6, 0.6),
        (100, 100, 0.1, 0.1),
        (300, 100, 0.9, 0.9),
        (100, 300, 0.1, 0.1),
        (5, 0, 0.4, 0.0),
        (0, 5, 0.6, 1.0),
        (0, 0, 0.4, 0.4),
        (NAN, 5, 0.4, 0.4),
    ],
)
def test_the_truth_table(own: float, other: float, amount: float, weight: float) -> None:
    assert float(remix_weight(torch.tensor([own]), torch.tensor([other]), amount)) == pytest.approx(weight)


def test_other_thresholds() -> None:
    counts = torch.tensor([300.0]), torch.tensor([100.0])
    assert remix_weight(*counts, 0.4, kappa=4).item() == pytest.approx(0.4)
    assert remix_weight(*counts, 0.4, tau=0.3).item() == pytest.approx(0.4)


def test_a_row_counts_as_its_rarest_finding() -> None:
    counts = torch.tensor([1000, 50, 7])
    rows = torch.tensor([[1, 1, 0], [1, 0, NAN], [0, 0, NAN], [NAN, NAN, NAN], [0, NAN, 1.0]])
    assert row_counts(rows, counts).nan_to_num(-1).tolist() == [50, 1000, 1000, -1, 7]
    assert row_counts(rows, counts.int().tolist()).nan_to_num(-1).tolist() == [50, 1000, 1000, -1, 7]


def test_images_mix_by_one_weight_and_labels_by_their_own() -> None:
    images, targets = torch.rand(40, 1, 2, 2), torch.randint(0, 3, (40,))
    counts, kinds = torch.tensor([900, 100, 10]), set()
    for seed in range(6):
        found = remix(images, targets, class_counts=counts, rng=np.random.default_rng(seed))
        amount = float(np.random.default_rng(seed).beta(1, 1))
        for i, j in enumerate(found.partner.tolist()):
            torch.testing.assert_close(found.images[i], amount * images[i] + (1 - amount) * images[j])
            ratio = counts[targets[i]] / counts[targets[j]]
            expected = amount
            if ratio >= 3 and amount < 0.5:
                expected = 0
            if ratio <= 1 / 3 and 1 - amount < 0.5:
                expected = 1
            assert float(found.weight[i]) == pytest.approx(expected)
            assert float(found.targets[i, targets[i]]) == pytest.approx(1 if targets[i] == targets[j] else expected)
            kinds.add(expected if expected in (0, 1) else "between")
    assert kinds == {0, 1, "between"}


def test_the_registered_step() -> None:
    images, targets = torch.rand(4, 1, 2, 2), torch.tensor([[0, 1.0]] * 4)
    found = Remix(class_counts=[9, 1])(images, targets, rng=np.random.default_rng(0))
    assert torch.equal(found.targets, targets)
    with pytest.raises(UserError, match="give 'class_counts'"):
        Remix()(images, targets, rng=np.random.default_rng(0))
    with pytest.raises(UserError, match="'kappa' is 0"):
        Remix(kappa=0)
