from pathlib import Path

import pytest
from made_files import picture, put

from longtail.data.readers.cxr_lt_2026 import read_cxr_lt_2026
from longtail.errors import UserError

FORM = """ImageID,StudyDate_DICOM,PatientID,Normal,Hernia,Hydropneumothorax
1234_a.png,20140915,839000000000000000000000000000000001,1,0,0
1234_b.png,20140915,839000000000000000000000000000000001,0,1,1
5678_a.png,20150101,839000000000000000000000000000000002,0,1,0
"""


def test_the_header_names_the_labels(tmp_path: Path):
    put(tmp_path, "CXRLT_2026_training.csv", FORM, bom=True)
    put(tmp_path, "CXRLT_2026_development.csv", FORM.splitlines()[0] + "\n9_a.png,20160101,5,0,0,1\n")
    picture(tmp_path, "images/12/1234_a.png")
    manifest = read_cxr_lt_2026(tmp_path, tmp_path)
    assert manifest.labels == ("Normal", "Hernia", "Hydropneumothorax")
    assert manifest.targets.tolist() == [[1, 0, 0], [0, 1, 1], [0, 1, 0], [0, 0, 1]]
    assert manifest.table["split"].tolist() == ["train"] * 3 + ["val"]
    assert manifest.table["image"].tolist()[:2] == ["images/12/1234_a.png", "1234_b.png"]
    studies = manifest.table["study"].tolist()
    assert studies[0] == studies[1] != studies[2]


def test_an_index_column_is_no_label(tmp_path: Path):
    lines = FORM.splitlines()
    text = "\n".join([f"Unnamed: 0,{lines[0]}", *(f"{i},{line}" for i, line in enumerate(lines[1:]))])
    put(tmp_path, "CXRLT_2026_training.csv", text + "\n")
    assert read_cxr_lt_2026(tmp_path, tmp_path).labels == ("Normal", "Hernia", "Hydropneumothorax")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("839000000000000000000000000000000002", "8.39e+35"), r"row 3 \(line 4\), column 'PatientID'.*rounded"),
        (("ImageID", "Image"), "no column 'ImageID' .it has 'Image'.*CXR-LT 2026"),
        ((",0,1,1", ",0,1,x"), "row 2 .*'Hydropneumothorax'.*'x'"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, change: tuple[str, str], says: str):
    put(tmp_path, "CXRLT_2026_training.csv", FORM.replace(*change))
    with pytest.raises(UserError, match=says):
        read_cxr_lt_2026(tmp_path, tmp_path)


def test_no_labels_at_all(tmp_path: Path):
    put(tmp_path, "CXRLT_2026_training.csv", "ImageID,StudyDate_DICOM,PatientID\na.png,20140101,1\n")
    with pytest.raises(UserError, match="no label columns"):
        read_cxr_lt_2026(tmp_path, tmp_path)
