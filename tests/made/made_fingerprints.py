"""Fingerprints and machines for the rules of proposed recipes, and a manifest with boxes, views and studies."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from longtail.data import Manifest, from_states
from longtail.data.boxes import box_table
from longtail.stages.proposing.fingerprint import Fingerprint
from longtail.stages.proposing.machine import Machine

XRAYS = Fingerprint(
    task="multilabel", train=4000, valid=400, counts={"Mass": 900, "Cyst": 90, "Hernia": 12}, tail=("Hernia",),
    tail_below=40, positive=0.09, unknown=0.25, side=1024, channels=1,
)  # fmt: skip
SKIN = replace(XRAYS, task="singlelabel", counts={"nv": 3000, "bcc": 900, "df": 100}, tail=(), channels=3, unknown=0.0)
LAPTOP = Machine(cores=4, memory=16 << 30, packaged=True)
SERVER = Machine(cores=32, memory=24 << 30, gpu="a GPU", bf16=True, packaged=True)


def boxed(folder: Path, tail: int = 8) -> Manifest:
    """80 training rows of one normal label and one rare one with boxes; 20 validation rows, in studies of two views."""
    for row in range(100):
        Image.new("L", (40, 50 if row % 4 else 30), row).save(folder / f"{row}.png")
    states = np.zeros((100, 2), np.float32)
    states[:50, 0], states[50, 0] = 1, np.nan
    states[60 : 60 + tail, 1] = 1
    table = pd.DataFrame(
        {
            "image": [f"{row}.png" for row in range(100)],
            "study": [f"s{row // 2}" for row in range(100)],
            "view": ["PA", "LATERAL"] * 50,
            "split": ["train"] * 80 + ["val"] * 20,
        }
    )
    boxes = box_table([(f"{row}.png", "Hernia", 5, 5, 15, 15) for row in range(60, 60 + tail)])
    return from_states(table, ["Mass", "Hernia"], states, folder, boxes)
