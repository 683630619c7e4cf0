import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.augment.row_chances import between, chances, sequence


def test_the_generator_is_splitmix64() -> None:
    # The first numbers of the published C code for the seed 1234567.
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert sequence(np.array([1234567], dtype=np.uint64), 4)[0].tolist() == published


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=20), st.randoms())
@settings(max_examples=20, deadline=None)
def test_a_row_gets_the_same_in_any_batch_and_order(rows: list[int], random: object) -> None:
    shuffled = sorted(rows, key=lambda _: random.random())  # type: ignore[attr-defined]
    all_rows = chances(3, 5, np.array(rows), "op", 4, None)
    for row, drawn in zip(shuffled, chances(3, 5, np.array(shuffled), "op", 4, None), strict=True):
        assert np.array_equal(drawn, all_rows[rows.index(row)])
        assert np.array_equal(drawn, chances(3, 5, np.array([row]), "op", 4, None)[0])


def test_seed_epoch_name_row_and_repeat_each_give_other_numbers() -> None:
    row = np.array([7])
    drawn = [
        chances(0, 0, row, "a", 3, None),
        chances(1, 0, row, "a", 3, None),
        chances(0, 1, row, "a", 3, None),
        chances(0, 0, row, "b", 3, None),
        chances(0, 0, row + 1, "a", 3, None),
        chances(0, 0, row, "a", 3, np.array([1])),
        chances(0, 0, row, "a", 3, np.array([2])),
    ]
    assert len({tuple(each[0]) for each in drawn}) == len(drawn)
    assert np.array_equal(drawn[0], chances(0, 0, row, "a", 3, np.array([0])))


def test_numbers_are_uniform_and_unrelated() -> None:
    drawn = chances(0, 0, np.arange(20_000), "op", 3, None)
    assert drawn.min() >= 0
    assert drawn.max() < 1
    for column in drawn.T:
        counts = np.histogram(column, bins=20, range=(0, 1))[0]
        assert ((counts - 1000) ** 2 / 1000).sum() < 50  # chi-squared, 19 degrees: above it once in 10,000
    both = np.corrcoef(np.column_stack([drawn[:-1], drawn[1:]]).T) - np.eye(6)
    assert np.abs(both).max() < 0.03


def test_between() -> None:
    assert between(np.array([0.0, 0.5]), -2, 4).tolist() == [-2, 1]
