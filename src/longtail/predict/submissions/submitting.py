"""A submission by name."""

from pathlib import Path
from typing import Any

from longtail.predict.parts import bound
from longtail.predict.predictions import Predictions
from longtail.predict.submissions import SUBMISSIONS


def submit(predictions: Predictions, name: Any, out: str | Path) -> Path:
    """Write predictions of images in a challenge's form; `name` is of `SUBMISSIONS`, with settings where needed."""
    found: Path = bound(SUBMISSIONS, name)(predictions, Path(out))
    return found
