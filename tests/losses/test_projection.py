import pytest
import torch

from longtail.errors import UserError
from longtail.losses.projection import projection_head


def test_three_layers_by_default() -> None:
    head = projection_head(16)
    assert [type(layer).__name__ for layer in head] == ["Linear", "ReLU", "Linear", "ReLU", "Linear"]
    assert [tuple(layer.weight.shape) for layer in head[::2]] == [(2048, 16), (2048, 2048), (128, 2048)]


def test_views_keep_their_places() -> None:
    head = projection_head(5, [4, 3])
    features = torch.randn(2, 3, 5)
    torch.testing.assert_close(head(features)[1], head(features[1]))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_features_of_any_precision(dtype: torch.dtype) -> None:
    features = torch.randn(2, 5).to(dtype).requires_grad_()
    projected = projection_head(5, [4, 3])(features)
    assert projected.dtype == torch.float32
    (gradient,) = torch.autograd.grad(projected.sum(), features)
    assert gradient.dtype == dtype
    assert gradient.isfinite().all()


def test_without_widths_nothing_happens() -> None:
    features = torch.randn(2, 5)
    assert projection_head(5, [])(features) is features


def test_impossible_widths() -> None:
    with pytest.raises(UserError, match=r"\[5, 0\]"):
        projection_head(5, [0])
