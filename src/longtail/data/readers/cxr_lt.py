"""What the CXR-LT challenges on MIMIC-CXR share: one file per split, six columns before the labels, MIMIC's paths."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from longtail.data.manifest import Manifest, from_states
from longtail.data.readers.parts import Part, read_parts, rows_of, states_of_parts
from longtail.data.readers.placing import image_root, placed

COLUMNS = {
    "image": "fpath",
    "patient": "subject_id",
    "study": "study_id",
    "view": "ViewPosition",
    "dicom_id": "dicom_id",
    "view_code": "ViewCodeSequence_CodeMeaning",
}
NEEDED = ("fpath", "subject_id", "study_id", "dicom_id", "ViewPosition")
ALIASES = {"path": "fpath"}  # 2023 says path, 2024 fpath


def release_folder(root: Path, name: str) -> Path:
    """PhysioNet's release holds both years side by side: the folder of this one where it is, else `root`."""
    found = [path for depth in ("", "*/", "*/*/") for path in sorted(root.glob(f"{depth}{name}")) if path.is_dir()]
    return found[0] if found else root


def read_challenge(
    source: str,
    folder: Path,
    files: Mapping[str, Sequence[str]],
    labels: Sequence[str],
    publication: str,
    images: Path,
) -> Manifest:
    """The manifest of one challenge from its file of each split, with images under `images`."""
    parts = read_parts(folder, files, NEEDED, publication, aliases=ALIASES)
    return manifest_of(source, parts, labels, publication, images)


def manifest_of(source: str, parts: Sequence[Part], labels: Sequence[str], publication: str, images: Path) -> Manifest:
    """The manifest of parts that were read with `COLUMNS`."""
    table = rows_of(parts, COLUMNS).assign(source=source)
    start = image_root(images, images)
    table["image"] = placed(table["image"], start)
    return from_states(table, labels, states_of_parts(parts, labels, publication), start)
