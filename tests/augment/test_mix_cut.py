import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.augment import CutMix, cutmix
from longtail.augment.mix_cut import cut_box


@given(st.integers(1, 40), st.integers(1, 40), st.floats(0, 1), st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_boxes_lie_inside(height: int, width: int, amount: float, seed: int) -> None:
    top, bottom, left, right = cut_box(height, width, amount, np.random.default_rng(seed))
    assert 0 <= top <= bottom <= height
    assert 0 <= left <= right <= width
    assert bottom - top <= height * np.sqrt(1 - amount) + 1e-9
    assert right - left <= width * np.sqrt(1 - amount) + 1e-9


@given(st.integers(2, 24), st.integers(2, 24), st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_the_weight_is_the_area_that_is_left(height: int, width: int, seed: int) -> None:
    """Also at the border, and for images that are not square."""
    images = torch.arange(4.0).view(4, 1, 1, 1).expand(4, 2, height, width).contiguous()
    before = images.clone()
    found = cutmix(images, torch.eye(4), rng=np.random.default_rng(seed))
    assert torch.equal(images, before)
    for i, j in enumerate(found.partner.tolist()):
        own = (found.images[i] == i).float().mean()
        torch.testing.assert_close(own, torch.ones(()) if i == j else found.weight[i], atol=1e-6, rtol=0)
        expected = torch.zeros(4)
        expected[i] += found.weight[i]
        expected[j] += 1 - found.weight[i]
        torch.testing.assert_close(found.targets[i], expected, atol=1e-6, rtol=0)
        assert set(found.images[i].unique().tolist()) <= {float(i), float(j)}


def test_an_empty_rectangle_leaves_known_labels_known() -> None:
    images, targets = torch.rand(2, 1, 3, 3), torch.tensor([[0.0], [float("nan")]])
    for seed in range(300):
        found = cutmix(images, targets, alpha=0.2, rng=np.random.default_rng(seed))
        if found.weight[0] == 1:
            assert found.targets[0] == 0
            return
    pytest.fail("no empty rectangle was drawn")


def test_the_registered_step() -> None:
    images, targets = torch.rand(4, 1, 8, 8), torch.randint(0, 2, (4, 3)).float()
    assert CutMix(labels="union")(images, targets, rng=np.random.default_rng(0)).targets.unique().tolist() == [0, 1]
