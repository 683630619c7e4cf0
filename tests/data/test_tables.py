import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from longtail.data.saving import save_table
from longtail.data.tables import read_text_table, row_place
from longtail.errors import UserError

BODY = "image,patient,Mass\na.png,00000013,1\nb.png,00000014,0\n"


def write(folder, content, name="t.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows(path):
    return read_text_table(path).to_pandas().to_numpy().tolist()


EXPECTED = [["a.png", "00000013", "1"], ["b.png", "00000014", "0"]]


@pytest.mark.parametrize(
    "content",
    [
        BODY,
        BODY.rstrip("\n"),
        BODY.replace("\n", "\r\n"),
        b"\xef\xbb\xbf" + BODY.encode(),
        BODY.replace(",", ";"),
        BODY.replace(",", "\t"),
        BODY.replace("image,patient,Mass", '"image","patient","Mass"'),
        BODY.replace("\nb", "\n\nb"),
    ],
    ids=["plain", "no-end", "crlf", "bom", "semicolon", "tab", "quoted", "blank-line"],
)
def test_forms_of_csv(tmp_path, content):
    path = write(tmp_path, content)
    assert rows(path) == EXPECTED
    assert read_text_table(path).column_names == ["image", "patient", "Mass"]


def test_quoted_cells_keep_commas_quotes_and_line_ends(tmp_path):
    path = write(tmp_path, 'image,note\na.png,"one, ""two""\nthree"\nb.png,x\n')
    assert rows(path) == [["a.png", 'one, "two"\nthree'], ["b.png", "x"]]
    assert row_place(path, 1) == "row 2"  # its line is not 3


def test_line_is_named_only_where_it_is_certain(tmp_path):
    assert row_place(write(tmp_path, BODY), 1) == "row 2 (line 3)"
    assert row_place(write(tmp_path, BODY.replace("\nb", "\n\nb"), "blank.csv"), 1) == "row 2"
    assert row_place(None, 0) == "row 1"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("\n\n", "must name the columns"),
        ("image," * 200_000 + "\n", "over a million bytes long"),
        ("image,Mass\n", "has a header but no rows"),
        ("image,Mass\n\n\n", "has a header but no rows"),
        ("image,Mass,Mass\na,1,0\n", "'Mass' more than once"),
        ("image,Mass\na,1\nb,1,0\n", "line 3 of .* has 3 cells where the header names 2"),
        ("image,Mass\na,1\nb\n", "line 3 of .* has 1 cells where the header names 2"),
        ("image,note\na,1\nb,caf\u00e9\n".encode("latin-1"), "not UTF-8 .byte 0xE9 at line 3."),
        ("image,Mass\na,1\n".encode("utf-16"), "it is UTF-16"),
        (b"image,Mass\na,1,0\n\xac,1,1\n", "not UTF-8 .byte 0xAC at line 3."),  # beside a wrong number of cells
    ],
)
def test_broken_files_are_named(tmp_path, content, said):
    path = write(tmp_path, content)
    with pytest.raises(UserError, match=said) as caught:
        read_text_table(path)
    assert "t.csv" in str(caught.value)


def test_folder_and_absent_file(tmp_path):
    with pytest.raises(UserError, match="is a folder"):
        read_text_table(tmp_path)
    with pytest.raises(UserError, match="there is no file"):
        read_text_table(tmp_path / "none.csv")


def test_parquet_values_become_text(tmp_path):
    path = tmp_path / "t.parquet"
    table = {
        "image": ["a", "b"],
        "whole": pa.array([1, None], pa.int64()),
        "mark": [True, False],
        "share": [1.0, float("nan")],
        "kind": pa.array(["x", None]).dictionary_encode(),
    }
    pq.write_table(pa.table(table), path)
    assert rows(path)[0][:3] == ["a", "1", "true"]
    assert rows(path)[1] == ["b", "", "false", "nan", ""]


def test_parquet_mistakes(tmp_path):
    pq.write_table(pa.table({"image": ["a"], "list": [[1, 2]]}), tmp_path / "list.parquet")
    with pytest.raises(UserError, match="column 'list' of .* holds list"):
        read_text_table(tmp_path / "list.parquet")
    with pytest.raises(UserError, match="not a Parquet file"):
        read_text_table(write(tmp_path, "no parquet", "bad.parquet"))
    pq.write_table(pa.table({"image": pa.array([], pa.string())}), tmp_path / "none.parquet")
    with pytest.raises(UserError, match="no rows"):
        read_text_table(tmp_path / "none.parquet")


CELLS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6))
def test_any_text_survives_csv(tmp_path, cells):
    frame = pd.DataFrame(cells, columns=["first", "second"]).assign(image="i.png")
    path = tmp_path / "t.csv"
    save_table(frame, path)
    assert rows(path) == frame.to_numpy().tolist()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04\x14\x00\xff\xfe rest", "a zip archive, as Excel workbooks are"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "an image"),
        (b"PAR1\x15\x04\xff\x00", "a Parquet file"),
        (BODY.encode("utf-16-le"), "it holds zero bytes, as UTF-16 does"),
        (b"\0" * 100, "it holds zero bytes"),
        ('image,"two\nlines"\na.png,1\n', "a quote in the first line"),
        ('image,"Mass\n', "a quote in the first line"),
    ],
)
def test_files_that_are_no_csv_are_told_for_what_they_are(tmp_path, content, says):
    with pytest.raises(UserError, match=says):
        read_text_table(write(tmp_path, content))
