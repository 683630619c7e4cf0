from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_files import picture, put

from longtail.data.readers.nih import LABELS, read_nih, years
from longtail.data.readers.nih_boxes import in_pixels
from longtail.data.validation import validate
from longtail.errors import UserError

HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)
ROWS = """
90000001_000.png,Cardiomegaly,0,90001,57,M,PA,2682,2749,0.143,0.143
90000001_001.png,Cardiomegaly|Infiltration,1,90001,58,M,PA,2894,2729,0.143,0.143
90000002_000.png,No Finding,0,90002,81,F,AP,2500,2048,0.171,0.171
"""
BOXES = "Image Index,Finding Label,Bbox [x,y,w,h],,,\n"


def positives(manifest, row):
    return {name for name, state in zip(manifest.labels, manifest.targets[row], strict=True) if state == 1}


@pytest.mark.parametrize("bom", [False, True])
def test_the_form_of_2020(tmp_path: Path, bom: bool):
    put(tmp_path, "Data_Entry_2017_v2020.csv", HEADER + ROWS, bom=bom)
    manifest = read_nih(tmp_path, tmp_path)
    assert manifest.labels == LABELS
    assert manifest.table["image"].tolist() == ["90000001_000.png", "90000001_001.png", "90000002_000.png"]
    assert manifest.table["patient"].tolist() == ["90001", "90001", "90002"]
    assert manifest.table["view"].tolist() == ["PA", "PA", "AP"]
    assert manifest.table["age"].tolist() == ["57", "58", "81"]
    assert manifest.table["sex"].tolist() == ["M", "M", "F"]
    assert set(manifest.table["source"]) == {"nih"}
    assert "split" not in manifest.table
    assert manifest.boxes is None
    assert [positives(manifest, i) for i in range(3)] == [
        {"Cardiomegaly"},
        {"Cardiomegaly", "Infiltration"},
        {"No Finding"},
    ]
    assert not np.isnan(manifest.targets).any()


def test_the_first_form_with_its_trailing_comma(tmp_path: Path):
    rows = "90000001_000.png,Cardiomegaly,0,90001,058Y,M,PA,2682,2749,0.143,0.143,\n"
    put(tmp_path, "labels/Data_Entry_2017.csv", f"{HEADER},\n{rows}")
    assert read_nih(tmp_path, tmp_path).table["age"].tolist() == ["58"]


def test_the_kaggle_sample_form(tmp_path: Path):
    put(
        tmp_path,
        "sample_labels.csv",
        "Image_Index,Finding_Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,OriginalImageWidth,"
        "OriginalImageHeight,OriginalImagePixelSpacing_x,OriginalImagePixelSpacing_y\n"
        "90000013_005.png,Emphysema|Infiltration|Pleural_Thickening|Pneumothorax,5,90013,060Y,M,AP,3056,2544,0.139,0.139\n",
    )
    manifest = read_nih(tmp_path, tmp_path)
    assert positives(manifest, 0) == {"Emphysema", "Infiltration", "Pleural_Thickening", "Pneumothorax"}
    assert manifest.table["age"].tolist() == ["60"]


def test_official_lists_are_splits(tmp_path: Path):
    put(tmp_path, "Data_Entry_2017_v2020.csv", HEADER + ROWS)
    put(tmp_path, "train_val_list.txt", "90000001_000.png\r\n90000001_001.png\r\n")
    put(tmp_path, "test_list.txt", "90000009_000.png")
    assert read_nih(tmp_path, tmp_path).table["split"].tolist() == ["train", "train", ""]


def test_images_in_other_folders_and_with_other_suffixes(tmp_path: Path):
    put(tmp_path, "Data_Entry_2017_v2020.csv", HEADER + ROWS)
    picture(tmp_path, "images_001/images/90000001_000.png")
    picture(tmp_path, "small/90000001_001.jpg")
    images = read_nih(tmp_path, tmp_path).table["image"].tolist()
    assert images == ["images_001/images/90000001_000.png", "small/90000001_001.jpg", "90000002_000.png"]


def test_boxes_are_in_pixels_of_the_file_that_is_there(tmp_path: Path):
    put(tmp_path, "Data_Entry_2017_v2020.csv", HEADER + ROWS)
    put(
        tmp_path,
        "BBox_List_2017.csv",
        BOXES + "90000001_000.png,Cardiomegaly,100,200,300,400\n"
        "90000001_001.png,Infiltrate,512,512,600,100,,,\n"  # to 1112: beyond the image
        "90000002_000.png,Nodule,10,20,30,40\n"
        "99999999_000.png,Mass,1,2,3,4\n",  # no row of the label file
    )
    picture(tmp_path, "images/90000001_000.jpg", (256, 256))
    picture(tmp_path, "images/90000001_001.jpg", (512, 256))
    manifest = read_nih(tmp_path, tmp_path)
    assert manifest.boxes is not None
    assert [tuple(row) for row in manifest.boxes.itertuples(index=False)] == [
        ("images/90000001_000.jpg", "Cardiomegaly", 25, 50, 100, 150),
        ("images/90000001_001.jpg", "Infiltration", 256, 128, 512, 153),
        ("90000002_000.png", "Nodule", 10, 20, 40, 60),  # absent: the published frame
    ]
    assert not [p for p in validate(manifest) if p.kind.startswith("box")]


@settings(max_examples=50, deadline=None)
@given(
    st.tuples(*[st.floats(0, 1000)] * 2, *[st.floats(1, 1000)] * 2),
    st.tuples(st.integers(1, 3000), st.integers(1, 3000)),
)
def test_a_box_stays_in_its_image(frame, size):
    left, top, right, bottom = in_pixels(frame, size)
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("Data_Entry_2017.csv", HEADER.replace("Finding Labels", "Findings") + ROWS, "no column 'Finding Labels'"),
        ("Data_Entry_2017.csv", HEADER + ROWS.replace("|Infil", "|Infill"), "row 2 .*'Infilltration'.*Infiltration"),
        ("elsewhere.csv", HEADER + ROWS, "no file Data_Entry_2017_v2020.csv .*Wang et al. 2017"),
    ],
)
def test_another_form_is_named(tmp_path: Path, name: str, text: str, says: str):
    put(tmp_path, name, text.replace("\n\n", "\n"))
    with pytest.raises(UserError, match=says):
        read_nih(tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("image,label,x,y,w,h\n", "does not begin with"),
        (BOXES + "90000001_000.png,Mass,1,2,three,4\n", "line 2 .*three"),
        (BOXES + "90000001_000.png,Mass,1,2,3\n", "line 2 .*four numbers"),
        (BOXES + "90000001_000.png,Wart,1,2,3,4\n", "line 2 .*'Wart'"),
    ],
)
def test_a_broken_box_list_is_named(tmp_path: Path, text: str, says: str):
    put(tmp_path, "Data_Entry_2017_v2020.csv", HEADER + ROWS)
    put(tmp_path, "BBox_List_2017.csv", text)
    with pytest.raises(UserError, match=says):
        read_nih(tmp_path, tmp_path)


def test_years():
    ages = pd.Series(["058Y", "57", "018M", "020D", "", "old"], dtype="str")
    assert years(ages).tolist() == ["58", "57", "1", "0", "", "old"]


@pytest.mark.real
def test_the_real_subset_reads_cleanly():
    root = Path(__file__).parents[3] / "../shared/data/nih_chestxray14"
    if not root.exists():
        pytest.skip("the real images are not here")
    manifest = read_nih(root, root)
    assert len(manifest) == 2077
    assert manifest.boxes is not None
    assert len(manifest.boxes) == 55
    assert manifest.table["patient"].nunique() == 1613
    assert manifest.counts()[LABELS.index("Hernia")] == 6
    assert validate(manifest) == []  # every image and box is where it should be
    assert manifest.boxes[["right", "bottom"]].to_numpy().max() <= 256
