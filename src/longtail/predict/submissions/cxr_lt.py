"""CXR-LT 2023, 2024 and 2026: which columns, in which order.

2023 and 2024 name images by MIMIC's `dicom_id` (the file's name without its ending), 2026 by PadChest's `ImageID` (with
it). Column orders, as public code of participants prints them: 2023 alphabetical, with `No Finding`
(dongkyunk/CheXFusion, `config.yaml`); 2024 task 1 alphabetical, with `Nodule` before `Normal`, and task 2 the other way
round, since it still stands where `No Finding` did (yamagishi0824/cxrlt24-multiview-pp, `code/config.py`). CheXFusion's
zip holds `submission.csv` and the folder `code/`; for the other years a zip of the CSV alone is inferred. The label
columns of 2026 are those of its training file, in the file's order (hieuphamha19/CXR_LT).
"""

from pathlib import Path

from longtail.data.readers.cxr_lt_2023 import LABELS as LABELS_2023
from longtail.data.readers.cxr_lt_2024 import TASK_1, TASK_2
from longtail.data.tables import read_text_table
from longtail.errors import UserError
from longtail.predict.predictions import Predictions
from longtail.predict.submissions import SUBMISSIONS
from longtail.predict.submissions.form import file_name, stem, submission_table, write_submission

_NORMAL = {"Normal": ("No Finding",), "No Finding": ("Normal",)}
LABELS_OF_2026 = 30


@SUBMISSIONS.register("cxr-lt-2023", publication="Holste et al. 2024", code="dongkyunk/CheXFusion")
def submit_cxr_lt_2023(
    predictions: Predictions, out: Path, *, sample: Path | None = None, code: Path | None = None
) -> Path:
    """CXR-LT 2023: dicom_id and 26 labels; `code` goes into the zip."""
    return _mimic(predictions, out, LABELS_2023, sample, code)


@SUBMISSIONS.register("cxr-lt-2024-task1", publication="Lin et al. 2025", code="yamagishi0824/cxrlt24-multiview-pp")
def submit_cxr_lt_2024_task1(
    predictions: Predictions, out: Path, *, sample: Path | None = None, code: Path | None = None
) -> Path:
    """CXR-LT 2024, task 1: dicom_id and 40 labels, Nodule before Normal."""
    return _mimic(predictions, out, TASK_1, sample, code)


@SUBMISSIONS.register("cxr-lt-2024-task2", publication="Lin et al. 2025", code="yamagishi0824/cxrlt24-multiview-pp")
def submit_cxr_lt_2024_task2(
    predictions: Predictions, out: Path, *, sample: Path | None = None, code: Path | None = None
) -> Path:
    """CXR-LT 2024, task 2: dicom_id and 26 labels, Normal before Nodule; a model of task 1's 40 labels will do."""
    return _mimic(predictions, out, TASK_2, sample, code)


@SUBMISSIONS.register("cxr-lt-2026", publication="CXR-LT 2026 (ISBI 2026)", code="hieuphamha19/CXR_LT")
def submit_cxr_lt_2026(
    predictions: Predictions, out: Path, *, sample: Path | None = None, code: Path | None = None
) -> Path:
    """CXR-LT 2026, task 1: ImageID and 30 labels, in the order of the `sample` or else of the predictions.

    Predictions of a model that was trained on the challenge's file have that file's order.
    """
    labels = read_text_table(sample).column_names[1:] if sample else list(predictions.labels)
    if sample is None and len(labels) != LABELS_OF_2026:
        raise UserError(
            f"there are {len(labels)} labels in {predictions.where}, and task 1 of CXR-LT 2026 has {LABELS_OF_2026};"
            " predict with a model of its training file, or give the challenge's sample submission (sample=FILE)."
        )
    table = submission_table(predictions, labels, id_column="ImageID", id_of=file_name, sample=sample)
    return write_submission(table, out, code=code)


def _mimic(
    predictions: Predictions, out: Path, labels: tuple[str, ...], sample: Path | None, code: Path | None
) -> Path:
    table = submission_table(predictions, labels, id_column="dicom_id", id_of=stem, synonyms=_NORMAL, sample=sample)
    return write_submission(table, out, code=code)
