"""Label maps: the shipped one against the readers' labels, and what a user's own may get wrong."""

from pathlib import Path

import pytest

from longtail.data.label_maps import LabelMap, load_label_map, shipped_label_maps
from longtail.data.readers import chestx_det, vindr
from longtail.data.readers.chexpert_labels import LABELS as CHEXPERT
from longtail.data.readers.cxr_lt_2023 import LABELS as CXR_LT_2023
from longtail.data.readers.cxr_lt_2024 import LABELS as CXR_LT_2024
from longtail.data.readers.nih import LABELS as NIH
from longtail.data.readers.nih_cxr_lt import LABELS as NIH_CXR_LT
from longtail.errors import UserError

CHEST = load_label_map("chest")
PUBLISHED = {
    "chexpert": CHEXPERT,
    "mimic-cxr": CHEXPERT,
    "brax": CHEXPERT,
    "cxr-lt-2023": CXR_LT_2023,
    "cxr-lt-2024": CXR_LT_2024["1"],
    "nih": NIH,
    "nih-cxr-lt": NIH_CXR_LT,
    "vindr": (*vindr.LOCAL, *vindr.GLOBAL),
    "chestx-det": chestx_det.THIRTEEN,
    "chestx-det10": chestx_det.TEN,
}


@pytest.mark.parametrize("source", PUBLISHED)
def test_the_chest_map_decides_every_published_label(source):
    assert set(CHEST.renaming(source, PUBLISHED[source])) == set(PUBLISHED[source])


def test_the_chest_map():
    assert shipped_label_maps() == ["chest"]
    assert len(CHEST.vocabulary) == 40
    assert CHEST.vocabulary == tuple(CXR_LT_2024["1"])
    assert CHEST.renaming("nih", ["Effusion", "Pleural_Thickening", "No Finding"]) == {
        "Effusion": "Pleural Effusion",
        "Pleural_Thickening": "Pleural Thickening",
        "No Finding": "Normal",
    }
    assert CHEST.renaming("vindr", ["Nodule/Mass", "ILD"]) == {"Nodule/Mass": "Lung Lesion", "ILD": None}
    assert CHEST.renaming("padchest", ["pleural effusion", "scoliosis"]) == {"pleural effusion": "Pleural Effusion"}


def test_a_source_without_a_map():
    assert CHEST.renaming("hospital", ["Mass", "pleural effusion"])["Mass"] == "Mass"
    with pytest.raises(UserError, match="no map for the source 'nhi', whose label Effusion.*Did you mean 'nih'"):
        CHEST.renaming("nhi", ["Effusion"])


def test_a_map_goes_before_the_vocabulary():
    own = LabelMap("own", ("Mass", "Nodule"), {"a": {"mass": "Nodule"}, "b": {"Mass": None}})
    assert own.renaming("a", ["Mass"]) == {"Mass": "Nodule"}
    assert own.renaming("b", ["MASS", "nodule"]) == {"MASS": None, "nodule": "Nodule"}


def test_a_file_of_ones_own(tmp_path: Path):
    path = tmp_path / "own.yaml"
    path.write_text(
        "vocabulary: [Mass]\nmaps:\n  a: &a {Lump: Mass, Other: null}\n  b: *a\n  c:\n", encoding="utf-8-sig"
    )
    own = load_label_map(path)
    assert own.maps == {"a": {"Lump": "Mass", "Other": None}, "b": {"Lump": "Mass", "Other": None}, "c": {}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vocabulary: [Mass", "not a readable label map at line"),
        ("[]", "needs 'vocabulary"),
        ("vocabulary: [Mass]", "needs 'vocabulary"),
        ("vocabulary: [Mass]\nmaps: {}\nmap: {}", "unknown key 'map'.*Did you mean 'maps'"),
        ("vocabulary: Mass\nmaps: {}", "must be a list of names"),
        ("vocabulary: [Mass, 1]\nmaps: {}", "must be a list of names"),
        ("vocabulary: [Mass, mass]\nmaps: {}", "Mass, mass more than once"),
        ("vocabulary: [Mass]\nmaps: [a]", "must hold a map for each source"),
        ("vocabulary: [Mass]\nmaps: {a: [Mass]}", "map of 'a'.*'name: word' lines"),
        ("vocabulary: [Mass]\nmaps: {a: {Lump: Masss}}", "unknown word 'Masss' in the map of 'a'.*Did you mean 'Mass'"),
        ("vocabulary: [Mass]\nmaps: {a: {No: Mass}}", "'False: Mass'; quote both"),
        ("vocabulary: [Mass]\nmaps: {a: {Lump: [Mass]}}", "quote both"),
        ("vocabulary: [Mass]\nmaps: {a: {Lump: Mass, Lump: null}}", "at line 2: 'Lump' is written twice"),
        ("vocabulary: [Mass]\nmaps: {a: {A_b: Mass, a B: null}}", "A_b, a B, which are one name"),
        (b"\xff\xfe", "not a readable label map"),
    ],
)
def test_mistakes(tmp_path: Path, text, message):
    path = tmp_path / "own.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError, match=message):
        load_label_map(path)


def test_names_that_are_none(tmp_path: Path):
    with pytest.raises(UserError, match="Did you mean 'chest'.*path of a .yaml"):
        load_label_map("chets")
    with pytest.raises(UserError, match="there is no label map"):
        load_label_map(tmp_path / "absent.yaml")
