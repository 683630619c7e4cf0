"""What every challenge file shares: an id column, then a column per label in the challenge's own order and names."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from longtail.data.tables import read_text_table
from longtail.errors import UserError, listing, nearest
from longtail.files import written_whole
from longtail.predict.predictions import Predictions

CSV_IN_ZIP = "submission.csv"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # so that the same predictions give the same bytes
Synonyms = Mapping[str, Sequence[str]]


def file_name(image: str) -> str:
    """`a.png` of `images/a.png`."""
    return PurePosixPath(image.replace("\\", "/")).name


def stem(image: str) -> str:
    """`a` of `images/a.png`: MIMIC's dicom_id, ISIC's image."""
    return PurePosixPath(image.replace("\\", "/")).stem


def submission_table(
    predictions: Predictions,
    labels: Sequence[str],
    *,
    id_column: str,
    id_of: Callable[[str], str],
    synonyms: Synonyms | None = None,
    sample: Path | None = None,
) -> pd.DataFrame:
    """The table to submit: columns by name, never by place.

    `synonyms` are other names of a label. A `sample` submission gives the order of rows and must have exactly these
    ids and columns, in this order.
    """
    if predictions.level != "image":
        raise UserError(
            f"{predictions.where} are of studies, and the challenge asks for a row for each image; aggregate with"
            " --keep-images."
        )
    columns = [_column(predictions, label, synonyms or {}) for label in labels]
    table = pd.DataFrame(predictions.values[:, columns], columns=list(labels))
    table.insert(0, id_column, [id_of(image) for image in predictions.ids["image"]])
    if (twice := table[id_column].duplicated()).any():
        raise UserError(
            f"the {id_column} '{table[id_column][twice].iloc[0]}' is of two images of {predictions.where}; submit one"
            " row for each."
        )
    return table if sample is None else _as_sample(table, sample)


def write_submission(table: pd.DataFrame, out: Path, *, code: Path | None = None) -> Path:
    """Write `out`: a CSV, or a zip that holds it as `submission.csv` beside the folder `code/`, where one is given."""
    if out.suffix.lower() not in (".csv", ".zip") or (code and out.suffix.lower() != ".zip"):
        raise UserError(f"'{out.name}' must end in .csv or .zip (in .zip where code goes with it).")
    text = io.StringIO()
    table.to_csv(text, index=False, lineterminator="\n")
    with written_whole(out) as beside:
        if out.suffix.lower() == ".csv":
            beside.write_text(text.getvalue(), encoding="utf-8", newline="\n")
        else:
            _write_zip(beside, text.getvalue(), code)
    return out


def _write_zip(path: Path, text: str, code: Path | None) -> None:
    if code is not None and not code.is_dir():
        raise UserError(f"there is no folder '{code}'; name the folder of code to submit, or leave it out.")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_entry(CSV_IN_ZIP), text)
        for file in sorted(code.rglob("*")) if code else []:
            if file.is_file() and "__pycache__" not in file.parts:
                archive.writestr(_entry(f"code/{file.relative_to(code or file).as_posix()}"), file.read_bytes())


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    return entry


def _column(predictions: Predictions, label: str, synonyms: Synonyms) -> int:
    """Where a label stands: under its name, a synonym, or either in other letter cases."""
    names = [label, *synonyms.get(label, ())]
    for name in names:
        if name in predictions.labels:
            return predictions.labels.index(name)
    lower = [name.lower() for name in predictions.labels]
    for name in names:
        if lower.count(name.lower()) == 1:
            return lower.index(name.lower())
    guess = nearest(label, predictions.labels)
    hint = f" Did you mean '{guess}'?" if guess else ""
    raise UserError(
        f"there is no column '{label}' in {predictions.where}, which the submission needs.{hint} There: "
        f"{listing(predictions.labels, 40)}."
    )


def _as_sample(table: pd.DataFrame, sample: Path) -> pd.DataFrame:
    """The rows in the sample's order."""
    there = read_text_table(sample)
    if there.column_names != list(table.columns):
        pairs = zip([*there.column_names, *["nothing"] * len(table.columns)], table.columns, strict=False)
        place, (theirs, ours) = next(((i, p) for i, p in enumerate(pairs) if p[0] != p[1]), (0, ("more columns", "")))
        raise UserError(
            f"column {place + 1} of the sample '{sample}' is '{theirs}' and not '{ours}'; is it the sample of this"
            " challenge and task?"
        )
    wanted = pd.Index(there.column(0).to_pylist())
    rows = pd.Index(table.iloc[:, 0]).get_indexer(wanted)
    lacking, more = np.flatnonzero(rows < 0), len(table) - len(set(rows[rows >= 0]))
    if len(lacking):
        raise UserError(
            f"{len(lacking):,} ids of the sample '{sample}' have no prediction (first: '{wanted[lacking[0]]}'); predict"
            " these images too."
        )
    if more:
        raise UserError(
            f"{more:,} predictions are of no id of the sample '{sample}'; submit the sample's images alone."
        )
    ordered: pd.DataFrame = table.iloc[rows].reset_index(drop=True)
    return ordered
