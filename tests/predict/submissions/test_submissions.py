"""Challenge files: headers written out, values under the right names, mistakes named."""

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from made_studies import table_of

from longtail.data.readers.cxr_lt_2024 import TASK_1, TASK_2
from longtail.errors import UserError
from longtail.predict import Predictions, submit
from longtail.predict.submissions import SUBMISSIONS

_IMAGES = ("files/p10/p1/s1/0a1b-2c.jpg", "files/p10/p1/s1/9f-77.jpg")


def _made(labels: tuple[str, ...], images: tuple[str, ...] = _IMAGES) -> Predictions:
    """Shuffled columns; a cell's value tells its label and row."""
    order = np.random.default_rng(0).permutation(len(labels))
    values = [[(i + 1) / 100 + row / 1000 for i in order] for row in range(len(images))]
    return table_of(images, values, tuple(labels[i] for i in order))


def _rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize(("task", "labels"), [("task1", TASK_1), ("task2", TASK_2)])
def test_cxr_lt_2024(task: str, labels: tuple[str, ...], tmp_path: Path) -> None:
    out = submit(_made(TASK_1), f"cxr-lt-2024-{task}", tmp_path / "s.csv")
    header, *rows = _rows(out.read_text(encoding="utf-8"))
    assert header == ["dicom_id", *labels]
    assert [row[0] for row in rows] == ["0a1b-2c", "9f-77"]
    for label, cell in zip(header[1:], rows[1][1:], strict=True):
        assert float(cell) == pytest.approx((TASK_1.index(label) + 1) / 100 + 0.001, abs=1e-6)
    normal, nodule = header.index("Normal"), header.index("Nodule")
    assert normal - nodule == (1 if task == "task1" else -1)  # the trap
    assert len(header) == (41 if task == "task1" else 27)


def test_cxr_lt_2023_takes_normal_for_no_finding_and_zips_the_code(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "main.py").write_text("pass\n", encoding="utf-8")
    out = submit(_made(TASK_2), {"cxr-lt-2023": {"code": tmp_path / "code"}}, tmp_path / "s.zip")
    with zipfile.ZipFile(out) as archive:
        assert archive.namelist() == ["submission.csv", "code/main.py"]
        header = _rows(archive.read("submission.csv").decode())[0]
    assert header[1:16] == [
        "Atelectasis", "Calcification of the Aorta", "Cardiomegaly", "Consolidation", "Edema", "Emphysema",
        "Enlarged Cardiomediastinum", "Fibrosis", "Fracture", "Hernia", "Infiltration", "Lung Lesion", "Lung Opacity",
        "Mass", "No Finding",
    ]  # fmt: skip
    again = submit(_made(TASK_2), {"cxr-lt-2023": {"code": tmp_path / "code"}}, tmp_path / "t.zip")
    assert out.read_bytes() == again.read_bytes()


def test_cxr_lt_2026(tmp_path: Path) -> None:
    labels = tuple(f"finding {i}" for i in range(30))
    predictions = _made(labels, ("0/11.png", "0/22.png"))
    header, *rows = _rows(submit(predictions, "cxr-lt-2026", tmp_path / "s.csv").read_text(encoding="utf-8"))
    assert header == ["ImageID", *predictions.labels]
    assert rows[0][0] == "11.png"
    sample = tmp_path / "sample.csv"
    sample.write_text("ImageID," + ",".join(labels) + "\n22.png" + ",0" * 30 + "\n11.png" + ",0" * 30 + "\n")
    out = submit(predictions, f"cxr-lt-2026,sample={sample}", tmp_path / "t.csv")
    header, *rows = _rows(out.read_text(encoding="utf-8"))
    assert header[1:] == list(labels)
    assert [row[0] for row in rows] == ["22.png", "11.png"]
    assert float(rows[0][1]) == pytest.approx(0.011)
    with pytest.raises(UserError, match="there are 2 labels in the predictions, and task 1 of CXR-LT 2026 has 30"):
        submit(table_of(["a"], [[0, 1]]), "cxr-lt-2026", tmp_path / "u.csv")


def test_isic_2018_takes_lower_case_names(tmp_path: Path) -> None:
    names = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
    predictions = table_of(["x/ISIC_0034524.jpg"], [[0.1, 0.2, 0.3, 0.05, 0.15, 0.12, 0.08]], names)
    rows = _rows(submit(predictions, "isic2018", tmp_path / "s.csv").read_text(encoding="utf-8"))
    assert rows == [
        ["image", "MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC"],
        ["ISIC_0034524", "0.15", "0.12", "0.2", "0.1", "0.3", "0.05", "0.08"],
    ]


def test_mistakes(tmp_path: Path) -> None:
    out = tmp_path / "s.csv"
    predictions = _made(TASK_1)
    with pytest.raises(UserError, match="Did you mean 'cxr-lt-2024-task1'"):
        submit(predictions, "cxr-lt-2024-task-1", out)
    with pytest.raises(UserError, match="no column 'Adenopathy'"):
        submit(_made(TASK_2), "cxr-lt-2024-task1", out)
    studies = Predictions(
        predictions.ids.rename(columns={"image": "study"}), predictions.labels, predictions.values, "study"
    )
    with pytest.raises(UserError, match="the predictions are of studies, .*--keep-images"):
        submit(studies, "cxr-lt-2024-task1", out)
    with pytest.raises(UserError, match=r"must end in \.csv or \.zip"):
        submit(predictions, "cxr-lt-2024-task1", tmp_path / "s.txt")
    with pytest.raises(UserError, match="is of two images"):
        submit(_made(TASK_1, ("a/1.jpg", "b/1.jpg")), "cxr-lt-2024-task1", out)
    assert not out.exists()


def test_a_sample_of_another_task_or_other_images(tmp_path: Path) -> None:
    sample = tmp_path / "sample.csv"
    predictions = _made(TASK_1)
    sample.write_text("dicom_id," + ",".join(TASK_2) + "\n0a1b-2c" + ",0" * 26 + "\n", encoding="utf-8")
    with pytest.raises(UserError, match="column 2 of the sample .* is 'Atelectasis' and not 'Adenopathy'"):
        submit(predictions, f"cxr-lt-2024-task1,sample={sample}", tmp_path / "s.csv")
    with pytest.raises(UserError, match="1 predictions are of no id of the sample"):
        submit(predictions, f"cxr-lt-2024-task2,sample={sample}", tmp_path / "s.csv")
    sample.write_text("dicom_id," + ",".join(TASK_2) + "\nzz" + ",0" * 26 + "\n", encoding="utf-8")
    with pytest.raises(UserError, match="'zz'"):
        submit(predictions, f"cxr-lt-2024-task2,sample={sample}", tmp_path / "s.csv")


def test_every_submission_is_listed() -> None:
    assert set(SUBMISSIONS.load()) == {
        "cxr-lt-2023", "cxr-lt-2024-task1", "cxr-lt-2024-task2", "cxr-lt-2026", "isic2018",
    }  # fmt: skip
