"""Heads that read studies are trained, validated and predicted with whole studies."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_jobs import made_job

from longtail.errors import UserError
from longtail.running.processes import World
from longtail.stages.batches import only_counted
from longtail.stages.component import NamedPart
from longtail.stages.draws import Draw, Draws
from longtail.stages.predicting_rows import predict_values
from longtail.stages.study_draws import Companions, StudyDraws, drawn_studies, whole_studies
from longtail.stages.train import train

STUDIES = np.array([3, 3, 3, 5, 5, -1, -1, 8, 9, 9])
ROWS = np.arange(10)
FUSION = {"study-fusion": {"dim": 16, "heads": 4, "hidden": 16, "layers": 1, "images": 3}}


def test_companions_are_all_others_of_the_study_in_turn() -> None:
    companions = Companions(STUDIES, ROWS[:9], 2, seed=1)  # row 9 is not trained on
    seen: dict[int, set[int]] = {row: set() for row in range(9)}
    for epoch in range(30):
        for row, other in companions(ROWS[:9], epoch):
            seen[int(row)].add(int(other))
    assert seen == {0: {1, 2}, 1: {0, 2}, 2: {0, 1}, 3: {4}, 4: {3}, 5: {-1}, 6: {-1}, 7: {-1}, 8: {-1}}
    assert sorted(Companions(STUDIES, ROWS, 4, 0)(np.array([1]), 0)[0]) == [-1, 0, 1, 2]


@pytest.mark.parametrize("size", [1, 2])
def test_each_row_counts_once_an_epoch(size: int) -> None:
    counted = []
    for rank in range(size):
        world = World(rank, size)
        inner = Draws(NamedPart("instance"), np.eye(10), ROWS, batch=drawn_studies(8, 3, world), seed=0, epochs=1,
                      world=world)  # fmt: skip
        draws = StudyDraws(inner, Companions(STUDIES, ROWS, 3, seed=0))
        for step in range(draws.per_epoch):
            draw = draws.step(0, step)
            assert len(draw.rows) <= 8 // size
            assert draw.group is not None
            assert draw.counts is not None
            for number in np.unique(draw.group):
                rows = draw.rows[draw.group == number]
                assert len(set(rows)) == len(rows)
                assert len(rows) == 1 or len(set(STUDIES[rows])) == 1
                assert draw.counts[draw.group == number].tolist() == [True] + [False] * (len(rows) - 1)
            counted += draw.rows[draw.counts].tolist()
    assert sorted(counted) == ROWS.tolist()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-1, 6), max_size=40), st.integers(1, 9))
def test_pieces_tear_no_study(numbers: list[int], size: int) -> None:
    studies = np.array(numbers, dtype=np.int64)
    pieces = whole_studies(studies, size)
    assert sorted(np.concatenate(pieces).tolist() if pieces else []) == list(range(len(numbers)))
    for number in set(numbers) - {-1}:
        assert sum(bool((studies[piece] == number).any()) for piece in pieces) == 1
    for piece in pieces:
        assert len(piece) <= size or len(set(studies[piece])) == 1


def test_rows_that_are_only_read_have_no_targets() -> None:
    draw = Draw(ROWS[:2], ROWS[:2], ROWS[:2], np.array([True, False]))
    assert only_counted(torch.tensor([2, 1]), draw).tolist() == [2, -1]
    found = only_counted(torch.ones(2, 3), draw)
    assert found[0].tolist() == [1, 1, 1]
    assert found[1].isnan().all()


@pytest.mark.parametrize("settings", [{"train": "head"}, {"train": "all"}])
def test_a_stage_learns_and_predicts_whole_studies(tmp_path: Path, settings: dict[str, Any]) -> None:
    studies = np.arange(48) // 4 * 2 + np.arange(48) % 4 // 3  # threes for training, single ones for validation
    studies[np.arange(48) % 4 == 3] = studies[3]
    job = made_job(tmp_path, head=FUSION, keep={"best": "loss"}, job={"studies": studies}, **settings)
    result = train(job)
    assert result.value is not None
    values = predict_values(job, job.valid_rows)
    assert np.allclose(values, values[0])  # all validation images are one study
    pieces = predict_values(job, job.train_rows[:6])
    assert np.allclose(pieces[:3], pieces[0])
    assert not np.allclose(pieces[0], pieces[3])


def test_what_it_needs_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="role 'study'"):
        train(made_job(tmp_path, out="a", head=FUSION))
    with pytest.raises(UserError, match="choose 3 or more"):
        train(made_job(tmp_path, out="b", head=FUSION, batch_size=2, job={"studies": np.arange(48)}))
    with pytest.raises(UserError, match="whole studies"):
        train(made_job(tmp_path, out="c", head=FUSION, mix="mixup", job={"studies": np.arange(48)}))
