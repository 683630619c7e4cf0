"""ISIC 2018 task 3, lesion diagnosis (challenge.isic-archive.com/landing/2018/47): `image` and seven confidences."""

from pathlib import Path

from longtail.data.readers.isic2018 import DIAGNOSES
from longtail.predict.predictions import Predictions
from longtail.predict.submissions import SUBMISSIONS
from longtail.predict.submissions.form import stem, submission_table, write_submission


@SUBMISSIONS.register("isic2018", publication="Codella et al. 2019")
def submit_isic2018(predictions: Predictions, out: Path, *, sample: Path | None = None) -> Path:
    """ISIC 2018 task 3: image (without ending), MEL, NV, BCC, AKIEC, BKL, DF, VASC; HAM10000's lower-case names too."""
    return write_submission(submission_table(predictions, DIAGNOSES, id_column="image", id_of=stem, sample=sample), out)
