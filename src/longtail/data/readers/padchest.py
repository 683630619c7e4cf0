"""PadChest (Bustos et al. 2020): 160,868 images of 67,000 patients, 174 findings and 19 diagnoses, a very long tail.

`PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv[.gz]` names the labels of an image as a Python list in one cell,
`['normal']`, with stray blanks and repeats inside; it is parsed as a literal and never run. The label set is what the
data hold, in alphabetical order; `min_count` drops those with fewer images. A cell that is empty or `nan` means that
nobody labelled the image: all unknown. Images lie in numbered folders (`ImageDir`). The view is `Projection`, the
curated one (PA, L, AP, AP_horizontal, COSTAL, EXCLUDE); `method` says whether physicians or a network labelled the
report.
"""

import ast
from pathlib import Path

import numpy as np
import pandas as pd

from longtail.data.manifest import Manifest, from_states
from longtail.data.readers import READERS
from longtail.data.readers.placing import image_root, placed
from longtail.data.readers.published import anywhere, find_file, read_published, states_of_lists
from longtail.data.states import is_empty
from longtail.data.tables import row_place
from longtail.errors import UserError

PUBLICATION = "Bustos et al. 2020, PadChest"
_COLUMNS = {"patient": "PatientID", "study": "StudyID", "view": "Projection"}
_EXTRAS = {"sex": "PatientSex_DICOM", "birth_year": "PatientBirth", "method": "MethodLabel"}


@READERS.register(
    "padchest", publication=PUBLICATION, files="PADCHEST_chest_x_ray_images_labels_160K_*.csv[.gz], 0/ ... 54/"
)
def read_padchest(root: Path, _out: Path, *, min_count: int = 1, images: Path | None = None) -> Manifest:
    """PadChest: every label found in the data (min_count=N drops rarer ones), all views; no official splits."""
    path = find_file(root, anywhere("PADCHEST_*labels*.csv", "PADCHEST*.csv"), PUBLICATION)
    published = read_published(path, ["ImageID", "ImageDir", *_COLUMNS.values(), "Labels"], PUBLICATION)
    lists = _lists(published["Labels"], path)
    labels = _vocabulary(lists, min_count, path)
    states = states_of_lists([names or () for names in lists], labels)
    states[[names is None for names in lists]] = np.nan
    start = image_root(root, images)
    names = (published["ImageDir"] + "/" + published["ImageID"]).tolist()
    table = pd.DataFrame({"image": placed(names, start)})
    for name, column in (_COLUMNS | _EXTRAS).items():
        table[name] = published.get(column, "")
    table.insert(4, "source", "padchest")
    return from_states(table, labels, states, start)


def _lists(cells: "pd.Series[str]", path: Path) -> list[frozenset[str] | None]:
    """The labels of each row, None where nobody labelled it; equal cells are parsed once."""
    codes, words = pd.factorize(cells)
    parsed: list[frozenset[str] | None] = []
    for code, word in enumerate(words):
        try:
            parsed.append(label_names(word))
        except ValueError as error:
            raise UserError(
                f"{row_place(path, int((codes == code).argmax()))}, column 'Labels' of '{path}' holds '{word[:60]}';"
                f" the form of {PUBLICATION} was expected: a list such as ['normal']."
            ) from error
    return [parsed[code] for code in codes]


def label_names(cell: str) -> frozenset[str] | None:
    """The names in a cell such as `['normal', ' nodule ']`; None where it is empty, ValueError where it is no list."""
    if is_empty(cell):
        return None
    try:
        value = ast.literal_eval(cell.strip())
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ValueError(cell) from error
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError(cell)
    return frozenset(name.strip() for name in value if name.strip())


def _vocabulary(lists: list[frozenset[str] | None], min_count: int, path: Path) -> list[str]:
    counts = pd.Series([name for names in lists for name in names or ()], dtype="str").value_counts()
    labels = sorted(counts.index[counts >= min_count])
    if not labels:
        raise UserError(
            f"no label of '{path}' has min_count={min_count} images; the most frequent one has {counts.max():,}."
        )
    return labels
