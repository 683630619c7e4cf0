import numpy as np
import pandas as pd
import pytest

from longtail.data.manifest import Manifest
from longtail.errors import UserError


def write(folder, text, name="manifest.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def load(path, **flags):
    return Manifest.load(path, check=False, **flags)


def test_multilabel_columns_are_found_and_others_kept(tmp_path):
    path = write(tmp_path, "path,subject_id,Mass,age,Nodule\na.png,0007,1,61,\nb.png,0008,0,47,1\n")
    manifest = load(path)
    assert manifest.labels == ("Mass", "Nodule")
    assert np.array_equal(manifest.targets, np.array([[1, np.nan], [0, 1]]), equal_nan=True)
    assert manifest.targets.dtype == np.float32
    assert manifest.column("patient").tolist() == ["0007", "0008"]
    assert manifest.extras == ["age"]
    assert manifest.task == "multilabel"
    assert manifest.image_paths == [tmp_path / "a.png", tmp_path / "b.png"]


def test_singlelabel_classes_are_sorted_numbers_by_value(tmp_path):
    manifest = load(write(tmp_path, "image,label\na,10\nb,9\nc,\nd,9\n"))
    assert manifest.labels == ("9", "10")
    assert manifest.targets.tolist() == [1, 0, -1, 0]
    assert manifest.task == "singlelabel"


def test_listed_classes_keep_their_order_and_may_be_absent(tmp_path):
    path = write(tmp_path, "image,dx\na,nv\nb,mel\n")
    assert load(path, label="dx", labels="nv,df,mel").targets.tolist() == [0, 2]
    with pytest.raises(
        UserError, match=r"row 2 \(line 3\), column 'dx' of .* holds the class 'mel'.*Did you mean 'mela'"
    ):
        load(path, label="dx", labels="nv,mela")


@pytest.mark.parametrize(("policy", "value"), [("unknown", np.nan), ("positive", 1), ("negative", 0)])
def test_uncertain_policies(tmp_path, policy, value):
    manifest = load(write(tmp_path, "image,A\na,-1\nb,U\nc,1\n"), uncertain=policy)
    assert np.array_equal(manifest.targets[:, 0], np.array([value, value, 1], np.float32), equal_nan=True)


def test_a_mostly_label_column_with_one_slip_is_named(tmp_path):
    text = "image,A\n" + "".join(f"{i},1\n" for i in range(30)) + "x,yes\n"
    with pytest.raises(
        UserError, match=r"row 31 \(line 32\), column 'A' of .*manifest.csv' holds 'yes'; a label is 1, 0"
    ):
        load(write(tmp_path, text))


def test_a_stated_label_with_many_values_names_the_first_bad_row(tmp_path):
    text = "image,A\nz,1\n" + "".join(f"{i},{i + 5}\n" for i in range(1200))
    with pytest.raises(UserError, match=r"row 2 \(line 3\), column 'A' .* holds '5' \(and 1,199 more rows\)"):
        load(write(tmp_path, text), labels="A")


def test_no_labels_at_all(tmp_path):
    with pytest.raises(UserError, match="has no label columns.*--labels"):
        load(write(tmp_path, "image,age\na,40\nb,50\n"))
    with pytest.raises(UserError, match=r"age, sex and the like are not looked at: Sex\), .*--labels"):
        load(write(tmp_path, "image,Sex\na,0\nb,1\n"))
    with pytest.raises(UserError, match="column 'label' of .* is empty in every row"):
        load(write(tmp_path, "image,label\na,\nb,\n"))


@pytest.mark.parametrize("text", ["file\na\nb\n", "image,A,B\na,,\nb,,\n", "image,label\na,\nb,\n"])
def test_images_alone_where_nobody_asks_for_labels(tmp_path, text):
    found = load(write(tmp_path, text), labelled=False)
    assert found.column("image").tolist() == ["a", "b"]
    assert (found.labels, found.one_hot.shape) == ((), (2, 0))


def test_empty_image_cell(tmp_path):
    with pytest.raises(UserError, match=r"row 2 \(line 3\) of .* names no image in column 'image'"):
        load(write(tmp_path, "image,A\na,1\n,0\n"))


def test_split_names_are_made_usual(tmp_path):
    manifest = load(write(tmp_path, "image,A,split\na,1,training\nb,0, valid\nc,0,test\nd,0,\ne,1,TEST\nf,0,Second\n"))
    assert manifest.column("split").tolist() == ["train", "val", "test", "", "test", "Second"]


def test_columns_without_a_name(tmp_path):
    manifest = load(write(tmp_path, ",image,A,,\n0,a,1,x,\n1,b,0,y,\n"))
    assert manifest.labels == ("A",)
    assert manifest.extras == ["unnamed_1", "unnamed_4", "unnamed_5"]
    assert manifest.column("unnamed_4").tolist() == ["x", "y"]


def test_a_column_that_has_the_name_of_a_part_but_plays_none(tmp_path):
    manifest = load(write(tmp_path, "image,path,A\nx,a.png,1\ny,b.png,0\n"), image="path")
    assert manifest.column("image").tolist() == ["a.png", "b.png"]
    assert manifest.column("other_image").tolist() == ["x", "y"]


def test_yaml_beside_and_root(tmp_path):
    path = write(tmp_path, "file_name,A\na.png,1\nb.png,0\n")
    write(tmp_path, "image: file_name\nroot: pictures\n", "manifest.yaml")
    assert load(path).root == tmp_path / "pictures"
    assert load(path, root="/data").root.as_posix() == "/data"
    assert load(tmp_path).labels == ("A",)  # a folder means the manifest.csv in it


def test_boxes_named_in_the_yaml(tmp_path):
    path = write(tmp_path, "image,A\na.png,1\n")
    write(tmp_path, "boxes: boxes.csv\n", "manifest.yaml")
    write(tmp_path, "image,label,left,top,right,bottom\na.png,A,0,1,2,3\n", "boxes.csv")
    assert load(path).boxes.iloc[0].tolist() == ["a.png", "A", 0, 1, 2, 3]


def test_parquet_with_integers_booleans_and_nulls(tmp_path):
    frame = pd.DataFrame(
        {"image": ["a", "b", "c"], "patient": [1, 2, 3], "A": [True, False, None], "B": [1.0, 0.0, None]}
    )
    frame["C"] = pd.array([1, 0, None], dtype="Int8")
    frame.to_parquet(tmp_path / "m.parquet")
    manifest = load(tmp_path / "m.parquet")
    assert manifest.labels == ("A", "B", "C")
    assert np.array_equal(manifest.targets, [[1] * 3, [0] * 3, [np.nan] * 3], equal_nan=True)
    assert manifest.column("patient").tolist() == ["1", "2", "3"]


def test_one_row_and_check(tmp_path):
    (tmp_path / "a.png").touch()
    manifest = Manifest.load(write(tmp_path, "image,A\na.png,1\n"))
    assert len(manifest) == 1
    with pytest.raises(UserError, match="do not exist"):
        Manifest.load(write(tmp_path, "image,A\nb.png,1\n"))
    assert len(Manifest.load(tmp_path, check_files=False)) == 1
