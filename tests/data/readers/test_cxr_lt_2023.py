from pathlib import Path

import numpy as np
import pytest
from made_files import put

from longtail.data.readers.cxr_lt_2023 import LABELS, read_cxr_lt_2023
from longtail.errors import UserError

FIRST = ["dicom_id", "subject_id", "study_id", "ViewPosition", "ViewCodeSequence_CodeMeaning"]
ROW = "{0}-a,1000000{0},5000000{0},PA,postero-anterior,files/p10/p1000000{0}/s5000000{0}/{0}-a.jpg"


def table(*numbers: int, path: str = "path", labels: bool = True) -> str:
    header = ",".join([*FIRST, path, *(LABELS if labels else ())])
    cells = "".join(",1" if name == "No Finding" else ",0" for name in LABELS) if labels else ""
    return "\n".join([header, *(ROW.format(number) + cells for number in numbers)]) + "\n"


@pytest.mark.parametrize("path", ["path", "fpath"])
def test_splits_and_labels(tmp_path: Path, path: str):
    put(tmp_path, "train.csv", table(1, 2, path=path), bom=True)
    put(tmp_path, "development.csv", table(3, path=path))
    put(tmp_path, "test.csv", table(4, path=path, labels=False))
    manifest = read_cxr_lt_2023(tmp_path, tmp_path)
    assert len(manifest.labels) == 26
    assert manifest.table["split"].tolist() == ["train", "train", "val", "test"]
    assert manifest.table["study"].tolist()[0] == "50000001"
    assert manifest.table["image"][0] == "files/p10/p10000001/s50000001/1-a.jpg"
    assert manifest.counts()[LABELS.index("No Finding")] == 3
    assert np.isnan(manifest.targets[3]).all()


def test_the_year_2024_beside_it_is_not_mixed_in(tmp_path: Path):
    put(tmp_path, "cxr-lt-2023/train.csv", table(1))
    put(tmp_path, "cxr-lt-2024/development.csv", table(2, labels=False))
    assert len(read_cxr_lt_2023(tmp_path, tmp_path)) == 1


def test_another_form_is_named(tmp_path: Path):
    put(tmp_path, "train.csv", table(1).replace("Tortuous Aorta", "Tortuosity"))
    with pytest.raises(UserError, match=r"no column 'Tortuous Aorta'.*CXR-LT 2023"):
        read_cxr_lt_2023(tmp_path, tmp_path)


def test_no_files(tmp_path: Path):
    with pytest.raises(UserError, match=r"no file train.csv or development.csv or test.csv"):
        read_cxr_lt_2023(tmp_path, tmp_path)
