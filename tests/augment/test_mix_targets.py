import numpy as np
import pytest
import torch

from longtail.augment.mix_step import step_generator
from longtail.augment.mix_targets import drawn_weight, mixed_targets, soft_targets
from longtail.errors import UserError

NAN = float("nan")


def assert_same(found: torch.Tensor, expected: list[list[float]]) -> None:
    torch.testing.assert_close(found, torch.tensor(expected), equal_nan=True)


def test_classes_become_rows_and_unknown_ones_nan() -> None:
    assert_same(soft_targets(torch.tensor([2, -1, 0]), 3), [[0, 0, 1], [NAN] * 3, [1, 0, 0]])
    assert_same(soft_targets(torch.tensor([[0, 1]]), None), [[0.0, 1.0]])
    with pytest.raises(UserError, match="num_classes"):
        soft_targets(torch.tensor([2]), None)


def test_unknown_labels_stay_unknown() -> None:
    own = torch.tensor([[0, 1, NAN, NAN, NAN, 0, 1.0]] * 3)
    other = torch.tensor([[NAN, NAN, NAN, 0, 1, 1, 0.0]] * 3)
    weight = torch.tensor([0.25, 1.0, 0.0])
    mixed = [NAN, NAN, NAN, NAN, NAN, 0.75, 0.25]
    assert_same(mixed_targets(own, other, weight), [mixed, own[1].tolist(), other[2].tolist()])
    united = [NAN, 1, NAN, NAN, 1, 1, 1]
    assert_same(mixed_targets(own, other, weight, "union"), [united, own[1].tolist(), other[2].tolist()])
    with pytest.raises(UserError, match="Did you mean 'union'"):
        mixed_targets(own, other, weight, "unions")  # type: ignore[arg-type]


def test_generators_of_steps() -> None:
    drawn = {step_generator(*key).random() for key in [(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0)]}
    assert len(drawn) == 4
    assert step_generator(1, 2, 3).random() == step_generator(1, 2, 3).random()
    with pytest.raises(UserError, match="'alpha' is 0"):
        drawn_weight(np.random.default_rng(0), 0, 1)
