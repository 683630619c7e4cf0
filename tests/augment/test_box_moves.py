import numpy as np
import pytest
from made_images import smooth_pixels

from longtail.augment import Augment, affine
from longtail.augment.box_moves import moved


def test_boxes_follow_flips_and_crops() -> None:
    boxes = np.array([[0.0, 10, 20, 30], [40, 40, 50, 60]])
    flip = np.linalg.inv(affine.moving(np.array([64.0]), np.array([0.0])) @ affine.scaling(*np.array([[-1.0], [1.0]])))
    assert moved(boxes, flip[0], (64, 64)).tolist() == [[44, 10, 64, 30], [14, 40, 24, 60]]
    # The new image is the left half of the old one, twice as wide.
    crop = np.linalg.inv(affine.scaling(np.array([0.5]), np.array([1.0])))
    found = moved(np.array([[0.0, 10, 20, 30], [30, 40, 50, 60], [40, 0, 50, 5]]), crop[0], (64, 64))
    assert found[:2].tolist() == [[0, 10, 40, 30], [60, 40, 64, 60]]
    assert np.isnan(found[2]).all()


def test_no_boxes() -> None:
    assert moved(np.zeros((0, 4)), np.eye(3), (8, 8)).shape == (0, 4)


@pytest.mark.parametrize("size", [None, 96])
def test_what_is_in_the_box_stays_in_the_box(size: int | None) -> None:
    """A bright square on black: after any geometry its pixels lie in its box, and the box is not much larger."""
    count = 40
    pixels, boxes = np.zeros((count, 64, 64, 1), np.uint8), []
    for i in range(count):
        x, y = 8 + i % 30, 40 - i % 25
        pixels[i, y : y + 14, x : x + 18] = 255
        boxes.append(np.array([[x, y, x + 18, y + 14]]))
    steps = ["hflip", "vflip", "rotate", "shift_scale", {"random_resized_crop": {"scale": [0.5, 1]}}]
    augment = Augment(steps, mean=0, std=1, seed=1, size=size)
    images, found = augment(pixels, range(count), 0, boxes=boxes)
    for image, box in zip(images.numpy()[:, 0], found, strict=True):
        assert box.shape == (1, 4)
        ys, xs = np.nonzero(image > 0.5)
        if np.isnan(box).any():
            assert len(xs) == 0
        elif len(xs):
            tight = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1])
            grown = (box[0] - tight) * [-1, -1, 1, 1]
            assert grown.min() > -1
            assert grown.max() < 2


def test_images_without_boxes_give_the_tensor_alone() -> None:
    augment = Augment(["hflip"], mean=0, std=1, seed=0)
    pixels = smooth_pixels(2, 1)
    images, boxes = augment(pixels, [0, 1], 0, boxes=[np.zeros((0, 4)), np.ones((2, 4))])
    assert [len(own) for own in boxes] == [0, 2]
    assert images.equal(augment(pixels, [0, 1], 0))
