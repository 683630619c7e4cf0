"""The merge of views: means written out, the same bits every time, no graph."""

import pytest
import torch
from torch import Tensor

from longtail.errors import UserError
from longtail.predict.tta.predicting_views import predict_with_tta

_IMAGES = torch.rand(5, 1, 4, 6, generator=torch.Generator().manual_seed(1))
_WEIGHT = torch.randn(24, 3, generator=torch.Generator().manual_seed(2), requires_grad=True)


def _model(images: Tensor) -> Tensor:
    return images.flatten(1) @ _WEIGHT


def test_the_mean_of_probabilities_of_the_image_and_its_mirror_image() -> None:
    expected = (_model(_IMAGES).sigmoid() + _model(_IMAGES.flip(-1)).sigmoid()) / 2
    found = predict_with_tta(_model, _IMAGES, ["identity", "hflip"])
    torch.testing.assert_close(found, expected.detach())
    assert not found.requires_grad
    assert torch.equal(found, predict_with_tta(_model, _IMAGES, ["identity", "hflip"]))


def test_the_mean_of_logits() -> None:
    expected = ((_model(_IMAGES) + _model(_IMAGES.flip(-2))) / 2).detach()
    torch.testing.assert_close(predict_with_tta(_model, _IMAGES, ["identity", "vflip"], "logits"), expected.sigmoid())
    softmax = predict_with_tta(_model, _IMAGES, ["identity", "vflip"], "logits", task="singlelabel")
    torch.testing.assert_close(softmax, expected.softmax(1))


def test_every_image_of_a_view_counts_alike() -> None:
    one = predict_with_tta(_model, _IMAGES, ["three_views"])
    torch.testing.assert_close(one, predict_with_tta(_model, _IMAGES, ["identity", "hflip", "vflip"]))
    assert torch.allclose(predict_with_tta(_model, _IMAGES, ["three_views"], task="singlelabel").sum(1), torch.ones(5))


def test_settings_reach_the_view() -> None:
    by_text = predict_with_tta(_model, _IMAGES, ["shift,x=0.5"])
    torch.testing.assert_close(by_text, predict_with_tta(_model, _IMAGES, [{"shift": {"x": 0.5}}]))


@pytest.mark.parametrize(
    ("views", "merge", "message"),
    [
        ([], "logits", "no TTA views"),
        (["hflp"], "logits", "Did you mean 'hflip'"),
        (["hflip"], "mean", "probabilities"),
    ],
)
def test_mistakes(views: list[str], merge: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        predict_with_tta(_model, _IMAGES, views, merge)  # type: ignore[arg-type]
