import numpy as np
import pytest

from longtail.errors import UserError
from longtail.sampling.drawing import draw, draw_in_turn, rows_of_labels, stream


def test_streams_differ_by_seed_and_by_epoch_and_by_nothing_else() -> None:
    first = {(seed, epoch): stream(seed, epoch).random() for seed in range(5) for epoch in range(5)}
    assert len(set(first.values())) == 25
    assert stream(3, 4).random() == first[3, 4]
    with pytest.raises(UserError, match="seed is -1"):
        stream(-1, 0)


def test_impossible_rows_are_never_drawn() -> None:
    drawn = draw(np.array([0.0, 0.5, 0.0, 0.5, 0.0]), 10_000, stream(0, 0))
    assert set(drawn.tolist()) == {1, 3}


def test_turns_are_even_and_shuffled() -> None:
    drawn = draw_in_turn(np.arange(7), 24, stream(0, 0))
    assert all(sorted(drawn[i : i + 7]) == list(range(7)) for i in (0, 7, 14))
    assert drawn[:7].tolist() != drawn[7:14].tolist()
    assert len(draw_in_turn(np.arange(7), 0, stream(0, 0))) == 0


def test_each_label_gets_its_own_rows_in_turn() -> None:
    rows = [np.array([10, 11, 12]), np.array([], dtype=np.int64), np.array([20])]
    labels = np.array([0, 2, 0, 2, 0, 0, 0, 0])
    drawn = rows_of_labels(labels, rows, stream(0, 0))
    assert (drawn // 10 == np.where(labels == 0, 1, 2)).all()
    assert np.bincount(drawn[labels == 0] - 10).tolist() == [2, 2, 2]
