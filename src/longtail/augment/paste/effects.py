"""What pasted images do to the labels: counts and correlation before and after (Figures 4 and 3 of the paper)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.augment.paste.planning import Paste
from longtail.augment.paste.pool import Pool
from longtail.data.audit.label_relations import label_relations
from longtail.data.audit.plain import plain


@dataclass(frozen=True, eq=False)
class LabelEffects:
    """Of the rows used and of those with the pasted ones: counts `(C,)`, unknown cells, correlation `(C, C)`."""

    labels: tuple[str, ...]
    tail: tuple[str, ...]
    rows: tuple[int, int]
    counts: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
    unknown: tuple[float, float]  # share of cells
    correlation: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
    ways: dict[str, int]
    patches: dict[str, int]  # pasted, by label

    @property
    def change(self) -> npt.NDArray[np.float64]:
        """Correlation after less before for each pair of labels once, `(C * (C - 1) / 2,)`; nan where undefined."""
        before, after = self.correlation
        return np.asarray((after - before)[np.triu_indices(len(before), 1)], dtype=np.float64)

    @property
    def largest(self) -> tuple[str, str, float] | None:
        """The pair of labels whose correlation changed most, and by how much."""
        change = np.abs(self.change)
        if not np.isfinite(change).any():
            return None
        pair = int(np.nanargmax(change))
        first, second = (int(side[pair]) for side in np.triu_indices(len(self.labels), 1))
        return self.labels[first], self.labels[second], float(self.change[pair])

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        change = np.abs(self.change)
        moved = float(np.nanmean(change)) if np.isfinite(change).any() else None
        before, after = self.correlation
        found: dict[str, Any] = plain(
            {
                "labels": self.labels,
                "tail": self.tail,
                "rows": {"before": self.rows[0], "after": self.rows[1]},
                "counts": {"before": self.counts[0], "after": self.counts[1]},
                "unknown_share": {"before": self.unknown[0], "after": self.unknown[1]},
                "images_by_way": self.ways,
                "patches_by_label": self.patches,
                "correlation_change": {"mean": moved, "largest": self.largest},
                "correlation": {"before": before.round(4), "after": after.round(4)},
            }
        )
        return found


def label_effects(pool: Pool, pastes: Sequence[Paste]) -> LabelEffects:
    """Compare the rows used with these and the pasted ones."""
    labels, old = pool.manifest.labels, pool.states[pool.rows]
    new = np.concatenate([old, np.stack([paste.states for paste in pastes])])
    pasted = Counter(labels[int(pool.bank.labels[one.patch])] for paste in pastes for one in paste.placed)
    both = (old, new)
    return LabelEffects(
        labels=labels,
        tail=tuple(labels[label] for label in pool.tail),
        rows=(len(old), len(new)),
        counts=((old == 1).sum(axis=0), (new == 1).sum(axis=0)),
        unknown=(float(np.isnan(old).mean()), float(np.isnan(new).mean())),
        correlation=(label_relations(both[0]).correlation, label_relations(both[1]).correlation),
        ways=dict(Counter(paste.way for paste in pastes)),
        patches={label: pasted[label] for label in labels if label in pasted},
    )
