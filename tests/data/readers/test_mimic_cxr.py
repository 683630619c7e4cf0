from pathlib import Path

import numpy as np
import pytest
from made_files import put

from longtail.data.readers.chexpert_labels import LABELS
from longtail.data.readers.mimic_cxr import read_mimic_cxr
from longtail.errors import UserError

# The published order of columns differs from CheXpert's own.
NAMES = sorted(LABELS)
METADATA = """dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns,StudyDate,\
StudyTime,ProcedureCodeSequence_CodeMeaning,ViewCodeSequence_CodeMeaning,PatientOrientationCodeSequence_CodeMeaning
d1,10000001,50000001,CHEST (PA AND LAT),PA,3056,2544,21800506,213014.531,CHEST (PA AND LAT),postero-anterior,Erect
d2,10000001,50000001,CHEST (PA AND LAT),LATERAL,3056,2544,21800506,213014.531,CHEST (PA AND LAT),lateral,Erect
d3,11000002,50000002,"CHEST, PORTABLE",,3056,2544,21800506,213014.531,CHEST (PORTABLE AP),,
d4,12000003,50000003,"CHEST, PORTABLE",AP,3056,2544,21800506,213014.531,CHEST (PORTABLE AP),,
"""
CHEXPERT = f"subject_id,study_id,{','.join(NAMES)}\n" + "".join(
    f"{subject},{study},{','.join(has.get(name, '') for name in NAMES)}\n"
    for subject, study, has in [
        ("10000001", "50000001", {"Edema": "1.0", "Fracture": "-1.0", "Pneumonia": "0.0"}),
        ("11000002", "50000002", {"No Finding": "1.0"}),
    ]
)
SPLIT = "dicom_id,study_id,subject_id,split\nd1,50000001,10000001,train\nd2,50000001,10000001,validate\nd3,1,1,test\n"


def place(root: Path, ending: str = "csv.gz", **texts: str) -> Path:
    for part, text in {"metadata": METADATA, "chexpert": CHEXPERT, "split": SPLIT, **texts}.items():
        if text:
            put(root, f"mimic-cxr-2.0.0-{part}.{ending}", text)
    return root


@pytest.mark.parametrize("ending", ["csv", "csv.gz"])
def test_the_three_tables_are_joined(tmp_path: Path, ending: str):
    manifest = read_mimic_cxr(place(tmp_path, ending), tmp_path)
    table = manifest.table
    assert table["image"].tolist()[0] == "files/p10/p10000001/s50000001/d1.jpg"
    assert table["image"].tolist()[2] == "files/p11/p11000002/s50000002/d3.jpg"
    assert table["study"].tolist() == ["50000001", "50000001", "50000002", "50000003"]
    assert table["view"].tolist() == ["PA", "LATERAL", "", "AP"]
    assert table["split"].tolist() == ["train", "val", "test", ""]
    edema, fracture = LABELS.index("Edema"), LABELS.index("Fracture")
    assert manifest.targets[:2, edema].tolist() == [1, 1]  # both images of the study
    assert np.isnan(manifest.targets[:2, fracture]).all()
    assert manifest.targets[2, edema] == 0  # blank: not mentioned
    assert np.isnan(manifest.targets[3]).all()  # a study without labels


def test_policies_and_the_other_labeller(tmp_path: Path):
    place(tmp_path, negbio=CHEXPERT.replace("-1.0", "0.0"))
    fracture = LABELS.index("Fracture")
    assert read_mimic_cxr(tmp_path, tmp_path, uncertain="positive").targets[0, fracture] == 1
    assert read_mimic_cxr(tmp_path, tmp_path, labeller="negbio").targets[0, fracture] == 0
    assert np.isnan(read_mimic_cxr(tmp_path, tmp_path, blank="unknown").targets[0]).sum() == 12


def test_no_split_file(tmp_path: Path):
    assert "split" not in read_mimic_cxr(place(tmp_path, split=""), tmp_path).table


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({"chexpert": ""}, "no file mimic-cxr-.*-chexpert.csv .*Johnson et al. 2019"),
        ({"metadata": METADATA.replace("ViewPosition", "View")}, "no column 'ViewPosition'.*Johnson et al. 2019"),
        ({"chexpert": CHEXPERT + CHEXPERT.splitlines()[1] + "\n"}, "study_id '50000001' twice"),
        ({"chexpert": CHEXPERT.replace("-1.0", "-2.0")}, "row 1 .*'Fracture'.*'-2.0'"),
    ],
)
def test_another_form_is_named(tmp_path: Path, texts: dict[str, str], says: str):
    with pytest.raises(UserError, match=says):
        read_mimic_cxr(place(tmp_path, **texts), tmp_path)
