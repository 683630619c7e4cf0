"""Flips and turns, against indices written out."""

import pytest
import torch

from longtail.errors import UserError
from longtail.predict.tta import TTA

_IMAGE = torch.arange(12.0).view(1, 1, 3, 4)


def _seen(name: str, image: torch.Tensor = _IMAGE, **settings: object) -> list[list[list[float]]]:
    return [each[0, 0].tolist() for each in TTA.find(name).function(image, **settings)]


def test_flips() -> None:
    assert _seen("identity") == [[[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]]
    assert _seen("hflip") == [[[3, 2, 1, 0], [7, 6, 5, 4], [11, 10, 9, 8]]]
    assert _seen("vflip") == [[[8, 9, 10, 11], [4, 5, 6, 7], [0, 1, 2, 3]]]
    assert _seen("three_views") == [*_seen("identity"), *_seen("hflip"), *_seen("vflip")]


def test_quarter_turns_go_counter_clockwise() -> None:
    square = torch.arange(4.0).view(1, 1, 2, 2)
    assert _seen("quarter_turn", square) == [[[1, 3], [0, 2]]]
    assert _seen("quarter_turn", square, turns=4) == [[[0, 1], [2, 3]]]
    with pytest.raises(UserError, match="square"):
        _seen("quarter_turn")
