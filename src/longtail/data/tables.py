"""Reading a CSV or Parquet file as text: every cell a string, so that `00000013` stays an identifier.

pyarrow reads (400,000 rows x 45 columns in about a second); this file adds what it lacks: sentences for the ways in
which real files are broken, and byte-order marks, semicolons and tabs as spreadsheets write them. `.csv.gz` too.
"""

import gzip
import zlib
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from longtail.errors import UserError, listing

PARQUET_SUFFIXES = (".parquet", ".pq")
_LONGEST_HEADER = 1 << 20  # bytes
# What files that are no text begin with, and what they are.
_MARKS = {
    b"PK": "a zip archive, as Excel workbooks are: save the sheet as 'CSV UTF-8'",
    b"\xd0\xcf\x11\xe0": "an Excel workbook: save the sheet as 'CSV UTF-8'",
    b"PAR1": "a Parquet file: let its name end in .parquet",
    b"\x1f\x8b": "compressed by gzip: let its name end in .csv.gz",
    b"\x89PNG": "an image: name the table of images",
    b"\xff\xd8\xff": "an image: name the table of images",
    b"%PDF": "a PDF: export its table as CSV",
    b"SQLite": "a database: export its table as CSV",
}


def read_text_table(path: Path, *, may_be_empty: bool = False) -> pa.Table:
    """All cells of a CSV or Parquet file as strings, empty where missing; `(rows, columns)`."""
    if path.is_dir():
        raise UserError(f"'{path}' is a folder, not a table; name the CSV or Parquet file in it.")
    if not path.exists():
        raise UserError(f"there is no file '{path}'; check the path.")
    if path.stat().st_size == 0:
        raise UserError(f"'{path}' is empty; it needs a header line and a row for each image.")
    table = _read_parquet(path) if path.suffix.lower() in PARQUET_SUFFIXES else _read_any_csv(path)
    _refuse_unusable_header(table.column_names, path)
    if table.num_rows == 0 and not may_be_empty:
        raise UserError(f"'{path}' has a header but no rows; it needs a row for each image.")
    return table


def row_place(path: Path | None, row: int) -> str:
    """Where row `row` (from 0) stands, as a user finds it: `row 3`, and the line where that is certain."""
    if path is None or path.suffix.lower() in PARQUET_SUFFIXES or not path.exists():
        return f"row {row + 1}"
    plain = _one_line_per_row(path, path.stat().st_mtime_ns)
    return f"row {row + 1} (line {row + 2})" if plain else f"row {row + 1}"


def _read_parquet(path: Path) -> pa.Table:
    try:
        raw = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"'{path}' is not a Parquet file, or is damaged; write it again or use CSV.") from error
    texts = [_as_text(raw.column(i), name, path) for i, name in enumerate(raw.column_names)]
    return pa.table(texts, names=raw.column_names)


def _as_text(column: pa.ChunkedArray, name: str, path: Path) -> pa.ChunkedArray:
    try:
        return pc.fill_null(column.cast(pa.string()), "")
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
        raise UserError(
            f"column '{name}' of '{path}' holds {column.type}, which is no text or number; drop or flatten it."
        ) from error


def _read_any_csv(path: Path) -> pa.Table:
    """A CSV file, gzip-compressed if it ends in .gz; a cut or falsely named archive is the user's to mend."""
    if path.suffix.lower() != ".gz":
        return _read_csv(path)
    try:
        return _read_csv(path)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"'{path}' is not a gzip file, or is cut short ({error}); download it again.") from error


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def _bytes(path: Path) -> bytes:
    with _open(path) as file:
        return file.read()


def _read_csv(path: Path) -> pa.Table:
    names, delimiter = _header(path)
    try:
        return pacsv.read_csv(
            path,
            read_options=pacsv.ReadOptions(column_names=_distinct(names), skip_rows=1, block_size=16 << 20),
            parse_options=pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(_distinct(names), pa.string()), strings_can_be_null=False
            ),
        ).rename_columns(names)
    except pa.ArrowInvalid as error:
        if _is_empty_body(path):
            return pa.table([pa.array([], pa.string()) for _ in names], names=names)
        raise _csv_error(path, error, len(names), delimiter) from error


def _header(path: Path) -> tuple[list[str], str]:
    """Column names and the delimiter: the first line may use commas, semicolons or tabs."""
    with _open(path) as file:
        first = file.readline(_LONGEST_HEADER)
    if len(first) == _LONGEST_HEADER:
        raise UserError(f"the first line of '{path}' is over a million bytes long; it must name the columns.")
    try:
        line = first.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise _not_utf8(path) from error
    if not line.strip():
        raise UserError(f"the first line of '{path}' is empty; it must name the columns.")
    if "\0" in line:
        raise _not_text(path, first)
    if line.count('"') % 2:
        raise UserError(f"a quote in the first line of '{path}' does not end; a column's name is one line of text.")
    delimiter = max(",;\t", key=lambda mark: (line.count(mark), mark == ","))
    parsed = pacsv.read_csv(
        pa.BufferReader((line + "\n").encode()),
        read_options=pacsv.ReadOptions(autogenerate_column_names=True, block_size=2 * _LONGEST_HEADER),
        parse_options=pacsv.ParseOptions(delimiter=delimiter),
        convert_options=pacsv.ConvertOptions(null_values=[]),
    )
    return [str(column[0].as_py()).strip() for column in parsed.columns], delimiter


def _distinct(names: list[str]) -> list[str]:
    return [f"{i}:{name}" for i, name in enumerate(names)]


def _refuse_unusable_header(names: list[str], path: Path) -> None:
    if twice := sorted({name for name in names if names.count(name) > 1 and name}):
        raise UserError(
            f"'{path}' has the column {listing([repr(n) for n in twice])} more than once; rename or drop one."
        )


def _csv_error(path: Path, error: pa.ArrowInvalid, columns: int, delimiter: str) -> UserError:
    if "UTF8" in str(error).upper().replace("-", "") or not _is_utf8(path):
        return _not_utf8(path)
    bad: list[pacsv.InvalidRow] = []

    def note(row: pacsv.InvalidRow) -> str:
        bad.append(row)
        return "skip"

    with suppress(pa.ArrowInvalid):
        pacsv.read_csv(
            path,
            read_options=pacsv.ReadOptions(use_threads=False),
            parse_options=pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=note),
        )
    if bad and bad[0].number is not None:
        return UserError(
            f"line {bad[0].number} of '{path}' has {bad[0].actual_columns} cells where the header names {columns};"
            f" quote text that holds '{delimiter}'."
        )
    return UserError(
        f"'{path}' is not a readable CSV file ({str(error).splitlines()[0][:300]}); save it as CSV in UTF-8."
    )


def _is_utf8(path: Path) -> bool:
    try:
        _bytes(path).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _not_utf8(path: Path) -> UserError:
    data = _bytes(path)
    if data.startswith(tuple(_MARKS)):
        return _not_text(path, data)
    try:
        data.decode("utf-8")
        where = "somewhere"
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        where = f"byte 0x{data[error.start]:02X} at line {line}"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        where = "it is UTF-16"
    return UserError(f"'{path}' is not UTF-8 ({where}); save it as UTF-8 (in a spreadsheet: 'CSV UTF-8').")


def _not_text(path: Path, data: bytes) -> UserError:
    for mark, what in _MARKS.items():
        if data.startswith(mark):
            return UserError(f"'{path}' is not a CSV file but {what}.")
    return UserError(f"'{path}' is not UTF-8 text (it holds zero bytes, as UTF-16 does); save it as CSV in UTF-8.")


def _is_empty_body(path: Path) -> bool:
    with _open(path) as file:
        file.readline()
        return not file.read(1 << 16).strip()


@lru_cache(maxsize=8)
def _one_line_per_row(path: Path, _changed: int) -> bool:
    """Whether no cell holds a line end and no line is empty, so that a row's line is known (up to 256 MiB)."""
    if path.stat().st_size > 256 << 20:
        return False
    data = _bytes(path).rstrip()
    if b"\n\n" in data or b"\n\r\n" in data:  # empty lines are no rows
        return False
    return not any(b"\n" in quoted or b"\r" in quoted for quoted in data.split(b'"')[1::2])
