"""Iterative stratification over groups, against an explicit form of the algorithm and its promises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.data.division.balance import largest_deviation
from longtail.data.division.splits import random_group_parts
from longtail.data.division.stratify import assign, group_codes, label_counts, stratified_group_parts
from longtail.errors import UserError


@st.composite
def problems(draw):
    """States (N, C) with some unknown, groups (N,), and a number of parts that the groups can fill."""
    rows, labels, seed = draw(st.integers(4, 60)), draw(st.integers(1, 6)), draw(st.integers(0, 10**6))
    rng = np.random.default_rng(seed)
    states = (rng.random((rows, labels)) < rng.uniform(0.02, 0.7, labels)).astype(np.float32)
    states[rng.random(states.shape) < 0.1] = np.nan
    groups = rng.integers(0, draw(st.integers(4, 60)), rows)
    return states, groups, draw(st.integers(2, max(2, min(5, len(set(groups))))))


def explicit(states, groups, shares, order, luck):
    """Sechidis et al., algorithm 1, read aloud: rows as the thing counted, groups as the thing given away."""
    names = sorted(set(groups.tolist()))
    labels = range(states.shape[1])
    holds = {g: [sum(1 for row in np.flatnonzero(groups == g) if states[row, c] == 1) for c in labels] for g in names}
    size = {g: int((groups == g).sum()) for g in names}
    wanted = {c: [sum(h[c] for h in holds.values()) * s for s in shares] for c in labels}
    room = [len(groups) * s for s in shares]
    place = {names[i]: position for position, i in enumerate(order.tolist())}
    result = {}

    def give(group, wish):
        chances = luck[names.index(group)]
        best = sorted(range(len(shares)), key=lambda j: (-wish[j], -room[j], -chances[j]))[0]
        result[group] = best
        room[best] -= size[group]
        for c in labels:
            wanted[c][best] -= holds[group][c]

    while True:
        left = {c: sum(holds[g][c] for g in names if g not in result) for c in labels}
        left = {c: n for c, n in left.items() if n > 0}
        if not left:
            break
        rarest = min(left, key=lambda c: (left[c], c))
        takers = [g for g in names if g not in result and holds[g][rarest]]
        for group in sorted(takers, key=lambda g: (-holds[g][rarest], place[g])):
            give(group, wanted[rarest])
    for group in sorted((g for g in names if g not in result), key=lambda g: (-size[g], place[g])):
        give(group, room)
    return [result[g] for g in names]


@given(problems(), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_it_is_the_algorithm_of_the_paper(problem, seed):
    states, groups, k = problem
    codes, sizes = group_codes(groups)
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(k) * 5)
    order, luck = rng.permutation(len(sizes)), rng.random((len(sizes), k))
    ours = assign(label_counts(states, codes, len(sizes)), sizes, shares.tolist(), order, luck)
    assert ours.tolist() == explicit(states, groups, shares.tolist(), order, luck)


@given(problems(), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_whole_groups_all_parts_and_the_same_again(problem, seed):
    states, groups, k = problem
    if len(set(groups.tolist())) < k:
        return
    parts = stratified_group_parts(states, groups, [1 / k] * k, seed=seed)
    assert parts.shape == (len(states),)
    assert set(parts.tolist()) == set(range(k))  # every part has something, every row one part
    assert all(len(set(parts[groups == g].tolist())) == 1 for g in set(groups.tolist()))
    again = np.random.default_rng(seed).permutation(len(states))
    assert (stratified_group_parts(states[again], groups[again], [1 / k] * k, seed=seed) == parts[again]).all()


def made(rows=6000, groups=1500, labels=14, seed=0):
    rng = np.random.default_rng(seed)
    weight = rng.lognormal(0, 1, groups)
    of = rng.choice(groups, rows, p=weight / weight.sum())
    prone = rng.gamma(0.4, 2.5, (groups, labels))
    likely = np.minimum(np.geomspace(0.35, 0.003, labels) * prone[of], 0.95)
    return (rng.random((rows, labels)) < likely).astype(np.float32), of


def deviations(states, parts, k):
    counts = np.stack([np.array([(parts == j).sum(), *states[parts == j].sum(axis=0)]) for j in range(k)], axis=1)
    return largest_deviation(counts.astype(np.int64))


def test_shares_are_a_fifth_of_those_of_random_groups():
    states, groups = made()
    shares = [0.7, 0.1, 0.2]
    ours = [deviations(states, stratified_group_parts(states, groups, shares, seed=s), 3).mean() for s in range(3)]
    blind = [deviations(states, random_group_parts(groups, shares, seed=s), 3).mean() for s in range(3)]
    assert np.mean(ours) < 0.2 * np.mean(blind)


def test_rows_are_shared_out_too():
    states, groups = made()
    parts = stratified_group_parts(states, groups, [0.7, 0.1, 0.2])
    assert np.bincount(parts) / len(parts) == pytest.approx([0.7, 0.1, 0.2], abs=0.005)


def test_every_fold_has_each_label_that_enough_groups_have():
    for seed in range(5):
        states, groups = made(rows=800, groups=200, labels=20, seed=seed)
        parts = stratified_group_parts(states, groups, [0.2] * 5, seed=seed)
        for label in range(20):
            holders = groups[states[:, label] == 1]
            if len(set(holders)) >= 5:
                assert set(parts[states[:, label] == 1]) == {0, 1, 2, 3, 4}


def test_a_seed_makes_a_difference():
    states, groups = made(rows=500, groups=300, labels=3)
    assert (
        stratified_group_parts(states, groups, [0.5, 0.5]) != stratified_group_parts(states, groups, [0.5, 0.5], seed=1)
    ).any()


def test_missing_groups_stand_alone():
    groups = np.array(["a", None, "a", None], dtype=object)
    codes, sizes = group_codes(groups)
    assert codes[0] == codes[2]
    assert sorted(sizes.tolist()) == [1, 1, 2]


def test_unusable_shares():
    states, groups = np.zeros((3, 1)), np.arange(3)
    for shares in ([1.0], [0.5, 0.0], [0.5, float("nan")]):
        with pytest.raises(UserError, match="shares"):
            stratified_group_parts(states, groups, shares)
    with pytest.raises(UserError, match="3 groups cannot fill 4 parts"):
        stratified_group_parts(states, groups, [0.25] * 4)
    with pytest.raises(ValueError, match="must be"):
        stratified_group_parts(states[:2], groups, [0.5, 0.5])
