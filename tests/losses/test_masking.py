import pytest
import torch

from longtail.errors import UserError
from longtail.losses.masking import known, masked_mean, precise, reduced, sides

NAN = float("nan")


def test_known_of_several_labels_and_of_one() -> None:
    mask, filled = known(torch.tensor([[1.0, NAN, 0.0]]))
    assert mask.tolist() == [[1, 0, 1]]
    assert filled.tolist() == [[1, 0, 0]]
    mask, filled = known(torch.tensor([2, -1, 0]))
    assert mask.tolist() == [1, 0, 1]
    assert filled.tolist() == [2, 0, 0]


def test_sides_of_a_target() -> None:
    positive, negative = sides(torch.tensor([1.0, 0.25, 0.0, NAN]))
    assert positive.tolist() == [1, 0.25, 0, 0]
    assert negative.tolist() == [0, 0.75, 1, 0]


def test_reductions_leave_out_what_is_masked() -> None:
    values, mask = torch.tensor([3.0, 5.0, 7.0]), torch.tensor([1.0, 0.0, 1.0])
    assert masked_mean(values, mask) == 5
    assert reduced(values, mask, "sum") == 10
    assert reduced(values, mask, "none").tolist() == [3, 0, 7]
    assert masked_mean(values, torch.zeros(3)) == 0
    with pytest.raises(UserError, match="unknown reduction 'avg'"):
        reduced(values, mask, "avg")


def test_precise_is_float32_at_least() -> None:
    for given, kept in (
        (torch.float16, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.float64, torch.float64),
    ):
        assert precise(torch.zeros(1, dtype=given)).dtype == kept
