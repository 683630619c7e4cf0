import numpy as np
import pandas as pd
import pytest
from PIL import Image

from longtail.data.boxes import box_table
from longtail.data.manifest import Manifest, from_classes, from_states
from longtail.data.validation import missing_rows, require_valid, validate
from longtail.errors import UserError


def load(folder, text, boxes=None):
    (folder / "manifest.csv").write_text(text)
    if boxes:
        (folder / "boxes.csv").write_text("image,label,left,top,right,bottom\n" + boxes)
        (folder / "manifest.yaml").write_text("boxes: boxes.csv\n")
    return Manifest.load(folder, check=False)


def problem(manifest, kind, **options):
    found = {one.kind: one for one in validate(manifest, check_files=False, **options)}
    assert kind in found, list(found)
    return found[kind]


def test_a_sound_manifest_has_no_problems(tmp_path):
    text = "image,patient,study,split,A\na,1,1,train,1\nb,1,2,train,0\nc,2,3,test,1\nd,,,test,0\n"
    assert validate(load(tmp_path, text), check_files=False) == []


def test_duplicate_image(tmp_path):
    one = problem(load(tmp_path, "image,A\na,1\nb,0\na,1\na,0\n"), "duplicate-image")
    assert (one.severity, one.count) == ("error", 2)
    assert "row 3 (line 4)" in one.message
    assert "'a' of row 1 (line 2)" in one.message


def test_study_of_two_patients(tmp_path):
    text = "image,subject_id,study,A\na,p1,s1,1\nb,p2,s1,0\nc,p3,s2,1\nd,,s2,0\n"
    one = problem(load(tmp_path, text), "study-of-two-patients")
    assert (one.severity, one.count) == ("error", 1)  # s2 has one patient, and one row without
    assert "row 2 (line 3), column 'study'" in one.message
    assert "p1, p2" in one.message


@pytest.mark.parametrize("role", ["patient", "lesion_id", "study"])
def test_leak(tmp_path, role):
    text = f"image,{role},split,A\na,g1,train,1\nb,g1,test,0\nc,g2,train,1\nd,,test,0\ne,,train,0\nf,g1,,1\n"
    one = problem(load(tmp_path, text), "leak")
    assert (one.severity, one.count) == ("warning", 1)
    place = f"row 2 (line 3), column 'split' of '{tmp_path}/manifest.csv'"
    assert f"{place}: the {role} 'g1' is in the splits train, test" in one.message


def test_odd_split_name_is_told_even_where_there_are_patients(tmp_path):
    one = problem(load(tmp_path, "image,patient,split,A\na,1,train,1\nb,2,tets,0\n"), "odd-split")
    assert "row 2 (line 3)" in one.message
    assert "'tets'; did you mean 'test'" in one.message


def test_empty_groups_are_fine(tmp_path):
    assert not validate(load(tmp_path, "image,patient,study,split,A\na,,,,1\nb,,,,0\n"), check_files=False)


def test_label_without_positive(tmp_path):
    one = problem(load(tmp_path, "image,A,B\na,1,0\nb,0,\n"), "label-without-positive")
    assert (one.severity, one.count) == ("warning", 1)
    assert "has B;" in one.message


def test_labels_that_are_written_in_two_ways(tmp_path):
    one = problem(
        load(tmp_path, "image,label\na,Nevus\nb,nevus\nc,mel\nd,basal_cell\ne,Basal  cell\nf,mel-\n"), "alike-labels"
    )
    assert (one.severity, one.count) == ("warning", 2)
    assert "'Basal  cell', 'basal_cell'" in one.message


def test_columns_of_words_are_no_labels_and_told(tmp_path):
    text = "image,A,Edema,sex,age\na,1,yes,F,50\nb,0,No,M,\nc,0,,F,60\n"
    one = problem(load(tmp_path, text), "unread-label")
    assert (one.severity, one.count) == ("warning", 1)
    assert "'Edema' of '" in one.message
    assert "'no', 'yes' and so is no label; if it is one, write 1, 0, empty" in one.message
    (tmp_path / "manifest.yaml").write_text("labels: [A]\n")  # now it is known to be none
    assert not validate(load(tmp_path, text), check_files=False)


def test_a_column_of_states_that_somebody_left_unknown_in_words(tmp_path):
    rows = "".join(f"{i},{i % 2},{'01?'[i % 3]},?\n" for i in range(9))
    one = problem(load(tmp_path, "image,A,Edema,nothing\n" + rows), "unread-label")
    assert one.message.startswith("'Edema' of")
    assert "'0', '1', '?'" in one.message


def test_a_column_of_states_with_words_that_nobody_foresaw(tmp_path):
    edema, remarks = ("0", "1", "see report"), ("1", "rest", "walk")
    rows = "".join(f"{i},{i % 2},{edema[i % 3]},{i % 3},{remarks[i % 3]}\n" for i in range(9))
    one = problem(load(tmp_path, "image,A,Edema,visits,remarks\n" + rows), "unread-label")
    assert (one.count, one.message.split(" of ")[0]) == (1, "'Edema'")


def test_a_name_of_a_person_is_no_label_and_said_so(tmp_path):
    text = "image,Sex,A,Patient Age,fold\na,1,1,61,0\nb,0,0,40,1\n"
    manifest = load(tmp_path, text)
    assert manifest.labels == ("A",)
    assert manifest.extras == ["Sex", "Patient Age", "fold"]
    one = problem(manifest, "column-left-out")
    assert (one.severity, one.count) == ("warning", 2)
    assert "'Sex', 'fold' of" in one.message
    (tmp_path / "manifest.yaml").write_text("labels: [A, Sex]\n")
    stated = load(tmp_path, text)
    assert stated.labels == ("A", "Sex")
    assert not validate(stated, check_files=False)


def test_two_columns_for_one_part(tmp_path):
    text = "image,PatientID,patient_id,Split,Image,A\na,1,x,train,1,1\nb,0,y,val,0,0\n"
    manifest = load(tmp_path, text)
    assert manifest.labels == ("A",)
    assert manifest.column("patient").tolist() == ["x", "y"]
    assert manifest.column("split").tolist() == ["train", "val"]
    told = [one.message for one in validate(manifest, check_files=False)]
    assert len(told) == 2
    assert "the column 'image' is taken for the image paths, and 'Image' is kept" in told[0]
    assert "the column 'patient_id' is taken for the patient, and 'PatientID' is kept" in told[1]
    (tmp_path / "manifest.yaml").write_text("image: image\npatient: PatientID\n")
    stated = load(tmp_path, text)
    assert stated.column("patient").tolist() == ["1", "0"]
    assert not validate(stated, check_files=False)


def test_a_class_that_means_unknown(tmp_path):
    one = problem(load(tmp_path, "image,label\na,cat\nb,?\nc,dog\nd,Unknown\n"), "class-like-unknown")
    assert (one.severity, one.count) == ("warning", 2)
    assert "has the class '?', 'Unknown'" in one.message
    (tmp_path / "manifest.yaml").write_text("label: label\nlabels: [cat, dog, '?', Unknown]\n")
    assert not validate(load(tmp_path, "image,label\na,cat\nb,?\nc,dog\nd,Unknown\n"), check_files=False)


def test_one_class(tmp_path):
    one = problem(load(tmp_path, "image,label\na,cat\nb,cat\n"), "one-class")
    assert one.severity == "error"
    assert "'cat'" in one.message


@pytest.mark.parametrize(
    ("row", "kind", "said"),
    [
        (
            "a,C,0,0,1,1",
            "box-of-unknown-label",
            r"row 2 \(line 3\), column 'label' of .*boxes.csv' names the label 'C'.*Valid: A",
        ),
        (
            "z,A,0,0,1,1",
            "box-of-unknown-image",
            r"row 2 \(line 3\), column 'image' of .*boxes.csv' names the image 'z'",
        ),
        ("a,A,5,0,1,1", "box-shape", r"row 2 \(line 3\), columns left to bottom of .*, says \(5, 0\) to \(1, 1\)"),
        ("a,A,-1,0,1,1", "box-shape", "it needs 0 <= left < right"),
    ],
)
def test_boxes(tmp_path, row, kind, said):
    one = problem(load(tmp_path, "image,A\na,1\nb,0\n", f"b,A,0,0,1,1\n{row}\n"), kind)
    assert (one.severity, one.count) == ("error", 1)
    with pytest.raises(UserError, match=said):
        raise UserError(one.message)


def test_boxes_outside_their_image(tmp_path):
    Image.new("L", (30, 20)).save(tmp_path / "a.png")
    boxes = box_table([("a.png", "A", 0, 0, 31, 20), ("a.png", "A", 0, 0, 30, 25)])
    boxes.index = pd.Index([7, 3])
    made = from_states(pd.DataFrame({"image": ["a.png"]}), ["A"], [[1]], tmp_path, boxes)
    (one,) = [found for found in validate(made) if found.kind == "box-outside"]
    assert one.count == 1  # published boxes are rounded: one pixel over the edge is none
    assert (
        "row 2, columns right and bottom of the box table, says (30, 25), outside the image 'a.png' of 30 x 20"
        in one.message
    )


def test_boxes_of_images_that_cannot_be_read(tmp_path):
    (tmp_path / "a.png").write_text("no image")
    boxes = box_table([("a.png", "A", 0, 0, 31, 20), ("b.png", "A", 0, 0, 3, 2)])
    made = from_states(pd.DataFrame({"image": ["a.png", "b.png"]}), ["A"], [[1], [0]], tmp_path, boxes)
    assert [one.kind for one in validate(made)] == ["missing-file"]


def test_one_missing_file_is_no_wrong_folder(tmp_path):
    for name in ("a.png", "c.png"):
        (tmp_path / name).touch()
    made = from_states(pd.DataFrame({"image": ["a.png", "b.png", "c.png"]}), ["A"], [[1], [0], [1]], tmp_path)
    (one,) = validate(made)
    assert "row 2, column 'image': 'b.png'" in one.message
    assert "images.on_bad=skip leaves them out" in one.message
    assert "root:" not in one.message


def test_many_missing_files_are_summed_up(tmp_path):
    images = [f"deep/{i}.png" for i in range(10_000)]
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/0.png").touch()
    made = from_states(pd.DataFrame({"image": images}), ["A"], np.arange(10_000)[:, None] % 2, tmp_path)
    (one,) = validate(made)
    assert one.count == 9_999
    assert "9,999 of 10,000 images" in one.message
    assert "row 2, column 'image': 'deep/1.png'" in one.message
    assert len(one.message) < 500
    with pytest.raises(UserError, match="as root: DIR in the YAML beside the manifest .*--root"):
        require_valid(made)
    require_valid(made, but=["missing-file"])
    assert missing_rows(tmp_path, images[:3]).tolist() == [1, 2]


def test_paths_of_windows_are_told_as_such(tmp_path):
    made = from_states(pd.DataFrame({"image": ["a\\1.png", "a\\2.png"]}), ["A"], np.array([[1], [0]]), tmp_path)
    (one,) = validate(made)
    assert "write / in paths, where they have \\ as on Windows" in one.message


def test_errors_come_first_and_are_all_raised():
    table = pd.DataFrame({"image": ["a", "a"], "patient": ["1", "1"], "split": ["train", "test"]})
    made = from_classes(table, ["x"], [0, 0], "")
    assert [one.severity for one in validate(made, check_files=False)] == ["error", "error", "warning"]
    with pytest.raises(UserError, match="(?s)again.*two or more"):
        require_valid(made, check_files=False)


def test_names_that_no_file_can_have_and_things_that_are_no_files_are_missing(tmp_path):
    (tmp_path / "a.png").write_bytes(b"1")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "loop.png").symlink_to("loop.png")
    (tmp_path / "nowhere.png").symlink_to("absent")
    (tmp_path / "link.png").symlink_to("a.png")
    names = ["a.png", "x" * 5000, "n\0ul.png", "z\0/a.png", "folder.png", "loop.png", "nowhere.png", "link.png"]
    assert missing_rows(tmp_path, names).tolist() == [1, 2, 3, 4, 5, 6]
