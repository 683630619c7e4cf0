from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.data.audit.group_facts import group_facts, split_order, studies_per_patient
from longtail.data.manifest import from_states

ROW = st.tuples(st.sampled_from(["", "p1", "p2", "p3"]), st.sampled_from(["", "train", "val", "test"]))


def made(**columns):
    rows = len(next(iter(columns.values())))
    return from_states(
        pd.DataFrame({"image": [str(i) for i in range(rows)], **columns}), ["A"], np.zeros((rows, 1)), Path()
    )


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=15))
def test_against_loops(rows):
    facts = group_facts(made(patient=[p for p, _ in rows], split=[s for _, s in rows]), "patient")
    splits = defaultdict(set)
    images = Counter(patient for patient, _ in rows if patient)
    for patient, split in rows:
        if patient and split:
            splits[patient].add(split)
    leaking = {patient for patient, own in splits.items() if len(own) > 1}
    assert facts.groups == len(images)
    assert facts.rows_without == sum(not patient for patient, _ in rows)
    assert facts.histogram == dict(sorted(Counter(images.values()).items()))
    assert facts.leaking == len(leaking)
    assert facts.leaking_images == sum(images[patient] for patient in leaking)
    pairs = {
        f"{a} + {b}": sum({a, b} <= own for own in splits.values())
        for a, b in combinations(["train", "val", "test"], 2)
    }
    assert facts.leaks_by_pair == {pair: n for pair, n in pairs.items() if n}


def test_without_a_split_nothing_leaks():
    facts = group_facts(made(patient=["a", "a", "b"]), "patient")
    assert (facts.leaking, facts.leaks_by_pair, facts.histogram) == (0, {}, {1: 1, 2: 1})


def test_studies_per_patient():
    manifest = made(patient=["a", "a", "a", "b", ""], study=["1", "1", "2", "3", "4"])
    assert studies_per_patient(manifest) == {1: 1, 2: 1}


def test_usual_splits_come_first():
    assert sorted(["zebra", "test", "apple", "val", "train"], key=split_order) == [
        "train",
        "val",
        "test",
        "apple",
        "zebra",
    ]
