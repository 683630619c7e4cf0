"""Losses that read studies: each drawn image comes beside another of its study, in one step of one process."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from made_data import made_manifest
from made_jobs import made_job

from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.running.processes import World
from longtail.stages.component import NamedPart
from longtail.stages.draws import Draws, Partners, in_turns
from longtail.stages.loading import recipe_of_text
from longtail.stages.planning import check_manifest, plan
from longtail.stages.train import train

STUDIES = np.array([3, 3, 3, 5, 5, -1, -1, 8, 9, 9])
ROWS = np.arange(10)
LOSS: dict[str, Any] = {"loss": ["bce", {"view_consistency": {"weight": 5.0}}], "epochs": 2}


def test_partners_are_other_images_of_the_study_or_the_image_itself() -> None:
    partners = Partners(STUDIES, ROWS[:9], seed=1)  # row 9 is not trained on
    seen = {row: set() for row in ROWS[:9].tolist()}
    for epoch in range(40):
        found = partners(ROWS[:9], epoch)
        assert np.array_equal(found, partners(ROWS[:9], epoch))
        for row, partner in zip(ROWS[:9].tolist(), found.tolist(), strict=True):
            seen[row].add(partner)
    assert seen == {0: {1, 2}, 1: {0, 2}, 2: {0, 1}, 3: {4}, 4: {3}, 5: {5}, 6: {6}, 7: {7}, 8: {8}}


@pytest.mark.parametrize("size", [1, 2])
def test_pairs_stay_in_one_step_of_one_process(size: int) -> None:
    places = []
    for rank in range(size):
        draws = Draws(
            NamedPart("instance"), np.eye(10), ROWS, batch=4, seed=0, epochs=1, world=World(rank, size), studies=STUDIES
        )
        assert draws.per_epoch == 5
        for step in range(draws.per_epoch):
            rows = draws.step(0, step).rows
            first, second = rows.reshape(-1, 2).T if size == 1 else rows.reshape(2, -1)
            same = (STUDIES[first] == STUDIES[second]) & (STUDIES[first] >= 0)
            assert (same | (first == second)).all()
            places += first.tolist()
    assert sorted(places) == ROWS.tolist()


def test_side_by_side() -> None:
    assert in_turns(np.arange(4), np.arange(4) + 10, 2).tolist() == [0, 1, 10, 11, 2, 3, 12, 13]


def test_it_draws_views_together(tmp_path: Path) -> None:
    studies = np.arange(48) // 2
    plain = made_job(tmp_path, out="plain", loss="bce", epochs=2, batch_size=8)
    drawn = made_job(tmp_path, out="drawn", **LOSS, job={"studies": studies})
    start = {name: tensor.clone() for name, tensor in drawn.model.state_dict().items()}
    train(plain)
    train(drawn)
    assert any(not torch.equal(start[name], tensor) for name, tensor in drawn.model.state_dict().items())
    assert (tmp_path / "drawn/weights.safetensors").is_file()


def test_what_it_needs_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="needs the column 'study'"):
        train(made_job(tmp_path, out="a", **LOSS))
    with pytest.raises(UserError, match="choose a multiple of 2"):
        train(made_job(tmp_path, out="b", **LOSS, batch_size=7, job={"studies": np.arange(48)}))
    with pytest.raises(UserError, match="take 'mix' out"):
        train(made_job(tmp_path, out="c", **LOSS, mix={"mixup": {}}, job={"studies": np.arange(48)}))


def test_the_plan_counts_pairs_and_asks_for_studies(tmp_path: Path) -> None:
    manifest = Manifest.load(made_manifest(tmp_path))  # 24 training rows, no studies
    text = "recipe: r\nmodel: {weights: none}\nstages: {main: {epochs: 2, batch_size: 8, LOSS}}\n"
    plain, paired = (
        recipe_of_text(text.replace("LOSS", loss)) for loss in ("loss: bce", "loss: [bce, view_consistency]")
    )
    assert [plan(recipe, manifest)[0].images for recipe in (plain, paired)] == [48, 96]
    with pytest.raises(UserError, match="needs the column 'study'"):
        check_manifest(paired, manifest)
