"""The pointing game, counted by hand."""

import numpy as np

from longtail.predict.pointing import Pointing, pointing_game, points_into


def _peak(row: int, column: int, size: int = 8) -> np.ndarray:
    heat = np.zeros((size, size))
    heat[row, column] = 1
    return heat


def test_a_hit_is_the_maximum_inside_any_box() -> None:
    box = (0.0, 0.0, 0.5, 0.25)  # columns 0 to 3, rows 0 and 1
    assert points_into(_peak(1, 3), [box])
    assert not points_into(_peak(2, 3), [box])
    assert not points_into(_peak(1, 4), [box])
    assert points_into(_peak(7, 7), [box, (0.9, 0.9, 1, 1)])


def test_the_tolerance_reaches_beside_a_box() -> None:
    box = (0.0, 0.0, 0.5, 0.25)
    assert points_into(_peak(1, 4), [box], tolerance=0.07)


def test_a_flat_map_points_nowhere() -> None:
    assert not points_into(np.ones((4, 4)), [(0, 0, 1, 1)])
    assert not points_into(np.zeros((0, 0)), [(0, 0, 1, 1)])


def test_images_without_boxes_do_not_count() -> None:
    game = pointing_game([_peak(0, 0), _peak(7, 7), _peak(3, 3)], [[(0, 0, 0.5, 0.5)], [(0, 0, 0.5, 0.5)], []])
    assert game == Pointing(1, 2)
    assert game.score == 0.5
    assert np.isnan(pointing_game([], []).score)
