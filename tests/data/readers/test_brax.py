from pathlib import Path

import numpy as np
import pytest
from made_files import picture, put

from longtail.data.readers.brax import read_brax
from longtail.data.readers.chexpert_labels import LABELS
from longtail.errors import UserError

HEADER = (
    ",DicomPath,PngPath,PatientID,PatientSex,PatientAge,AccessionNumber,StudyDate,"
    + ",".join(LABELS)
    + ",ViewPosition,Rows,Columns,Manufacturer\n"
)
IMAGE = "images/id_aaaa/Study_1.2/Series_3.4/image-{}.png"
ROWS = (
    f"0,x.dcm,{IMAGE.format(1)},id_aaaa,F,50,777,20010101,1.0,,,,,,,,,,,,,,PA,2000,2000,1\n"
    f"1,y.dcm,{IMAGE.format(2)},id_aaaa,F,50,777,20010101,,,-1.0,0.0,,,,,,,,,,1.0,L,2000,2000,1\n"
    f"2,z.dcm,{IMAGE.format(3)},id_bbbb,M,85 or more,777,20010101,,,,1.0,,,,,,,,,,,AP,2000,2000,2\n"
)


def test_rows_and_states(tmp_path: Path):
    put(tmp_path, "master_spreadsheet_update.csv", HEADER + ROWS, bom=True)
    picture(tmp_path, IMAGE.format(1))
    picture(tmp_path, "png/image-2.jpg")
    manifest = read_brax(tmp_path, tmp_path)
    assert manifest.labels == LABELS
    assert manifest.table["image"].tolist() == [IMAGE.format(1), "png/image-2.jpg", IMAGE.format(3)]
    assert manifest.table["patient"].tolist() == ["aaaa", "aaaa", "bbbb"]
    assert manifest.table["study"].tolist() == ["aaaa/777", "aaaa/777", "bbbb/777"]
    assert manifest.table["view"].tolist() == ["PA", "L", "AP"]
    assert manifest.table["age"].tolist() == ["50", "50", "85 or more"]
    assert "split" not in manifest.table
    assert np.isnan(manifest.targets[1, LABELS.index("Cardiomegaly")])
    assert manifest.counts()[LABELS.index("No Finding")] == 1
    assert np.isnan(read_brax(tmp_path, tmp_path, blank="unknown").targets).sum() == 42 - 4  # -1 is unknown too


def test_patient_and_study_from_the_path(tmp_path: Path):
    header = f"PngPath,{','.join(LABELS)},ViewPosition\n"
    put(tmp_path, "master_spreadsheet_update.csv", header + IMAGE.format(1) + "," * 15 + "PA\n")
    table = read_brax(tmp_path, tmp_path).table
    assert (table["patient"][0], table["study"][0], table["sex"][0]) == ("aaaa", "aaaa/1.2", "")


def test_another_form_is_named(tmp_path: Path):
    put(tmp_path, "master_spreadsheet_update.csv", HEADER.replace("PngPath", "PNG") + ROWS)
    with pytest.raises(UserError, match="no column 'PngPath'.*Reis et al. 2022"):
        read_brax(tmp_path, tmp_path)
    header = f"PngPath,{','.join(LABELS)},ViewPosition\n"
    put(tmp_path, "master_spreadsheet_update.csv", header + "image-1.png" + "," * 15 + "PA\n")
    with pytest.raises(UserError, match="row 1 .*tells no patient"):
        read_brax(tmp_path, tmp_path)
