import gzip
from pathlib import Path

import pytest

from longtail.data.tables import read_text_table
from longtail.errors import UserError


def test_a_compressed_table_is_read_as_text(tmp_path: Path):
    path = tmp_path / "labels.csv.gz"
    path.write_bytes(gzip.compress("\ufeffid;name\r\n0001;é\r\n".encode(), mtime=0))
    assert read_text_table(path).to_pylist() == [{"id": "0001", "name": "é"}]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"a,b\n1,2\n", "not a gzip file, or is cut short"),
        (gzip.compress(b"a,b\n" + b"1,2\n" * 5000, mtime=0)[:-40], "not a gzip file, or is cut short"),
        (gzip.compress(b"a,b\n1,2\n1,2,3\n", mtime=0), "line 3 .*3 cells"),
        (gzip.compress(b"a,b\n1,\xff\n", mtime=0), "not UTF-8 .*line 2"),
        (gzip.compress(b"a,b\n", mtime=0), "no rows"),
        (gzip.compress(b"a,a\n1,2\n", mtime=0), "'a' more than once"),
    ],
)
def test_broken_archives_are_named(tmp_path: Path, data: bytes, says: str):
    path = tmp_path / "labels.csv.gz"
    path.write_bytes(data)
    with pytest.raises(UserError, match=says):
        read_text_table(path)
