"""Levels against the formulas written out."""

import pytest
import torch

from longtail.errors import UserError
from longtail.predict.tta.colour_views import colour_view

_GREY = torch.tensor([[[[0.2, 0.4], [0.6, 0.8]]]])


def test_the_formulas() -> None:
    def seen(**settings: float) -> list[float]:
        return [round(value, 5) for value in colour_view(_GREY, **settings)[0].flatten().tolist()]

    assert colour_view(_GREY)[0] is _GREY
    assert seen(brightness=1.5) == [0.3, 0.6, 0.9, 1.0]
    assert seen(contrast=0.5) == [0.35, 0.45, 0.55, 0.65]
    assert seen(gamma=2) == [0.04, 0.16, 0.36, 0.64]
    assert seen(saturation=0) == [0.2, 0.4, 0.6, 0.8]


def test_saturation_of_colour() -> None:
    red = torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1)
    torch.testing.assert_close(colour_view(red, saturation=0)[0], torch.full((1, 3, 1, 1), 0.299))


def test_bad_factors() -> None:
    with pytest.raises(UserError, match="gamma above 0"):
        colour_view(_GREY, gamma=0)
