"""Table 1: which share of the images has each label, in all and in each split."""

import numpy as np
import numpy.typing as npt

from longtail.data.manifest import Manifest
from longtail.report.tables.paper_table import PaperTable

_ORDER = ("train", "val", "test")


def label_ratios_table(manifest: Manifest) -> PaperTable:
    """Positives among the images whose state is known, most frequent label first, with the training count."""
    states = manifest.one_hot
    parts = {"All": np.arange(len(manifest))}
    if manifest.has("split"):
        there = {name for name in manifest.column("split") if name}
        names = [*(name for name in _ORDER if name in there), *sorted(there.difference(_ORDER))]
        parts |= {name.capitalize(): manifest.rows_of(name) for name in names}
    shares = {name: _share(states[rows]) for name, rows in parts.items()}
    counted = "Train" if "Train" in parts else "All"
    counts = manifest.counts(parts[counted])
    order = sorted(range(len(manifest.labels)), key=lambda i: (-np.nan_to_num(shares["All"][i]), i))
    rows = [(manifest.labels[i], *(float(share[i]) for share in shares.values()), int(counts[i])) for i in order]
    sizes = ", ".join(f"{name.lower()} {len(rows):,}" for name, rows in parts.items())
    columns = ("Label", *shares, f"Images ({counted.lower()})")
    return PaperTable("Table 1: label ratios", columns, tuple(rows), f"Images: {sizes}. Unknown states are left out.")


def _share(states: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    known = (~np.isnan(states)).sum(axis=0)
    found = np.full(states.shape[1], np.nan)
    np.divide((states == 1).sum(axis=0), known, out=found, where=known > 0)
    return found
