"""All that predicts: the members' networks, how their images are made, and what becomes of their probabilities.

The same object whether the networks are a run's (`bundling.py`) or an export's (`stored.py`). No torch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.images.decode import read_pixels, with_channels
from longtail.data.images.grey_levels import Grey, window_of
from longtail.data.images.resize import Rule, resize
from longtail.data.manifest import Manifest
from longtail.predict.combining import Plan, combine
from longtail.predict.decisions import Decisions
from longtail.predict.predictions import Predictions

Pixels = npt.NDArray[np.uint8]
Values = npt.NDArray[np.float32]
Heat = Callable[[Pixels, str], Values]
NO_DECISIONS = Decisions({}, None, {}, {})


@dataclass(frozen=True, eq=False)
class Member:
    """One network of the ensemble: `predict` takes pixels `(B, H, W, Ch)` uint8 and gives probabilities `(B, C)`.

    Test-time views (`tta`) are part of the network. `heat`, where there is one, takes one image `(H, W, Ch)` and a
    label, and gives a map `(h, w)` in 0..1.
    """

    name: str
    labels: tuple[str, ...]
    task: Literal["multilabel", "singlelabel"]
    image_size: int
    channels: Literal[1, 3]
    resize: Rule
    window: str
    identity: str
    tta: tuple[Any, ...]
    tta_merge: str
    predict: Callable[[Pixels], Values]
    heat: Heat | None = None
    sources: tuple[str, ...] = ()  # data sets that its head was trained to tell apart, and is not told here

    def pixels(self, data: bytes, path: Path) -> Grey:
        """The image file `data`, called `path` in messages, as this network's input `(H, W, Ch)`."""
        window = window_of(self.window)
        found = read_pixels(data, path, channels=self.channels, at_least=self.image_size, window=window)
        return with_channels(resize(found.pixels, self.image_size, self.resize, original=found.original), self.channels)

    @property
    def images(self) -> tuple[Any, ...]:
        """What determines its input: members that agree share their pixels."""
        return self.image_size, self.channels, self.resize, self.window


@dataclass(frozen=True, eq=False)
class Bundle:
    """The members and what follows them.

    `chosen` is what was chosen on validation for the merge and the view rule (see `combine`); `decisions` has the
    thresholds and the calibration. `facts` says where it comes from; `evidence` how good it was found to be; `notes`
    what must be known to read both.
    """

    members: tuple[Member, ...]
    plan: Plan
    decisions: Decisions = NO_DECISIONS
    chosen: Mapping[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    evidence: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """Of the predictions, in the first member's order."""
        return self.members[0].labels

    @property
    def task(self) -> Literal["multilabel", "singlelabel"]:
        """Of the predictions."""
        return self.members[0].task

    def combined(
        self,
        ids: pd.DataFrame,
        values: Mapping[str, Values],
        plan: Plan | None = None,
        manifest: Manifest | None = None,
    ) -> Predictions:
        """The members' probabilities `(N, C)` of the same images as the final predictions."""
        members = {
            member.name: Predictions(ids, member.labels, values[member.name], "image", {"task": member.task})
            for member in self.members
        }
        done, made = combine(members, plan or self.plan, manifest=manifest, decisions=self.chosen)
        return done.with_values(done.values, tta=list(self.members[0].tta), made_by=self.facts, decisions=made)

    def asked(self, *, views: Any = None, study: Any = None, keep_images: bool | None = None) -> Plan:
        """The plan with other rules where some are asked for; "none" switches one off."""
        asked = {"views": views, "study": study}
        given: dict[str, Any] = {
            name: None if value == "none" else value for name, value in asked.items() if value is not None
        }
        if keep_images is not None:
            given["keep_images"] = keep_images
        return replace(self.plan, **given)
