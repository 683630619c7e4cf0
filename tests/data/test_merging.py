"""Merging manifests, against explicit loops over rows and labels."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.data.boxes import box_table
from longtail.data.label_maps import LabelMap, load_label_map
from longtail.data.manifest import Manifest, from_classes, from_states
from longtail.data.merging import left_out, merge, source_names, summarize
from longtail.errors import UserError

nan = np.nan
OWN = LabelMap("own", ("X", "Y", "Z"), {"a": {"p": "X", "q": "X", "r": None}, "b": {"p": "Y"}})


def made(labels, states, root="/data/a", **columns) -> Manifest:
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(len(states))], **columns})
    return from_states(table, labels, np.asarray(states, dtype=float).reshape(-1, len(labels)), Path(root))


def classes(labels, indices, root="/data/c", **columns) -> Manifest:
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(len(indices))], **columns})
    return from_classes(table, labels, np.asarray(indices), Path(root))


def told(manifest: Manifest, row: int) -> dict[str, float]:
    return {n: float(s) for n, s in zip(manifest.labels, manifest.one_hot[row], strict=True) if not np.isnan(s)}


MANIFESTS = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.lists(st.sampled_from("pqrsXYZ"), min_size=1, max_size=5, unique=True),
        st.integers(0, 4),
        st.integers(0, 999),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(MANIFESTS, st.sampled_from(["all", "mapped"]), st.booleans())
def test_as_loops_merge(drawn, keep, with_map):
    if not with_map:
        keep = "all"
    manifests = []
    for k, (_, labels, rows, seed, single) in enumerate(drawn):
        rng = np.random.default_rng(seed)
        if single:
            one = classes(labels, rng.integers(-1, len(labels), rows), f"/data/{k}", patient=rng.integers(0, 2, rows))
        else:
            one = made(
                labels, rng.choice([0, 1, nan], (rows, len(labels))), f"/data/{k}", patient=rng.integers(0, 2, rows)
            )
        manifests.append(one)
    sources = [source for source, *_ in drawn]
    label_map = OWN if with_map else None
    new_names = []
    for source, labels, *_ in drawn:
        names = {}
        for label in labels:
            inside = OWN.maps[source].get(label, label if label in OWN.vocabulary else "-") if with_map else "-"
            names[label] = (label if keep == "all" else None) if inside == "-" else inside
        new_names.append(names)
    expected = {new for names in new_names for new in names.values() if new}
    if not expected:
        with pytest.raises(UserError, match="no label is left"):
            merge(manifests, sources=sources, label_map=label_map, keep=keep)
        return
    merged = merge(manifests, sources=sources, label_map=label_map, keep=keep)
    assert set(merged.labels) == expected
    assert merged.task == ("singlelabel" if all(m.task == "singlelabel" for m in manifests) else "multilabel")
    row = 0
    for source, manifest, names in zip(sources, manifests, new_names, strict=True):
        for i in range(len(manifest)):
            old = dict(zip(manifest.labels, manifest.one_hot[i], strict=True))
            for label in merged.labels:
                values = [old[name] for name, new in names.items() if new == label]
                want = 1 if 1 in values else (0 if values and all(v == 0 for v in values) else nan)
                got = merged.one_hot[row, merged.labels.index(label)]
                if merged.task == "singlelabel":  # one class: the others are absent, not unknown
                    assert (got == 1) == (want == 1)
                else:
                    assert got == want or (np.isnan(got) and np.isnan(want))
            assert merged.table["patient"][row] == f"{source}:{manifest.table['patient'][i]}"
            assert merged.table["source"][row] == source
            assert merged.image_paths[row] == manifest.image_paths[i]
            row += 1
    assert row == len(merged)


def test_absent_is_unknown_and_two_names_are_joined():
    merged = merge(
        [made(["p", "q"], [[1, 0], [0, 0], [0, nan]]), made(["p"], [[1]], "/data/b")], sources=["a", "b"], label_map=OWN
    )
    assert merged.labels == ("X", "Y")
    assert [told(merged, i) for i in range(4)] == [{"X": 1}, {"X": 0}, {}, {"Y": 1}]


def test_the_vocabulary_comes_first_in_its_order():
    merged = merge([made(["w", "Z", "p"], [[1, 1, 1]])], sources=["a"], label_map=OWN)
    assert merged.labels == ("X", "Z", "w")
    assert merge([made(["w", "Z"], [[1, 1]])], sources=["a"], label_map=OWN, keep="mapped").labels == ("Z",)


def test_columns_paths_and_splits(tmp_path: Path):
    a = made(["p"], [[1], [0]], str(tmp_path / "x" / "a"), patient=["1", ""], study=["s", "t"], age=["5", "6"])
    b = made(["p"], [[1]], str(tmp_path / "x" / "deep" / "b"), split=["test"], view=["PA"])
    merged = merge([a, b], sources=["a", "b"])
    assert merged.root == tmp_path / "x"
    assert merged.table["image"].tolist() == ["a/0.png", "a/1.png", "deep/b/0.png"]
    assert merged.table["patient"].tolist() == ["a:1", "", ""]
    assert merged.table["study"].tolist() == ["a:s", "a:t", ""]
    assert merged.table["split"].tolist() == ["", "", "test"]
    assert merged.table["age"].tolist() == ["5", "6", ""]


def test_paths_without_a_common_folder_and_paths_that_climb():
    merged = merge([made(["p"], [[1]], "/one"), made(["p"], [[1]], "/two/b")], sources=["a", "b"])
    assert merged.table["image"].tolist() == ["/one/0.png", "/two/b/0.png"]
    climbing = made(["p"], [[1], [1]], "/data/a").with_column("image", ["../up.png", "/abs.png"])
    merged = merge([climbing, made(["p"], [[1]], "/data/b")], sources=["a", "b"])
    assert merged.table["image"].tolist() == ["up.png", "/abs.png", "b/0.png"]


def test_one_class_stays_one_class_and_mixes_as_columns():
    a, b = classes(["p", "s"], [0, 1, -1]), classes(["r", "Z"], [0, 1], "/data/d")
    merged = merge([a, b], sources=["a", "a"], label_map=OWN)
    assert merged.labels == ("X", "Z", "s")
    assert merged.targets.tolist() == [0, 2, -1, -1, 1]
    mixed = merge([a, made(["s"], [[1]])], sources=["a", "b"])
    assert mixed.targets.shape == (4, 2)
    assert [told(mixed, i) for i in range(4)] == [{"p": 1, "s": 0}, {"p": 0, "s": 1}, {}, {"s": 1}]


def test_boxes_are_renamed_and_those_of_lost_labels_go():
    boxes = box_table([("0.png", "p", 0, 0, 1, 1), ("1.png", "r", 0, 0, 2, 2)])
    a = made(["p", "r"], [[1, 0], [0, 1]])
    a = from_states(a.table, a.labels, a.targets, a.root, boxes)
    merged = merge([a, made(["p"], [[1]], "/data/b")], sources=["a", "b"], label_map=OWN)
    assert merged.boxes.to_numpy().tolist() == [["a/0.png", "X", 0.0, 0.0, 1.0, 1.0]]
    assert merge([made(["p"], [[1]])], sources=["a"]).boxes is None


def test_names_of_sources(tmp_path: Path):
    said = made(["p"], [[1]], source=["nih"])
    several = made(["p"], [[1], [1]], source=["nih", "vindr"])
    silent = made(["p"], [[1]], "/data/hospital")
    assert source_names([said, several, silent]) == ["nih", None, "hospital"]
    assert source_names([said, several], ["x", "y"]) == ["x", "y"]
    silent.save(tmp_path / "ward" / "manifest.csv")
    loaded = Manifest.load(tmp_path / "ward" / "manifest.csv", check_files=False)
    assert source_names([loaded]) == ["ward"]


def test_merging_again_keeps_ids_and_sources():
    a = made(["p"], [[1], [0]], "/data/a", patient=["1", "2"])
    b = made(["p"], [[1]], "/data/b", patient=["1"])
    c = made(["Z"], [[1]], "/data/c", patient=["1"])
    at_once = merge([a, b, c], sources=["a", "b", "c"])
    in_two = merge([merge([a, b], sources=["a", "b"]), c.with_column("source", ["c"])])
    assert in_two.digest() == at_once.digest()


def test_saved_and_loaded_again(tmp_path: Path):
    a = made(["Effusion"], [[1], [nan]], str(tmp_path / "a"), patient=["1", "1"])
    b = made(["Pleural effusion"], [[0]], str(tmp_path / "b"))
    merged = merge([a, b], sources=["nih", "vindr"], label_map=load_label_map("chest"))
    merged.save(tmp_path / "out" / "manifest.csv")
    again = Manifest.load(tmp_path / "out" / "manifest.csv", check_files=False)
    assert again.labels == ("Pleural Effusion",)
    assert again.digest() == merged.digest()
    assert [path.resolve() for path in again.image_paths] == [path.resolve() for path in merged.image_paths]


def test_summary_and_what_was_left_out():
    a = made(["p", "r"], [[1, 0], [0, nan]], "/data/a")
    b = made(["p"], [[nan]], "/data/b")
    merged = merge([a, b], sources=["a", "b"], label_map=OWN)
    first, second = summarize(merged)
    assert (first.source, first.rows, first.labels, first.positives, first.unknown) == ("a", 2, 1, 1, 0.5)
    assert (second.rows, second.labels, second.unknown) == (1, 0, 1.0)
    assert left_out(a, "a", OWN) == ["r"]


def test_mistakes():
    one = made(["p"], [[1]])
    with pytest.raises(UserError, match="nothing to merge"):
        merge([])
    with pytest.raises(UserError, match="1 manifests but 2 sources"):
        merge([one], sources=["a", "b"])
    with pytest.raises(UserError, match="needs a label map"):
        merge([one], sources=["a"], keep="mapped")
    with pytest.raises(UserError, match=r"image '0.png' is in more than one place .*\(1 such rows\)"):
        merge([one, one], sources=["a", "b"])
    with pytest.raises(UserError, match="holds a ':'"):
        merge([one], sources=["a:b"])
    with pytest.raises(UserError, match="some rows .* have no source"):
        merge([made(["p"], [[1], [1]], source=["a", ""])])
    with pytest.raises(UserError, match="no map for the source 'c'"):
        merge([one], sources=["c"], label_map=OWN)


def test_large_manifests_merge_in_seconds():
    rows = 100_000
    states = np.random.default_rng(0).choice([0, 1, nan], (rows, 14))
    table = pd.DataFrame({"image": [f"p{i}/i.png" for i in range(rows)], "patient": np.arange(rows) // 3})
    parts = [from_states(table, [f"L{k + i}" for i in range(14)], states, Path(f"/data/{k}")) for k in range(2)]
    assert merge(parts, sources=["a", "b"]).targets.shape == (2 * rows, 15)


def test_a_patient_of_two_releases_stays_one():
    one = made(["Mass"], [[1], [0]], "/data/a", patient=["1", "13"], source="nih")
    other = made(["Mass"], [[1], [0]], "/data/b", patient=["00000013", ""], source="nih-cxr-lt")
    third = made(["Mass"], [[1]], "/data/c", patient=["00000013"], source="vindr")
    both = merge([one, other, third])
    assert both.table["patient"].tolist() == ["nih:1", "nih:13", "nih:13", "", "vindr:00000013"]
    assert merge([both]).table["patient"].tolist() == both.table["patient"].tolist()
    alone = merge([other, third])
    assert alone.table["patient"].tolist() == ["nih-cxr-lt:00000013", "", "vindr:00000013"]
    assert merge([one, alone]).table["patient"].tolist() == both.table["patient"].tolist()


def test_mimics_letters_say_nothing():
    columns = {"patient": ["p10000032"], "study": ["s50414267"]}
    one = made(["Mass"], [[1]], "/data/a", source="mimic-cxr", patient=["10000032"], study=["50414267"])
    merged = merge([one, made(["Mass"], [[1]], "/data/b", source="cxr-lt-2024", **columns)])
    assert set(merged.table["patient"]) == {"mimic-cxr:10000032"}
    assert set(merged.table["study"]) == {"mimic-cxr:50414267"}
