"""HAM10000: made-up rows under the true header; the real set where it is."""

from pathlib import Path

import numpy as np
import pytest
from made_files import picture, put
from PIL import Image

from longtail.data.readers.ham10000 import DIAGNOSES, read_ham10000
from longtail.data.validation import validate
from longtail.errors import UserError

REAL = Path(__file__).parents[3].parent / "shared" / "data" / "ham10000"
COUNTS = {"nv": 6705, "mel": 1113, "bkl": 1099, "bcc": 514, "akiec": 327, "vasc": 142, "df": 115}
ROWS = """\
lesion_id,image_id,dx,dx_type,age,sex,localization
HAM_9000001,ISIC_9000001,bkl,histo,80.0,male,scalp
HAM_9000001,ISIC_9000002,bkl,histo,,male,scalp
HAM_9000002,ISIC_9000003,nv,follow_up,35.0,female,back
"""


def made(root: Path, size: tuple[int, int] = (60, 45)) -> Path:
    put(root, "HAM10000_metadata.csv", ROWS)
    for i, part in enumerate((1, 1, 2)):
        picture(root, f"HAM10000_images_part_{part}/ISIC_900000{i + 1}.jpg", size)
    return root


def test_rows(tmp_path: Path):
    manifest = read_ham10000(made(tmp_path), tmp_path)
    assert manifest.labels == DIAGNOSES
    assert [DIAGNOSES[i] for i in manifest.targets] == ["bkl", "bkl", "nv"]
    assert manifest.table["lesion"].tolist() == ["HAM_9000001", "HAM_9000001", "HAM_9000002"]
    assert manifest.table["age"].tolist() == ["80.0", "", "35.0"]
    assert manifest.extras == ["lesion", "dx_type", "age", "sex", "localization"]
    assert not manifest.has("patient")
    assert manifest.boxes is None
    assert all(path.is_file() for path in manifest.image_paths)


@pytest.mark.parametrize(("name", "scale"), [("boxes.csv", 1.0), ("boxes_600x450.csv", 0.1), ("boxes_60x45.csv", 1.0)])
def test_boxes_of_a_table(tmp_path: Path, name, scale):
    box = np.array([10, 20, 40, 44]) if scale == 1 else np.array([100, 200, 400, 440])
    told = ",".join(str(side) for side in box)
    put(made(tmp_path), name, f"image_id,left,top,right,bottom\nISIC_9000003,{told}\nISIC_8,0,0,1,1\n")
    manifest = read_ham10000(tmp_path, tmp_path)
    assert manifest.boxes.to_numpy().tolist() == [
        ["HAM10000_images_part_2/ISIC_9000003.jpg", "nv", *(box * scale).tolist()]
    ]
    assert not [problem for problem in validate(manifest) if problem.severity == "error"]
    assert read_ham10000(tmp_path, tmp_path, boxes="none").boxes is None


def test_boxes_of_the_published_masks(tmp_path: Path):
    made(tmp_path)
    mask = np.zeros((450, 600), np.uint8)
    mask[100:200, 50:300] = 255
    folder = tmp_path / "HAM10000_segmentations_lesion_tschandl"
    folder.mkdir()
    Image.fromarray(mask).save(folder / "ISIC_9000001_segmentation.png")
    Image.fromarray(mask * 0).save(folder / "ISIC_9000002_segmentation.png")
    manifest = read_ham10000(tmp_path, tmp_path)
    assert len(manifest) == 3
    assert manifest.boxes.to_numpy().tolist() == [
        ["HAM10000_images_part_1/ISIC_9000001.jpg", "bkl", 5.0, 10.0, 30.0, 20.0]
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ROWS.replace("dx,", "diagnosis,"), r"no column 'dx'.*HAM10000 \(Tschandl et al. 2018\)"),
        (ROWS.replace("nv", "nevus"), "unknown diagnosis 'nevus'"),
    ],
)
def test_mistakes(tmp_path: Path, text, message):
    put(tmp_path, "HAM10000_metadata.csv", text)
    with pytest.raises(UserError, match=message):
        read_ham10000(tmp_path, tmp_path)


def test_a_box_that_is_no_number(tmp_path: Path):
    put(made(tmp_path), "boxes.csv", "image_id,left,top,right,bottom\nISIC_8,x,0,1,1\nISIC_9000003,0,0,1,?\n")
    with pytest.raises(UserError, match=r"row 2 \(line 3\), column 'bottom'.*holds '\?'"):
        read_ham10000(tmp_path, tmp_path)


@pytest.mark.real
@pytest.mark.skipif(not REAL.is_dir(), reason="real images are absent")
def test_the_real_set(tmp_path: Path):
    manifest = read_ham10000(REAL, tmp_path)
    assert len(manifest) == 10_015
    assert dict(zip(manifest.labels, manifest.counts().tolist(), strict=True)) == COUNTS
    assert len(manifest.boxes) == 10_015
    assert manifest.table["lesion"].nunique() == 7470
    assert not [problem for problem in validate(manifest) if problem.severity == "error"]
