import numpy as np
import pytest

from longtail.augment import affine
from longtail.augment.hflip import mirror_x
from longtail.augment.random_resized_crop import TRIES, RandomResizedCrop, crop_windows
from longtail.augment.rotate import Rotate
from longtail.augment.shift_scale import ShiftScale
from longtail.augment.vflip import mirror_y
from longtail.errors import UserError


def place(matrix: np.ndarray, x: float, y: float) -> list[float]:
    return np.round(matrix @ [x, y, 1], 9).tolist()[:2]


def test_flips_take_each_edge_to_the_other() -> None:
    assert place(mirror_x(1, (10, 20))[0], 0, 3) == [20, 3]
    assert place(mirror_y(1, (10, 20))[0], 4, 1) == [4, 9]


def test_a_quarter_turn_is_counter_clockwise() -> None:
    quarter = affine.about_centre(affine.rotation(np.array([90.0])), (10, 10))[0]
    # What is at the top of the new image was at the right of the old one.
    assert place(quarter, 5, 0) == [10, 5]


def test_flips_are_told_from_other_maps() -> None:
    size = (10, 20)
    both = mirror_x(1, size) @ mirror_y(1, size)
    rotated = affine.about_centre(affine.rotation(np.array([3.0])), size)
    moved = affine.moving(np.array([1.0]), np.array([0.0]))
    maps = np.concatenate([affine.identity(1), mirror_x(1, size), mirror_y(1, size), both, rotated, moved])
    plain, along_x, along_y = affine.flips(maps, size)
    assert plain == [True, True, True, True, False, False]
    assert along_x[:4] == [False, True, False, True]
    assert along_y[:4] == [False, False, True, True]


def test_shrink_factors_are_whole_and_at_least_one() -> None:
    scales = np.array([0.3, 1.0, 1.9, 2.0, 3.5])
    assert affine.shrink_factors(affine.scaling(scales, scales)) == [1, 1, 1, 2, 3]


def test_windows_lie_inside_and_have_the_asked_area_and_shape() -> None:
    chance = np.random.default_rng(0).random((500, 2 * TRIES + 2))
    left, top, wide, high = crop_windows(chance, (60, 80), (0.2, 0.9), (0.5, 2.0))
    assert (left >= 0).all()
    assert (top >= 0).all()
    assert (left + wide <= 80 + 1e-9).all()
    assert (top + high <= 60 + 1e-9).all()
    assert (wide * high / 4800).min() >= 0.2 - 1e-9
    assert (wide * high / 4800).max() <= 0.9 + 1e-9
    assert (wide / high).min() >= 0.5
    assert (wide / high).max() <= 2


@pytest.mark.parametrize(("size", "wanted"), [((10, 40), (20, 10)), ((40, 10), (10, 20)), ((10, 15), (15, 10))])
def test_without_a_fitting_window_the_largest_central_one_is_taken(
    size: tuple[int, int], wanted: tuple[float, float]
) -> None:
    # Windows of the whole area and a shape of 1/2 fit into none of these.
    chance = np.full((1, 2 * TRIES + 2), 0.0)
    left, top, wide, high = crop_windows(chance, size, (1.0, 1.0), (0.5, 2.0))
    assert (wide[0], high[0]) == wanted
    assert (left[0], top[0]) == ((size[1] - wide[0]) / 2, (size[0] - high[0]) / 2)


def test_settings_reach_from_end_to_end() -> None:
    ends = np.array([[0.0] * 3, [1.0] * 3])
    turned = Rotate(degrees=30).matrices(ends[:, :1], (8, 8))
    assert np.degrees(np.arctan2(turned[:, 1, 0], turned[:, 0, 0])) == pytest.approx([-30, 30])
    zoomed = ShiftScale(shift=0.25, scale=0.5).matrices(ends, (8, 16))
    assert 1 / zoomed[:, 0, 0] == pytest.approx([0.5, 1.5])
    # The new centre comes from a place that lies a shift away, in units of the new image.
    assert zoomed[0] @ [8, 4, 1] == pytest.approx([8 + 4 / 0.5, 4 + 2 / 0.5, 1])


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(UserError, match="'degrees' is 200; valid is 0 to 180"):
        Rotate(degrees=200)
    with pytest.raises(UserError, match=r"'scale' is \[0.5, 0.2\]; write \[lowest, highest\]"):
        RandomResizedCrop(scale=(0.5, 0.2))
    with pytest.raises(UserError, match="'probability' is 2"):
        ShiftScale(probability=2)
