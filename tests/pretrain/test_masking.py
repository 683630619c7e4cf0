"""Block masks: how many patches, in how many images, and always the same ones."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.pretrain.masking import block_mask, block_masks


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 16), st.integers(1, 16), st.integers(0, 200), st.integers(0, 1000))
def test_never_more_than_asked_for(height: int, width: int, count: int, seed: int) -> None:
    count = min(count, height * width)
    mask = block_mask(np.random.default_rng(seed), (height, width), count)
    assert mask.shape == (height, width)
    assert mask.sum() <= count
    assert (mask.sum() > 0) == (count > 0) or min(height, width) < 2


def test_most_of_what_was_asked_for_is_hidden_in_blocks() -> None:
    rng = np.random.default_rng(0)
    masks = [block_mask(rng, (14, 14), 80) for _ in range(50)]
    assert np.mean([mask.sum() for mask in masks]) > 72
    # neighbours are alike far more often than in a mask of single patches (about 1/2)
    assert np.mean([(mask[:, 1:] == mask[:, :-1]).mean() for mask in masks]) > 0.75


def test_half_of_the_images_with_ratios_spread_over_the_range() -> None:
    masks = block_masks(np.random.default_rng(1), 40, (14, 14), probability=0.5, ratio=(0.1, 0.5))
    shares = np.sort(masks.mean(1))
    assert masks.shape == (40, 196)
    assert (shares[:20] == 0).all()
    assert 0.05 < shares[20] < 0.16
    assert 0.4 < shares[-1] <= 0.5


def test_the_same_generator_gives_the_same_masks_and_chance_zero_none() -> None:
    one, two = (
        block_masks(np.random.default_rng([3, 4]), 6, (4, 4), probability=0.5, ratio=(0.1, 0.5)) for _ in range(2)
    )
    assert (one == two).all()
    assert not block_masks(np.random.default_rng(0), 6, (4, 4), probability=0, ratio=(0.1, 0.5)).any()
    assert block_masks(np.random.default_rng(0), 1, (4, 4), probability=0.5, ratio=(0.1, 0.5)).any()  # at least one
