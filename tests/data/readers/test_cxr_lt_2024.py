import time
from pathlib import Path

import numpy as np
import pytest
from made_files import picture, put

from longtail.data.readers.cxr_lt_2023 import LABELS as LABELS_2023
from longtail.data.readers.cxr_lt_2024 import LABELS, TASK_1, TASK_2, TASK_3, read_cxr_lt_2024
from longtail.errors import UserError

FIRST = "dicom_id,subject_id,study_id,ViewPosition,ViewCodeSequence_CodeMeaning,fpath"
DICOM = "0000000{}-aaaaaaaa-bbbbbbbb-cccccccc-dddddddd"
PATH = "files/p10/p1000000{0}/s5000000{0}/{1}.jpg"


def row(number: int, view: str, labels, has, split: str = "") -> str:
    dicom = DICOM.format(number)
    first = [dicom, f"1000000{number}", f"s5000000{number}", view, "antero-posterior", PATH.format(number, dicom)]
    return ",".join(first + ["1" if name in has else "0" for name in labels] + ([split] if split else []))


def table(labels, *rows: str, more: str = "") -> str:
    return "\n".join([",".join([FIRST, *labels]) + more, *rows]) + "\n"


def positives(manifest, i):
    return {name for name, state in zip(manifest.labels, manifest.targets[i], strict=True) if state == 1}


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """PhysioNet's release: both years side by side."""
    folder = "cxr-lt/2.0.0/cxr-lt-2024/"
    put(
        tmp_path,
        folder + "train_labeled.csv",
        table(TASK_1, row(1, "AP", TASK_1, {"Mass"}), row(2, "", TASK_1, {"Normal"})),
    )
    for task, labels in {"1": TASK_1, "2": TASK_2, "3": TASK_3}.items():
        put(
            tmp_path,
            f"{folder}development_labeled_task{task}.csv",
            table(labels, row(3, "LATERAL", labels, {labels[0]})),
        )
        put(tmp_path, f"{folder}test_labeled_task{task}.csv", table(labels, row(4, "PA", labels, {labels[1]})))
    every = LABELS["all"]
    rows = [row(i, "AP", every, {"Bulla"}, split) for i, split in enumerate(["train", "development", "test"], 1)]
    put(tmp_path, folder + "labels.csv", table(every, *rows, more=",split"))
    put(tmp_path, "cxr-lt/2.0.0/cxr-lt-2023/train.csv", table(LABELS_2023, row(9, "AP", LABELS_2023, {"Mass"})))
    return tmp_path


def test_label_lists():
    assert (len(TASK_1), len(TASK_2), len(TASK_3), len(LABELS["all"])) == (40, 26, 5, 45)
    assert set(TASK_2) < set(TASK_1)
    assert not set(TASK_3) & set(TASK_1)
    assert list(TASK_1) == sorted(TASK_1)
    assert TASK_2.index("Normal") == TASK_2.index("Nodule") - 1  # the submission's order
    assert {"No Finding" if name == "Normal" else name for name in TASK_2} == set(LABELS_2023)


def test_task_1(release: Path):
    manifest = read_cxr_lt_2024(release, release)
    assert manifest.labels == TASK_1
    assert manifest.table["split"].tolist() == ["train", "train", "val", "test"]
    assert manifest.table["patient"].tolist() == ["10000001", "10000002", "10000003", "10000004"]
    assert manifest.table["study"].tolist() == ["s50000001", "s50000002", "s50000003", "s50000004"]
    assert manifest.table["view"].tolist() == ["AP", "", "LATERAL", "PA"]
    assert manifest.table["dicom_id"][0] == DICOM.format(1)
    assert manifest.table["image"][0] == PATH.format(1, DICOM.format(1))
    assert [positives(manifest, i) for i in range(4)] == [{"Mass"}, {"Normal"}, {"Adenopathy"}, {"Atelectasis"}]


def test_tasks_2_3_and_all(release: Path):
    second = read_cxr_lt_2024(release, release, task="2")
    assert second.labels == TASK_2
    assert [positives(second, i) for i in range(2)] == [{"Mass"}, {"Normal"}]
    third = read_cxr_lt_2024(release, release, task="3")
    assert third.labels == TASK_3
    assert third.table["split"].tolist() == ["train", "val", "test"]
    assert [positives(third, i) for i in range(3)] == [{"Bulla"}, {"Bulla"}, {"Cardiomyopathy"}]
    every = read_cxr_lt_2024(release, release, task="all")
    assert every.table["split"].tolist() == ["train", "val", "test"]
    assert every.counts()[every.labels.index("Bulla")] == 3


def test_development_without_labels_is_unknown(tmp_path: Path):
    put(tmp_path, "train_labeled.csv", table(TASK_1, row(1, "AP", TASK_1, {"Mass"})), bom=True)
    put(tmp_path, "development.csv", table((), row(2, "PA", (), ())))
    manifest = read_cxr_lt_2024(tmp_path, tmp_path)
    assert manifest.table["split"].tolist() == ["train", "val"]
    assert np.isnan(manifest.targets[1]).all()
    assert not np.isnan(manifest.targets[0]).any()


def test_images_apart_with_another_suffix_and_no_folders(release: Path, tmp_path: Path):
    images = tmp_path / "images"
    picture(images, f"{DICOM.format(2)}.png")
    picture(images, PATH.format(1, DICOM.format(1)))
    manifest = read_cxr_lt_2024(release, release, images=images)
    assert manifest.root == images
    assert manifest.table["image"].tolist()[:2] == [PATH.format(1, DICOM.format(1)), f"{DICOM.format(2)}.png"]
    assert manifest.table["image"][2] == PATH.format(3, DICOM.format(3))  # absent: as published
    with pytest.raises(UserError, match="'images' is .*no folder"):
        read_cxr_lt_2024(release, release, images=tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("Hernia,", "Hernias,"), "no column 'Hernia' .it has 'Hernias'.*Lin et al. 2025"),
        (("fpath", "image"), "no column 'fpath'.*Lin et al. 2025"),
        ((".jpg,0", ".jpg,7"), "row 1 .*'Adenopathy'.*'7'"),
    ],
)
def test_another_form_is_named(tmp_path: Path, change: tuple[str, str], says: str):
    put(tmp_path, "train_labeled.csv", table(TASK_1, row(1, "AP", TASK_1, {"Mass"})).replace(*change))
    with pytest.raises(UserError, match=says):
        read_cxr_lt_2024(tmp_path, tmp_path)


def test_a_bad_cell_of_labels_csv_is_named_by_its_row_in_the_file(release: Path):
    path = next(release.rglob("labels.csv"))
    lines = path.read_text().splitlines()
    lines[2] = lines[2].replace(".jpg,0", ".jpg,maybe")
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(UserError, match=r"row 2 \(line 3\)"):
        read_cxr_lt_2024(release, release, task="all")


def test_missing_files_are_named(tmp_path: Path):
    with pytest.raises(UserError, match=r"train_labeled.csv or development_labeled_task1.csv"):
        read_cxr_lt_2024(tmp_path, tmp_path)
    with pytest.raises(UserError, match="labels.csv .*release 2.0.0"):
        read_cxr_lt_2024(tmp_path, tmp_path, task="all")


def test_thirty_thousand_rows_are_read_in_a_moment(tmp_path: Path):
    lines = [row(1, "AP", TASK_1, {"Mass"}).replace("0000001-", f"{i:07}-") for i in range(30_000)]
    put(tmp_path, "train_labeled.csv", table(TASK_1, *lines))
    start = time.perf_counter()
    assert len(read_cxr_lt_2024(tmp_path, tmp_path)) == 30_000
    assert time.perf_counter() - start < 5  # about 0.2 s on an idle core
