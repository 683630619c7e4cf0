"""ChestX-Det and ChestX-Det10, made-up entries in the published form."""

import json
from pathlib import Path

import pytest
from made_files import picture, put

from longtail.data.readers.chestx_det import TEN, THIRTEEN, read_chestx_det
from longtail.data.validation import validate
from longtail.errors import UserError

TRAIN = [
    {"file_name": "90200.png", "syms": [], "boxes": [], "polygons": []},
    {
        "file_name": "90204.png",
        "syms": ["Cardiomegaly", "Nodule", "Nodule"],
        "boxes": [[387, 497, 752, 734], [258, 666, 233, 693], [5, 5, 5, 9]],
        "polygons": [[[410, 497]], [[1, 1]], []],
    },
]
TEST = [{"file_name": "90200.png", "syms": ["Diffuse Nodule"], "boxes": [[1, 2, 3, 4]], "polygons": [[]]}]


def test_thirteen_findings(tmp_path: Path):
    put(tmp_path, "ChestX_Det_train.json", json.dumps(TRAIN))
    put(tmp_path, "ChestX_Det_test.json", json.dumps(TEST))
    for name in ("train_data/90200.png", "train_data/90204.png", "test_data/90200.png"):
        picture(tmp_path, name, (1024, 1024))
    manifest = read_chestx_det(tmp_path, tmp_path)
    assert manifest.labels == THIRTEEN
    assert len(THIRTEEN) == 13
    assert manifest.table["image"].tolist() == ["train_data/90200.png", "train_data/90204.png", "test_data/90200.png"]
    assert manifest.table["split"].tolist() == ["train", "train", "test"]
    found = [{label for label, s in zip(THIRTEEN, row, strict=True) if s} for row in manifest.targets]
    assert found == [set(), {"Cardiomegaly", "Nodule"}, {"Diffuse Nodule"}]
    assert manifest.boxes.to_numpy().tolist() == [
        ["train_data/90204.png", "Cardiomegaly", 387.0, 497.0, 752.0, 734.0],
        ["train_data/90204.png", "Nodule", 233.0, 666.0, 258.0, 693.0],
        ["test_data/90200.png", "Diffuse Nodule", 1.0, 2.0, 3.0, 4.0],
    ]
    assert not [problem for problem in validate(manifest) if problem.severity == "error"]


def test_ten_findings(tmp_path: Path):
    entry = {"file_name": "1.png", "syms": ["Mass"], "boxes": [[0, 0, 9, 9]]}
    put(tmp_path, "labels/train.json", json.dumps([entry]))
    manifest = read_chestx_det(tmp_path, tmp_path)
    assert manifest.labels == TEN
    assert set(manifest.table["source"]) == {"chestx-det10"}
    with pytest.raises(UserError, match="ChestX_Det_train.json"):
        read_chestx_det(tmp_path, tmp_path, form="chestx-det")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[{", "not readable JSON"),
        ('{"a": 1}', "not a list of entries with file_name, syms, boxes"),
        ('[{"file_name": "1.png", "syms": ["Mass"]}]', "not a list of entries"),
        ('[{"file_name": "1.png", "syms": ["Mass"], "boxes": []}]', "entry 1 of .* 1 names and 0 boxes"),
        ('[{"file_name": "1.png", "syms": ["Masses"], "boxes": [[1, 2, 3, 4]]}]', "Did you mean 'Mass'"),
        ('[{"file_name": "1.png", "syms": ["Mass"], "boxes": [[1, 2, 3]]}]', "four numbers"),
    ],
)
def test_mistakes(tmp_path: Path, text, message):
    put(tmp_path, "ChestX_Det_train.json", text)
    with pytest.raises(UserError, match=message):
        read_chestx_det(tmp_path, tmp_path)
