"""Published data sets of the same patients: where several of a family are merged, a patient must stay one.

Each release writes the ids in its own way (13 in NIH ChestX-ray14, 00000013 in NIH-CXR-LT), so that zeros in front and
MIMIC's letters `p` and `s` say nothing.
"""

import re
from collections.abc import Collection

FAMILIES = (
    ("nih", "nih-cxr-lt"),
    ("mimic-cxr", "mimic-cxr-lt", "cxr-lt-2023", "cxr-lt-2024"),
    ("padchest", "cxr-lt-2026"),
)
_NUMBER = re.compile(r"[ps]?0*(\d+)")


def relatives(sources: Collection[str]) -> dict[str, str]:
    """The name of the family, for each of `sources` that meets another of its family."""
    met = {family[0]: [name for name in family if name in sources] for family in FAMILIES}
    return {name: family for family, names in met.items() if len(names) > 1 for name in names}


def plain_id(text: str) -> str:
    """A number as all releases of a family would write it; other ids as they are."""
    found = _NUMBER.fullmatch(text)
    return found[1] if found else text
