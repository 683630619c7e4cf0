"""How good a run was found to be, as an export carries it: means and labels with intervals, by split."""

from collections.abc import Mapping
from typing import Any

_METRICS = ("ap", "auroc")
_ENDS = ("value", "low", "high")


def evidence_of(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """What `metrics.json` says of each split, without parts, confusions and the rest."""
    return {split: _of_split(told) for split, told in metrics.items() if isinstance(told, dict) and "means" in told}


def label_evidence(evidence: Mapping[str, Any], label: str) -> dict[str, Any] | None:
    """One label's numbers on the rows least seen before (test before val), with `split` and `positives`."""
    for split in ("test", "val"):
        found = evidence.get(split, {}).get("labels", {}).get(label)
        if found is not None:
            return {"split": split, **found}
    return None


def _of_split(told: Mapping[str, Any]) -> dict[str, Any]:
    labels = {
        each["name"]: {
            "group": each.get("group"), "train_count": each.get("train_count"), "positives": each.get("positives"),
            **_chosen(each.get("metrics", {})),
        }
        for each in told.get("labels", [])
    }  # fmt: skip
    units = told.get("units") or {}
    return {"rows": told.get("rows"), "units": units, "means": _chosen(told["means"], over=True), "labels": labels}


def _chosen(metrics: Mapping[str, Any], *, over: bool = False) -> dict[str, Any]:
    names = (*_ENDS, "over") if over else _ENDS
    return {name: {part: metrics[name].get(part) for part in names} for name in _METRICS if name in metrics}
