"""Diseased-area augmentation (DADAM) as a recipe's method; what it does is told in `longtail.augment.paste`."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.augment.paste import METHODS
from longtail.augment.paste.making import REPORT, Progress, synthesize
from longtail.augment.paste.methods import Made
from longtail.augment.paste.settings import PasteSettings
from longtail.data.images.prepared import Prepared
from longtail.data.manifest import Manifest

SHEET = "contact-sheet.png"


@METHODS.register("lesion-paste", paper="feature-pyramid sum model, CXR-LT 2023")
def lesion_paste(
    settings: PasteSettings,
    manifest: Manifest,
    prepared: Prepared,
    out: Path,
    *,
    rows: npt.NDArray[np.int64],
    on_progress: Progress | None = None,
) -> Made:
    """Tail findings cut out by their boxes, pasted on normal images or blended into images that have one."""
    made = synthesize(manifest, prepared, out, settings, rows=rows, on_progress=on_progress)
    return Made(made, _facts(json.loads((out / REPORT).read_text(encoding="utf-8"))))


def _facts(told: dict[str, Any]) -> dict[str, Any]:
    """What of the report fits into a line each; the matrices stay in `synthesis.json`."""
    counts = {
        label: {"before": before, "after": after}
        for label, before, after in zip(told["labels"], told["counts"]["before"], told["counts"]["after"], strict=True)
        if before != after
    }
    return {
        "tail": told["tail"],
        "images_by_way": told["images_by_way"],
        "patches_by_label": told["patches_by_label"],
        "counts": counts,
        "correlation_change": told["correlation_change"],
        "contact_sheet": SHEET,
        "report": REPORT,
    }
