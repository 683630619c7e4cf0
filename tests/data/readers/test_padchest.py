from pathlib import Path

import numpy as np
import pytest
from made_files import picture, put

from longtail.data.readers.padchest import label_names, read_padchest
from longtail.errors import UserError

NAME = "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv"
HEADER = (
    ",ImageID,ImageDir,StudyDate_DICOM,StudyID,PatientID,PatientBirth,PatientSex_DICOM,ViewPosition_DICOM,Projection,"
    "MethodProjection,Pediatric,ReportID,Report,MethodLabel,Labels,Localizations,LabelsLocalizationsBySentence,"
    "labelCUIS,LocalizationsCUIS\n"
)
ROW = (
    '{0},7{0}_a.png,{0},20140915,7{0},8{0},1930.0,F,POSTEROANTERIOR,{1},Manual,No,1,"normal, sin cambios\né",'
    "Physician,{2},[],[],[],[]\n"
)
ROWS = (
    ROW.format(0, "PA", "['normal']")
    + ROW.format(1, "L", "\"[' nodule ', 'cardiomegaly', 'nodule', '']\"")
    + ROW.format(2, "PA", '"[\'nodule\', ""adenopathy\'s trace""]"')
    + ROW.format(3, "AP_horizontal", "")
    + ROW.format(4, "PA", "nan")
    + ROW.format(5, "PA", "[]")
)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_the_labels_are_what_the_data_hold(tmp_path: Path, ending: str):
    put(tmp_path, NAME + ending, HEADER + ROWS, bom=True)
    picture(tmp_path, "0/70_a.png")
    picture(tmp_path, "small/71_a.jpg")
    manifest = read_padchest(tmp_path, tmp_path)
    assert manifest.labels == ("adenopathy's trace", "cardiomegaly", "nodule", "normal")
    assert manifest.targets[[0, 1, 2, 5]].tolist() == [[0, 0, 0, 1], [0, 1, 1, 0], [1, 0, 1, 0], [0, 0, 0, 0]]
    assert np.isnan(manifest.targets[3:5]).all()
    assert manifest.table["image"].tolist()[:3] == ["0/70_a.png", "small/71_a.jpg", "2/72_a.png"]
    assert manifest.table["view"].tolist() == ["PA", "L", "PA", "AP_horizontal", "PA", "PA"]
    assert manifest.table["patient"].tolist()[1] == "81"
    assert manifest.table["study"].tolist()[1] == "71"
    assert set(manifest.table["method"]) == {"Physician"}


def test_rare_labels_can_be_dropped(tmp_path: Path):
    put(tmp_path, NAME, HEADER + ROWS)
    manifest = read_padchest(tmp_path, tmp_path, min_count=2)
    assert manifest.labels == ("nodule",)
    assert len(manifest) == 6
    with pytest.raises(UserError, match="min_count=3 .* has 2"):
        read_padchest(tmp_path, tmp_path, min_count=3)


@pytest.mark.parametrize(
    "cell", ["normal", "['a", "{'a': 1}", "[1, 2]", "__import__('os').getcwd()", "['a'] + ['b']", "(" * 500]
)
def test_cells_are_literals_and_never_run(cell: str):
    with pytest.raises(ValueError):  # noqa: PT011 - the message is the cell
        label_names(cell)


def test_another_form_is_named(tmp_path: Path):
    put(tmp_path, NAME, HEADER + ROW.format(0, "PA", "['normal']") + ROW.format(1, "PA", "normal"))
    with pytest.raises(UserError, match="row 2, column 'Labels' .*'normal'.*Bustos et al. 2020"):
        read_padchest(tmp_path, tmp_path)
    put(tmp_path, NAME, HEADER.replace("StudyID", "Study") + ROW.format(0, "PA", "['normal']"))
    with pytest.raises(UserError, match="no column 'StudyID'.*Bustos et al. 2020"):
        read_padchest(tmp_path, tmp_path)
