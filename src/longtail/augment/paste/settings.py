"""What can be said about pasting; the defaults are the paper's where it says, and name it where it doesn't.

"Chest X-Ray Feature Pyramid Sum Model with Diseased Area Data Augmentation Method" (CXR-LT 2023; no public code):
opacity .6 in the second way (which side isn't said: the patch here), hard edges and untouched grey levels.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args, get_type_hints

from longtail.errors import UserError, unknown_name

Opaque = Literal["patch", "background"]
Companions = Literal["keep", "correlated", "none"]
Intensity = Literal["none", "shift", "moments"]
Sides = Literal["own", "mirror", "free"]
Frame = Literal["image", "content"]
Doubtful = Literal["unknown", "absent"]
Choose = Literal["evenly", "rarest"]

_RANGES: dict[str, tuple[float, float]] = {
    "on_normal": (0, 10_000_000),
    "on_tail": (0, 10_000_000),
    "tail_below": (1, 1_000_000_000),
    "most": (1, 16),
    "opacity": (0, 1),
    "soft_edge": (0, 0.5),
    "jitter": (0, 0.5),
    "min_side": (1, 1024),
    "carried": (0, 1),
    "seed": (0, 2**63 - 1),
}


@dataclass(frozen=True, kw_only=True)
class PasteSettings:
    """How many images of either way, of which findings, and how a patch becomes part of its background."""

    on_normal: int = 1000  # images of the first way: tail patches and companions on a normal image
    on_tail: int = 1000  # of the second: a companion's patch blended into an image that has a tail finding
    tail: tuple[str, ...] = ()  # the findings to add images of; none: the tail group
    tail_below: int | None = None  # or: the findings of fewer images than this
    choose: Choose = "evenly"  # which of them an image is for; `rarest`: by 1 / count
    normal: str | None = None  # the label of normal images; None: `No Finding` and the like, else no finding at all
    companions: Companions = "keep"  # keep the correlation matrix, draw `correlated` findings, or none
    most: int = 3  # patches of an image, at the most
    opaque: Opaque = "patch"  # which side of a blend has `opacity`
    opacity: float = 0.6
    soft_edge: float = 0.0  # how far a patch fades in, as a share of its shorter side
    intensity: Intensity = "none"  # match the surroundings' level (`shift`), or level and spread (`moments`)
    match_size: Frame = "image"  # relative to the whole image, or to what is not its black border
    sides: Sides = "own"  # `mirror`: also on the other side where the finding occurs on both; `free`: jitter may cross
    jitter: float = 0.0  # how far a patch may be moved, as a share of the frame
    min_side: int = 4  # pixels; smaller boxes are left out
    carried: float = 0.5  # a finding is carried along with a patch that holds this share of its box
    doubtful: Doubtful = "unknown"  # what a finding is that the patch's image has somewhere or may have
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "tail", tuple(self.tail))
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise UserError(f"'{name}' of pasting is {value:g}; valid is {low:g} to {high:g}.")
        for name, hint in get_type_hints(PasteSettings).items():
            if (choices := get_args(hint)) and isinstance(choices[0], str) and getattr(self, name) not in choices:
                raise unknown_name(name, str(getattr(self, name)), choices, "pasting")
        if self.on_normal + self.on_tail == 0:
            raise UserError("pasting is to make 0 images; give on_normal, on_tail or both.")

    @property
    def patch_weight(self) -> float:
        """How much of a blended pixel is the patch's."""
        return self.opacity if self.opaque == "patch" else 1 - self.opacity

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def settings_from(said: dict[str, Any]) -> PasteSettings:
    """Settings from a recipe's mapping; a name that is none of them is an error."""
    known = {field.name for field in fields(PasteSettings)}
    for name in said:
        if name not in known:
            raise unknown_name("setting", name, known, "pasting")
    return PasteSettings(**said)
