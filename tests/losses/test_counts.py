import pytest
import torch

from longtail.errors import UserError
from longtail.losses.counts import as_counts, as_shares
from longtail.losses.labels import as_weights, prior_log_odds


def test_shares_and_odds() -> None:
    torch.testing.assert_close(as_shares([50, 5, 0], 100), torch.tensor([0.5, 0.05, 0.0]).double(), rtol=1e-6, atol=0)
    odds = prior_log_odds([50, 10, 0, 100], 100)
    torch.testing.assert_close(odds, torch.tensor([1.0, 1 / 9, 0.5 / 99.5, 199.0]).log())


def test_num_rows_is_images_and_not_labels() -> None:
    with pytest.raises(UserError, match="num_rows is 40 but class_counts has more at 0"):
        as_shares([50, 5], 40)
    with pytest.raises(UserError, match="num_rows is 0"):
        as_shares([0, 0], 0)
    with pytest.warns(UserWarning, match="equals the sum of class_counts"):
        as_shares([50, 5], 55)


@pytest.mark.parametrize("counts", [[-1, 2], [[1, 2]], [], [float("nan")]])
def test_what_is_no_count_is_refused(counts: list[int]) -> None:
    with pytest.raises(UserError, match="class_counts"):
        as_counts(counts)


def test_weights_as_a_recipe_writes_them() -> None:
    assert as_weights(None) is None
    weights = as_weights([1, 2])
    assert weights is not None
    assert weights.tolist() == [1, 2]
