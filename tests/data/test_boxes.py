import numpy as np
import pandas as pd
import pytest

from longtail.data.boxes import box_table, load_boxes
from longtail.data.manifest import Manifest, from_states
from longtail.errors import UserError

HEADER = "image,label,left,top,right,bottom\n"


def test_round_trip(tmp_path):
    boxes = box_table([("a.png", "Mass", 1.5, 2, 30, 40.25), ("b.png", "Nodule", 0, 0, 5, 5)])
    boxes.to_csv(tmp_path / "boxes.csv", index=False)
    read = load_boxes(tmp_path / "boxes.csv")
    assert read.equals(boxes)


def test_no_boxes_still_have_columns_and_types():
    assert box_table([]).dtypes.astype(str).tolist()[2:] == ["float64"] * 4


def test_missing_column(tmp_path):
    path = tmp_path / "boxes.csv"
    path.write_text("image,label,x,y,right,bottom\na,M,1,2,3,4\n")
    with pytest.raises(UserError, match="boxes.csv' lacks the column left, top; it needs image, label"):
        load_boxes(path)


@pytest.mark.parametrize("cell", ["", "ten", "nan", "inf"])
def test_side_that_is_no_number(tmp_path, cell):
    path = tmp_path / "boxes.csv"
    path.write_text(HEADER + f"a,M,1,2,3,4\na,M,1,2,{cell},4\n")
    with pytest.raises(UserError, match=r"row 2 \(line 3\), column 'right' of .*boxes.csv"):
        load_boxes(path)


def test_a_part_without_boxes_is_written_and_read_again(tmp_path):
    boxes = box_table([("a.png", "A", 0, 0, 2, 2)])
    table = pd.DataFrame({"image": ["a.png", "b.png", "c.png"]})
    whole = from_states(table, ["A"], np.array([[1], [0], [1]]), tmp_path, boxes)
    path = whole.select([1, 2]).save(tmp_path / "m.csv")
    again = Manifest.load(path, check_files=False)
    assert again.boxes is not None
    assert list(again.boxes.columns) == list(boxes.columns)
    assert len(again.boxes) == 0
