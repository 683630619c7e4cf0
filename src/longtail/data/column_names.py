"""The names that columns commonly have, and what they say of a column when nobody says it.

Names count without case, spaces, `_` and `-`: `PatientID` (DICOM's keyword), `Patient ID` and `patient_id` are one.
Exact names of `USUAL_NAMES` win over those.
"""

import re
from collections.abc import Sequence

USUAL_NAMES: dict[str, tuple[str, ...]] = {
    "image": ("image", "path", "image_path", "filepath", "filename", "file"),
    "label": ("label",),
    "patient": ("patient", "patient_id", "subject_id"),
    "study": ("study", "study_id"),
    "view": ("view", "view_position", "ViewPosition"),
    "source": ("source",),
    "split": ("split",),
}
# Plain forms beside those of the usual names, before (the first of the pair) and after them. DICOM's StudyID is "1" in
# half the world's files, its StudyInstanceUID in one study only.
_BESIDE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "image": ((), ("imageindex", "imagename", "imagefile", "imagefilename", "imagefilepath", "img", "imgpath")),
    "patient": ((), ("subject", "participant", "participantid")),
    "study": (("studyinstanceuid", "studyuid"), ("accessionnumber", "accession", "examid", "exam")),
}
# Plain forms of what is known of a person or a file and is no finding: kept as it is, also where it is 0 and 1.
_KEPT = {
    "sex", "gender", "male", "female", "ismale", "isfemale", "age", "ageyears", "birthdate", "race", "ethnicity",
    "ethnicgroup", "height", "weight", "bmi", "size", "smokingstatus", "pregnancystatus", "patientsex", "patientgender",
    "patientage", "patientbirthdate", "patientsize", "patientheight", "patientweight", "patientbmi",
    "fold", "foldid", "index", "id", "row", "rownumber", "followup", "followup#", "year", "month", "day", "date",
    "time", "studydate", "studytime", "seriesdate", "acquisitiondate", "contentdate", "site", "hospital", "center",
    "centre", "institution", "institutionname", "modality", "manufacturer", "laterality", "imagelaterality",
    "bodypartexamined", "seriesnumber", "instancenumber", "seriesinstanceuid", "sopinstanceuid", "rows", "columns",
    "width", "bitsstored", "bitsallocated", "samplesperpixel", "photometricinterpretation", "pixelrepresentation",
    "burnedinannotation", "lossyimagecompression",
}  # fmt: skip
_LESION = ("lesion", "lesionid")


def plain(name: str) -> str:
    """A column's name without case, spaces, `_` and `-`."""
    return re.sub(r"[\s_-]+", "", name).casefold()


def candidates(role: str, columns: Sequence[str]) -> list[str]:
    """The columns whose name says that they are `role`, the best first: exact names, then plain ones."""
    exact = [name for name in USUAL_NAMES[role] if name in columns]
    before, after = _BESIDE.get(role, ((), ()))
    order = list(dict.fromkeys([*before, *map(plain, USUAL_NAMES[role]), *after]))
    alike = [name for name in columns if name not in exact and plain(name) in order]
    return exact + sorted(alike, key=lambda name: order.index(plain(name)))


def says_role(name: str) -> bool:
    """Whether a column's name says that it is an image, a patient ..., and so no label."""
    return any(candidates(role, [name]) for role in USUAL_NAMES)


def is_kept(name: str) -> bool:
    """Whether a column's name says that it is age, sex, a fold, a row number ..., and so no label."""
    return plain(name) in _KEPT or re.fullmatch(r"unnamed:?\d*", plain(name)) is not None


def may_be_label(name: str) -> bool:
    """Whether a column of states is a label when nobody says which are."""
    return bool(name) and not is_kept(name) and not says_role(name)


def lesion_columns(columns: Sequence[str]) -> list[str]:
    """The columns that name lesions: `lesion`, `lesion_id`, then `LesionID` and the like."""
    named = [name for name in columns if plain(name) in _LESION]
    return sorted(named, key=("lesion", "lesion_id", *named).index)
