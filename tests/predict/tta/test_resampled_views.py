"""Shifts, scales, rotations and crops against exact cases."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from longtail.errors import UserError
from longtail.predict.tta.resampled_views import five_crop_views, rotate_view, scale_view, shift_view

_IMAGES = torch.rand(2, 3, 8, 10, generator=torch.Generator().manual_seed(0))


def test_a_shift_by_whole_pixels_moves_them_exactly() -> None:
    (seen,) = shift_view(_IMAGES, x=0.2, y=-0.25)  # 2 pixels right, 2 up
    expected = torch.zeros_like(_IMAGES)
    expected[..., :6, 2:] = _IMAGES[..., 2:, :8]
    torch.testing.assert_close(seen, expected, atol=1e-5, rtol=0)


def test_no_change_is_the_image() -> None:
    for seen in (shift_view(_IMAGES, x=0), scale_view(_IMAGES, factor=1), rotate_view(_IMAGES, degrees=0)):
        torch.testing.assert_close(seen[0], _IMAGES, atol=1e-5, rtol=0)
    assert all(torch.allclose(crop, _IMAGES) for crop in five_crop_views(_IMAGES, fraction=1.0))


def test_a_quarter_and_a_half_turn_are_exact() -> None:
    square = _IMAGES[..., :8]
    torch.testing.assert_close(rotate_view(square, degrees=90)[0], torch.rot90(square, 1, (-2, -1)), atol=1e-5, rtol=0)
    torch.testing.assert_close(rotate_view(_IMAGES, degrees=180)[0], _IMAGES.flip(-1, -2), atol=1e-5, rtol=0)


def test_twice_as_large_shows_the_middle() -> None:
    block = torch.zeros(1, 1, 8, 8)
    block[..., 2:6, 2:6] = 1
    assert (scale_view(block, factor=2)[0][..., 1:7, 1:7] == 1).all()
    assert scale_view(torch.ones(1, 1, 8, 8), factor=0.5)[0].sum().item() == pytest.approx(16)


def test_the_middle_224_of_300_pixels() -> None:
    """The metric-learning paper's crop in prediction, at the size of the whole."""
    side = torch.linspace(0, 3, 300)
    smooth = (torch.sin(side)[:, None] * torch.cos(2 * side)[None])[None, None]
    expected = F.interpolate(smooth[..., 38:-38, 38:-38], (300, 300), mode="bilinear", align_corners=False)
    torch.testing.assert_close(scale_view(smooth, factor=1.3393)[0], expected, atol=5e-3, rtol=0)


def test_five_crops() -> None:
    seen = five_crop_views(_IMAGES, fraction=0.5)
    assert [each.shape for each in seen] == [_IMAGES.shape] * 5
    corner = F.interpolate(_IMAGES[..., 4:, 5:], (8, 10), mode="bilinear", antialias=True)
    torch.testing.assert_close(seen[3], corner)
    middle = F.interpolate(_IMAGES[..., 2:6, 2:7], (8, 10), mode="bilinear", antialias=True)
    torch.testing.assert_close(seen[4], middle)


def test_settings_that_make_no_view() -> None:
    with pytest.raises(UserError, match="fraction"):
        five_crop_views(_IMAGES, fraction=0)
    with pytest.raises(UserError, match="factor"):
        scale_view(_IMAGES, factor=0)
