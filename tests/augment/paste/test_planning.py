"""Plans: both ways of the paper, no overlap, the union of labels, the same by seed, correlations kept."""

from dataclasses import replace

import numpy as np
import pytest
from made_pastes import LABELS, level, world

from longtail.augment.paste.effects import label_effects
from longtail.augment.paste.framing import overlaps
from longtail.augment.paste.planning import Paste, plan_pastes
from longtail.augment.paste.pool import Pool, paste_pool
from longtail.augment.paste.rendering import pasted_image
from longtail.augment.paste.settings import PasteSettings

SETTINGS = PasteSettings(on_normal=20, on_tail=20, tail=("Rare",))


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return paste_pool(*world(tmp_path_factory.mktemp("world")), SETTINGS)


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return paste_pool(*world(tmp_path_factory.mktemp("world"), single=True), SETTINGS)


def _facts(plan: list[Paste]) -> list[tuple[object, ...]]:
    return [(p.way, p.label, p.background, p.placed, p.states.tolist()) for p in plan]


@pytest.mark.parametrize("companions", ["keep", "correlated", "none"])
def test_both_ways(pool: Pool, companions: str) -> None:
    plan = list(plan_pastes(pool, replace(SETTINGS, companions=companions)))  # type: ignore[arg-type]
    assert sum(p.way == "normal" for p in plan) == sum(p.way == "tail" for p in plan) == 20
    for paste in plan:
        pasted = [int(pool.bank.labels[one.patch]) for one in paste.placed]
        background = pool.states[paste.background]
        assert LABELS[paste.label] == "Rare"
        assert paste.states[2] == 1
        assert paste.states[0] == 0
        assert set(np.flatnonzero(paste.states)) == {*pasted, *np.flatnonzero(background)} - {0}
        assert not any(overlaps(one.box, [o.box for o in paste.placed if o is not one]) for one in paste.placed)
        assert all(pool.bank.rows[one.patch] != paste.background for one in paste.placed)
        if paste.way == "normal":
            assert background[0] == 1
            assert pasted[0] == 2
            assert len(pasted) == len(set(pasted)) <= (1 if companions == "none" else 3)
        else:
            assert background[2] == 1
            assert len(pasted) == 1
            assert companions == "none" or background[pasted[0]] == 0


def test_a_patch_keeps_its_place(pool: Pool) -> None:
    for paste in plan_pastes(pool, SETTINGS):
        assert all(one.box == tuple(pool.bank.boxes[one.patch]) for one in paste.placed)
        assert not any(one.mirror for one in paste.placed)


def test_pixels_are_opaque_on_normal_images_and_blended_on_others(pool: Pool) -> None:
    for opaque, weight in (("patch", 0.6), ("background", 0.4)):
        settings = replace(SETTINGS, opaque=opaque)  # type: ignore[arg-type]
        for paste in plan_pastes(pool, settings):
            image, ground = pasted_image(pool, settings, paste), level(paste.background)
            for one in paste.placed:
                left, top, right, bottom = one.box
                patch = level(int(pool.bank.rows[one.patch]))
                wanted = patch if paste.way == "normal" else weight * patch + (1 - weight) * ground
                assert np.abs(image[top:bottom, left:right] - wanted).max() <= 0.5 + 1e-6
                image[top:bottom, left:right] = ground
            assert (image == ground).all()


def test_the_seed_decides(pool: Pool) -> None:
    first = _facts(list(plan_pastes(pool, SETTINGS)))
    assert _facts(list(plan_pastes(pool, SETTINGS))) == first
    assert _facts(list(plan_pastes(pool, replace(SETTINGS, seed=1)))) != first


def test_keeping_changes_correlations_less(pool: Pool) -> None:
    change = {}
    for companions in ("keep", "correlated", "none"):
        settings = replace(SETTINGS, companions=companions, on_tail=0)  # type: ignore[arg-type]
        effects = label_effects(pool, list(plan_pastes(pool, settings)))
        change[companions] = float((effects.change**2).sum())
    assert change["keep"] < change["none"]
    assert change["keep"] < change["correlated"]


def test_one_class_stays_one_class(single: Pool) -> None:
    for paste in plan_pastes(single, SETTINGS):
        assert paste.states.tolist() == [0, 0, 1, 0]
        assert {int(single.bank.labels[one.patch]) for one in paste.placed} == {2}


def test_the_rarest_are_chosen_more(pool: Pool) -> None:
    both = replace(pool, tail=(1, 2))
    chosen = [p.label for p in plan_pastes(both, replace(SETTINGS, choose="rarest", on_normal=200, on_tail=0))]
    assert np.isclose(chosen.count(2) / 200, (1 / 4) / (1 / 4 + 1 / 20), atol=0.1)


def test_sides_and_jitter(pool: Pool) -> None:
    settings = replace(SETTINGS, sides="mirror", on_tail=0)
    assert not any(one.mirror for p in plan_pastes(pool, settings) for one in p.placed)  # each is on one side only
    boxes = pool.bank.boxes.copy()
    turned = (pool.bank.labels == 2) & (np.cumsum(pool.bank.labels == 2) % 2 == 0)
    boxes[turned] = boxes[turned] @ np.array([[0, 0, -1, 0], [0, 1, 0, 0], [-1, 0, 0, 0], [0, 0, 0, 1]]) + [
        32,
        0,
        32,
        0,
    ]
    two_sided = replace(pool, bank=replace(pool.bank, boxes=boxes))
    placed = [one for p in plan_pastes(two_sided, settings) for one in p.placed if pool.bank.labels[one.patch] == 2]
    mirrors = [one for one in placed if one.mirror]
    assert 0 < len(mirrors) < len(placed)
    for one in mirrors:
        assert one.box[0] == 32 - boxes[one.patch][2]
    moved = [one for p in plan_pastes(pool, replace(SETTINGS, jitter=0.4)) for one in p.placed]
    assert any(one.box != tuple(pool.bank.boxes[one.patch]) for one in moved)
    assert all(0 <= one.box[0] < one.box[2] <= 32 and 0 <= one.box[1] < one.box[3] <= 32 for one in moved)
    rare = [one.box for one in moved if pool.bank.labels[one.patch] == 2]
    assert min(box[0] for box in rare) >= 16  # it stays on its side


def test_the_content_frame_carries_places_over(pool: Pool) -> None:
    settings = replace(SETTINGS, match_size="content")
    assert _facts(list(plan_pastes(pool, settings))) == _facts(list(plan_pastes(pool, SETTINGS)))  # no black borders
