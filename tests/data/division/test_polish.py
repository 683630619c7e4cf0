"""The polish: what it never breaks, that it only ever helps, and how near it comes to the best of all divisions."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.data.division import polish
from longtail.data.division.polish import misfit, polished
from longtail.data.division.stratify import assign, stratified_group_parts


@st.composite
def problems(draw, most=40):
    """Counts (G, C), sizes (G,), parts (G,) drawn blindly but none empty, shares, and the seed that made them."""
    seed, k = draw(st.integers(0, 10**6)), draw(st.integers(2, 4))
    rng, n = np.random.default_rng(seed), max(k, draw(st.integers(2, most)))
    sizes = rng.integers(1, 12, n)
    counts = rng.binomial(sizes[:, None], rng.uniform(0, 0.6, draw(st.integers(0, 6))) * (rng.random((n, 1)) < 0.7))
    parts = rng.permutation(np.r_[np.arange(k), rng.integers(0, k, n - k)])
    return counts, sizes, parts, rng.dirichlet(np.ones(k) * 4).tolist(), seed


def run(problem, **options):
    counts, sizes, parts, shares, seed = problem
    return polished(counts, sizes, parts, shares, np.random.default_rng(seed), **options)


def present(counts, parts, k):
    """The (label, part) pairs that presence asks for and `parts` has; any group at all counts as one more label."""
    labels = [np.ones(len(parts), dtype=bool), *(counts > 0).T]
    wanted = enumerate(has for has in labels if has.sum() >= k)
    return {(label, int(part)) for label, has in wanted for part in parts[has]}


def explicit_misfit(counts, sizes, parts, shares):
    total = 0.0
    for column, weight in [(sizes, 4.0), *((label, 1.0) for label in counts.T if label.sum())]:
        for part, share in enumerate(shares):
            wanted = share * column.sum()
            total += weight * wanted * (column[parts == part].sum() / wanted - 1) ** 2
    return total


@given(problems())
@settings(max_examples=40, deadline=None)
def test_the_misfit_is_the_weighted_square_of_relative_deviations(problem):
    counts, sizes, parts, shares, _ = problem
    assert misfit(counts, sizes, parts, shares) == pytest.approx(explicit_misfit(counts, sizes, parts, shares))


@given(problems())
@settings(max_examples=30, deadline=None)
def test_it_only_helps_and_breaks_nothing(problem):
    counts, sizes, parts, shares, _ = problem
    before = parts.copy()
    found = run(problem, kicks=8)
    assert (parts == before).all()
    assert found.shape == parts.shape
    assert set(found.tolist()) == set(range(len(shares)))
    assert present(counts, parts, len(shares)) <= present(counts, found, len(shares))
    assert misfit(counts, sizes, found, shares) <= misfit(counts, sizes, parts, shares)
    assert (found == run(problem, kicks=8)).all()


@given(problems())
@settings(max_examples=20, deadline=None)
def test_every_step_lowers_the_misfit_by_what_was_foretold(problem):
    counts, sizes, parts, shares, seed = problem
    search = polish._Search(counts, sizes, parts, shares, np.random.default_rng(seed))
    for _ in range(5):
        changes, lowest = search._changes(), search.misfit()
        for group, part in product(range(len(parts)), range(len(shares))):
            moved = search.parts.copy()
            moved[group] = part
            if part != search.parts[group]:
                after = explicit_misfit(counts, sizes, moved, shares)
                assert changes[group, part] / polish._GRID == pytest.approx(after - lowest, abs=1e-4)
        if not (search._take_move(changes) or search._take_swap(changes)):
            return
        assert search.misfit() < lowest
        assert search.misfit() == pytest.approx(explicit_misfit(counts, sizes, search.parts, shares), abs=1e-6)
        assert (search.pull == search.table @ search.slope).all()  # what was followed is what a fresh start would have


@given(problems(most=12))
@settings(max_examples=20, deadline=None)
def test_no_move_and_no_swap_is_left_that_helps(problem):
    counts, sizes, _, shares, _ = problem
    found = run(problem, kicks=0)
    lowest, kept = misfit(counts, sizes, found, shares), present(counts, found, len(shares))
    if lowest <= 0.005 * (1 + counts.any(axis=0).sum()) * len(shares):
        return
    for one, other in product(range(len(found)), repeat=2):
        for part in range(len(shares)):
            near = found.copy()
            near[one], near[other] = (part, found[other]) if one == other else (found[other], found[one])
            if kept <= present(counts, near, len(shares)):
                assert misfit(counts, sizes, near, shares) >= lowest - 1e-4


def test_against_the_best_of_all_divisions():
    best, start, ours, hits = [], [], [], 0
    for seed in range(25):
        rng = np.random.default_rng(seed)
        groups, k = int(rng.integers(4, 8)), int(rng.integers(2, 4))
        sizes = rng.integers(1, 9, groups)
        counts = rng.binomial(sizes[:, None], rng.uniform(0.05, 0.6, 4) * (rng.random((groups, 4)) < 0.6))
        parts, shares = rng.permutation(np.arange(groups) % k), [[0.8, 0.2], [0.7, 0.1, 0.2]][k - 2]
        kept = present(counts, parts, k)
        every = (np.array(tried) for tried in product(range(k), repeat=groups))
        best.append(min(misfit(counts, sizes, tried, shares) for tried in every if kept <= present(counts, tried, k)))
        found = polished(counts, sizes, parts, shares, rng)
        start.append(misfit(counts, sizes, parts, shares))
        ours.append(misfit(counts, sizes, found, shares))
        hits += ours[-1] <= max(best[-1] + 1e-9, 0.005 * k * (1 + counts.any(axis=0).sum()))
    assert hits >= 22  # of 25 the optimum itself
    assert sum(ours) < 1.2 * sum(best)
    assert sum(start) > 2 * sum(best)


def small_set(seed, patients=60):
    """Films of some patients who come once or often, with labels from 30 % to 1 %."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(patients), rng.geometric(0.28, patients))
    prone = rng.gamma(0.5, 2, (patients, 12))[groups]
    return (rng.random((len(groups), 12)) < np.minimum(np.geomspace(0.3, 0.01, 12) * prone, 0.9)).astype(float), groups


@pytest.mark.parametrize("seed", range(4))
def test_small_sets_get_the_part_sizes_that_were_asked_for(seed):
    states, groups = small_set(seed)
    rows = np.bincount(stratified_group_parts(states, groups, [0.7, 0.1, 0.2], seed=seed)) / len(groups)
    assert rows[0] == pytest.approx(0.7, abs=0.03)
    assert rows[1] == pytest.approx(0.1, rel=0.1)
    assert rows[2] == pytest.approx(0.2, rel=0.1)


@given(st.integers(0, 50))
@settings(max_examples=8, deadline=None)
def test_the_order_of_rows_is_nothing(seed):
    states, groups = small_set(seed, patients=20)
    shuffled = np.random.default_rng(seed).permutation(len(groups))
    parts = stratified_group_parts(states, groups, [0.7, 0.1, 0.2], seed=seed)
    assert (
        stratified_group_parts(states[shuffled], groups[shuffled], [0.7, 0.1, 0.2], seed=seed) == parts[shuffled]
    ).all()


def test_what_is_even_stays():
    counts, sizes, parts = np.ones((40, 2), dtype=np.int64), np.full(40, 3), np.arange(40) % 2
    assert polished(counts, sizes, parts, [0.5, 0.5], np.random.default_rng(0)) is parts


def test_a_lone_holder_changes_places_with_another_only():
    counts, sizes = np.array([[1], [1], [0], [0], [0], [0]]), np.array([20, 1, 5, 5, 5, 5])
    parts = np.array([1, 0, 0, 0, 0, 0])  # the label is in both, but its large group makes the small part
    found = polished(counts, sizes, parts, [0.9, 0.1], np.random.default_rng(0))
    assert found[:2].tolist() == [0, 1]
    assert sizes[found == 1].sum() < 7


def test_a_bound_on_the_work(monkeypatch):
    rng = np.random.default_rng(0)
    sizes = rng.integers(1, 9, 400)
    counts, parts = rng.binomial(sizes[:, None], 0.3, (400, 3)), rng.integers(0, 2, 400)
    monkeypatch.setattr(polish, "_WORK", 0)
    assert polished(counts, sizes, parts, [0.8, 0.2], rng) is parts
    monkeypatch.setattr(polish, "_WORK", 1)
    once = polished(counts, sizes, parts, [0.8, 0.2], rng)
    assert (once != parts).sum() == 1


def test_a_large_set_is_searched_in_samples(monkeypatch):
    monkeypatch.setattr(polish, "_SIDE", 10)
    states, groups = small_set(3, patients=200)
    sizes = np.bincount(groups)
    counts = np.stack([np.bincount(groups[column == 1], minlength=200) for column in states.T], axis=1)
    rng = np.random.default_rng(0)
    parts = assign(counts, sizes, [0.7, 0.1, 0.2], rng.permutation(200), rng.random((200, 3)))
    found = polished(counts, sizes, parts, [0.7, 0.1, 0.2], rng)
    assert misfit(counts, sizes, found, [0.7, 0.1, 0.2]) < 0.7 * misfit(counts, sizes, parts, [0.7, 0.1, 0.2])


def test_no_labels_and_no_part_left_to_fill():
    sizes = np.array([5, 1, 1, 1])
    found = polished(
        np.zeros((4, 0), dtype=np.int64), sizes, np.array([1, 0, 0, 0]), [0.6, 0.4], np.random.default_rng(0)
    )
    assert found.tolist() == [0, 1, 1, 1]
    alone = np.zeros(3, dtype=np.int64)  # one part only holds anything: the other is filled
    assert set(polished(np.ones((3, 1), dtype=int), np.ones(3, int), alone, [0.5, 0.5], np.random.default_rng(0))) == {
        0,
        1,
    }
