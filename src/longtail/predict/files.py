"""Prediction files: Parquet of our own, and the CSV or Parquet of any tool that has an id column and label columns.

Ours carry a JSON text in the schema's metadata under `longtail`: labels, level, kind, task, made_by. In other tools'
files the columns named as the wanted labels are taken, and the id is `image`, `study` or the column that is named.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from longtail.data.column_names import USUAL_NAMES
from longtail.data.roles import COLUMN_ROLES
from longtail.data.tables import PARQUET_SUFFIXES, read_text_table
from longtail.errors import UserError, unknown_name
from longtail.files import written_whole
from longtail.predict.matching import Aligned as Aligned
from longtail.predict.matching import align as align
from longtail.predict.matching import missing_label
from longtail.predict.predictions import LEVELS, Level, Predictions, checked

_KEY = b"longtail"


def read_predictions(
    path: str | Path, labels: Sequence[str] | None = None, *, id: str | None = None, level: Level | None = None
) -> Predictions:
    """Read and check a predictions file.

    `labels` says which columns of another tool's file are labels (default: all that hold numbers and are no ids);
    `id` is its id column and `level` what that column names, where the usual names do not tell.
    """
    path = Path(path)
    table, said = _read(path)
    names = table.column_names
    key, level = _id_column(names, id, level or said.get("level"), path)
    labels = _label_columns(table, said.get("labels") or labels, key, path)
    ids = {level: key} | {name: name for name in names if name in COLUMN_ROLES and name not in (*labels, key)}
    frame = pd.DataFrame({role: _text(table, name, path) for role, name in ids.items()})
    values = np.empty((table.num_rows, len(labels)), dtype=np.float32)
    for i, name in enumerate(labels):
        values[:, i] = _numbers(table, name, path)
    facts = {name: value for name, value in said.items() if name not in ("labels", "level")}
    return checked(Predictions(frame, tuple(labels), values, level, facts, path))


def write_predictions(predictions: Predictions, path: str | Path) -> Path:
    """Check the predictions and write them whole, as `.parquet` or (without the facts) `.csv`; returns the path."""
    path = writable(path)
    done = checked(predictions)
    _refuse_clash(done)
    columns: dict[str, Any] = {str(name): pa.array(done.ids[name].astype("str"), pa.string()) for name in done.ids}
    columns |= {name: pa.array(done.values[:, i], pa.float32()) for i, name in enumerate(done.labels)}
    with written_whole(path) as beside:
        if path.suffix.lower() == ".csv":
            pa.table(columns).to_pandas().to_csv(beside, index=False, lineterminator="\n", encoding="utf-8")
        else:
            pq.write_table(pa.table(columns).replace_schema_metadata({_KEY: json.dumps(_facts(done))}), beside)
    return path


def columns_of(path: str | Path) -> list[str]:
    """The names of all columns of a predictions file."""
    return [str(name) for name in _read(Path(path))[0].column_names]


def writable(path: str | Path) -> Path:
    """The path, whose ending must be that of a predictions file: to be asked before hours of work."""
    path = Path(path)
    if path.suffix.lower() not in (".csv", *PARQUET_SUFFIXES):
        raise UserError(f"'{path.name}' must end in .parquet or .csv.")
    return path


def _facts(predictions: Predictions) -> dict[str, Any]:
    known = {"labels": list(predictions.labels), "level": predictions.level, "kind": "probabilities"}
    return {**predictions.facts, **known}


def _refuse_clash(predictions: Predictions) -> None:
    if clash := [name for name in predictions.labels if name in predictions.ids]:
        raise UserError(f"'{clash[0]}' is both a label and an id column of the predictions; rename one.")


def _read(path: Path) -> tuple[pa.Table, dict[str, Any]]:
    """The table, its numbers still numbers where the file has them, and what our metadata says of it."""
    if path.suffix.lower() not in PARQUET_SUFFIXES or not path.is_file() or not path.stat().st_size:
        return read_text_table(path), {}
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"'{path}' is not a Parquet file, or is damaged; write it again or use CSV.") from error
    if not table.num_rows:
        raise UserError(f"'{path}' has columns but no rows; it needs a row for each image or study.")
    said = (table.schema.metadata or {}).get(_KEY)
    return table, _said(said, path) if said else {}


def _said(text: bytes, path: Path) -> dict[str, Any]:
    try:
        said = json.loads(text)
        if not isinstance(said, dict) or not isinstance(said.get("labels", []), list):
            raise ValueError("not an object")
    except ValueError as error:
        raise UserError(f"the metadata 'longtail' of '{path}' is not the JSON it should be; write it again.") from error
    return said


def _id_column(names: list[str], key: str | None, level: Level | None, path: Path) -> tuple[str, Level]:
    if level is not None and level not in LEVELS:
        raise unknown_name("level", level, LEVELS, f"'{path}'")
    if key is not None:
        if key not in names:
            raise unknown_name("id column", key, names, f"'{path}'")
        return key, level or ("study" if key in USUAL_NAMES["study"] else "image")
    for role in (level,) if level else LEVELS:
        if found := next((name for name in USUAL_NAMES[role] if name in names), None):
            return found, role
    wanted, rename = (level, f"'{level}'") if level else ("image or study", "'image' or 'study'")
    studies = "" if level else " (with --level study where it names studies)"
    raise UserError(
        f"'{path}' has no column that names each row's {wanted} (columns: {', '.join(names[:12])}); rename it to"
        f" {rename}, or name it with --id COLUMN in evaluate, compare and decide{studies}."
    )


def _label_columns(table: pa.Table, labels: Sequence[str] | None, key: str, path: Path) -> list[str]:
    names = table.column_names
    if labels is None:
        usual = {name for role, known in USUAL_NAMES.items() if role != "label" for name in known}
        found = [name for name in names if name not in usual | {key} and _holds_numbers(table.column(name))]
        if not found:
            raise UserError(f"'{path}' has no column of numbers beside its ids; it needs one for each label.")
        return found
    if missing := [name for name in labels if name not in names]:
        raise missing_label(missing, names, f"'{path}'")
    return list(labels)


def _holds_numbers(column: pa.ChunkedArray) -> bool:
    try:
        return bool(pa.types.is_floating(_as_float(column).type))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False


def _as_float(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = pc.utf8_trim_whitespace(column)
        column = pc.if_else(pc.is_in(column, pa.array(["", "NA", "NaN", "None"])), pa.scalar(None, column.type), column)
    return column.cast(pa.float64())


def _numbers(table: pa.Table, name: str, path: Path) -> npt.NDArray[np.float64]:
    try:
        numbers = _as_float(table.column(name))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise UserError(
            f"column '{name}' of '{path}' is not a column of numbers ({str(error).splitlines()[0][:120]}); it must hold"
            " a probability in each row."
        ) from error
    return cast(npt.NDArray[np.float64], pc.fill_null(numbers, float("nan")).to_numpy())


def _text(table: pa.Table, name: str, path: Path) -> "pd.Series[str]":
    try:
        column = pc.fill_null(table.column(name).cast(pa.string()), "")
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise UserError(f"column '{name}' of '{path}' holds {table.column(name).type}, which is no id.") from error
    return pd.Series(column.to_pandas(), dtype="str")
