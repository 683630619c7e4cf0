"""Pasting in the batch: the same for a row whatever its batch, labels by union, other images as they are."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_pastes import level, world

from longtail.augment.paste.in_batch import PasteInBatch
from longtail.augment.paste.pool import Pool, paste_pool
from longtail.augment.paste.settings import PasteSettings
from longtail.augment.paste.unions import union_states
from longtail.errors import UserError

SETTINGS = PasteSettings(tail=("Rare",), seed=3)
ROWS = np.arange(40)


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return paste_pool(*world(tmp_path_factory.mktemp("world")), SETTINGS)


@pytest.fixture(scope="module")
def paste(pool: Pool) -> PasteInBatch:
    return PasteInBatch(pool, SETTINGS, probability=0.7, pilot=60)


def test_backgrounds_get_patches_and_their_labels(pool: Pool, paste: PasteInBatch) -> None:
    pixels, states = pool.prepared.rows(ROWS), pool.states[ROWS]
    done = paste(pixels, states, ROWS, epoch=0)
    assert np.array_equal(pixels, pool.prepared.rows(ROWS))  # the batch that came is left alone
    for row in ROWS:
        placed = done.placed[row]
        if placed:
            shown = pool.shown[[one.patch for one in placed]]
            np.testing.assert_array_equal(done.targets[row], union_states(states[row], shown, 0))
            left, top, _, _ = placed[0].box
            patch = level(int(pool.bank.rows[placed[0].patch]))
            share = 1.0 if states[row, 0] else 0.6
            assert abs(int(done.pixels[row, top, left, 0]) - (share * patch + (1 - share) * level(row))) <= 0.5 + 1e-6
        else:
            assert np.array_equal(done.pixels[row], pixels[row])
            assert np.array_equal(done.targets[row], states[row])
    backgrounds = (states[:, 0] == 1) | (states[:, 2] == 1)
    changed = np.array([bool(placed) for placed in done.placed])
    assert not changed[~backgrounds].any()
    assert 0.4 < changed[backgrounds].mean() < 1


def test_a_row_gets_the_same_in_any_batch_and_process(pool: Pool, paste: PasteInBatch) -> None:
    whole = paste(pool.prepared.rows(ROWS), pool.states, ROWS, epoch=1)
    some = ROWS[::-3]
    other = pickle.loads(pickle.dumps(paste))  # noqa: S301 - our own
    part = other(pool.prepared.rows(some), pool.states[some], some, epoch=1)
    assert np.array_equal(part.pixels, whole.pixels[some])
    np.testing.assert_array_equal(part.targets, whole.targets[some])
    later = paste(pool.prepared.rows(ROWS), pool.states, ROWS, epoch=2)
    again = paste(pool.prepared.rows(ROWS), pool.states, ROWS, epoch=1, repeats=np.ones(40, np.int64))
    assert not np.array_equal(later.pixels, whole.pixels)
    assert not np.array_equal(again.pixels, whole.pixels)


def test_ways_can_be_switched_off(pool: Pool) -> None:
    for settings, kind in ((replace(SETTINGS, on_normal=0), 2), (replace(SETTINGS, on_tail=0), 0)):
        done = PasteInBatch(pool, settings, probability=1, pilot=20)(pool.prepared.rows(ROWS), pool.states, ROWS, 0)
        changed = np.array([bool(placed) for placed in done.placed])
        assert changed.any()
        assert (pool.states[changed, kind] == 1).all()


def test_classes(tmp_path: Path) -> None:
    manifest, prepared = world(tmp_path, single=True)
    done = PasteInBatch(paste_pool(manifest, prepared, SETTINGS), SETTINGS, probability=1, pilot=20)(
        prepared.rows(ROWS), manifest.targets, ROWS, 0
    )
    changed = np.array([bool(placed) for placed in done.placed])
    assert (done.targets[changed] == 2).all()
    assert np.array_equal(done.targets[~changed], manifest.targets[~changed])


def test_mistakes_are_told(pool: Pool, paste: PasteInBatch) -> None:
    with pytest.raises(UserError, match="'probability' of pasting in the batch is 2"):
        PasteInBatch(pool, SETTINGS, probability=2)
    with pytest.raises(UserError, match=r"give uint8 \(2, 32, 32, 1\)"):
        paste(np.zeros((2, 16, 16, 1), np.uint8), pool.states[:2], [0, 1], 0)
