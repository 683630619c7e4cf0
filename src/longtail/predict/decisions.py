"""Decisions: thresholds and calibration chosen on validation rows, kept in `decisions.json` with their origin."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.data.manifest import Manifest
from longtail.errors import UserError, listing
from longtail.evaluate.calibration_error import expected_calibration_error
from longtail.evaluate.decisions import f1, recall, specificity
from longtail.evaluate.defined import macro
from longtail.evaluate.probability_scores import brier, log_loss
from longtail.evaluate.results import as_plain
from longtail.evaluate.setting import at_level
from longtail.files import write_json
from longtail.predict.calibration import Map, calibrate, fit_calibration
from longtail.predict.files import read_predictions
from longtail.predict.matching import align
from longtail.predict.predictions import Predictions
from longtail.predict.thresholds import USUAL, choose_thresholds

_FORMAT = 1


@dataclass(frozen=True)
class Decisions:
    """What was chosen, by label (`calibration` is None where probabilities stay as they are), how and on what.

    `before` and `after` are means over labels on the validation rows themselves, at .5 without calibration and with all
    that was chosen: how much the choice could do, not what to expect of new rows. One class per image is decided by the
    likeliest class: there are no thresholds then, and nothing that hangs on them.
    """

    thresholds: dict[str, float]
    calibration: dict[str, Map] | None
    rule: dict[str, Any]
    made_from: dict[str, Any]
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)

    def calibrated(self, predictions: Predictions) -> Predictions:
        """The predictions with calibrated probabilities; done twice is an error."""
        if self.calibration is None:
            return predictions
        if predictions.facts.get("calibrated"):
            raise UserError(f"{predictions.where} are calibrated already; use the predictions from before that.")
        if missing := [name for name in predictions.labels if name not in self.calibration]:
            raise UserError(
                f"the decisions know no label {listing(missing)} of {predictions.where}; they were made for"
                f" {listing(list(self.calibration))}."
            )
        maps = [self.calibration[name] for name in predictions.labels]
        one_class = self.made_from.get("task") == "singlelabel"
        return predictions.with_values(calibrate(predictions.values, maps, one_class=one_class), calibrated=True)

    def decided(self, predictions: Predictions) -> npt.NDArray[np.bool_]:
        """Which labels each row has, `(N, C)`: calibrated where that was chosen, then at each label's threshold."""
        chosen = np.array([self.thresholds.get(name, USUAL) for name in predictions.labels])
        found: npt.NDArray[np.bool_] = self.calibrated(predictions).values >= chosen
        return found


def decide(
    predictions: Predictions | str | Path,
    manifest: Manifest | str | Path,
    *,
    rule: str = "f1",
    at: float = 0.9,
    miss_cost: float = 1.0,
    calibration: str | None = None,
    split: str | None = None,
    level: str | None = None,
    partial: bool = False,
) -> Decisions:
    """Choose thresholds (and calibration before that) on validation rows; the split `test` is refused.

    One class per image gets no thresholds. `level="study"` averages image predictions over each study.
    """
    manifest = manifest if isinstance(manifest, Manifest) else Manifest.load(manifest, check_files=False)
    if not isinstance(predictions, Predictions):
        predictions = read_predictions(predictions, manifest.labels)
    predictions = at_level(predictions, manifest, level)
    split = split or ("val" if manifest.has("split") and "val" in manifest.column("split") else None)
    targets, values, rows = align(predictions, manifest, split=split, partial=partial)
    _refuse_test(manifest, rows)
    states = manifest.one_hot[:0] if not len(rows) else _states(targets, values.shape[1])
    maps = None if calibration is None else fit_calibration(targets, values, calibration)  # type: ignore[arg-type]
    one_class = manifest.task == "singlelabel"
    better = values if maps is None else calibrate(values, maps, one_class=one_class)
    chosen = choose_thresholds(states, better, rule, at=at, miss_cost=miss_cost)  # type: ignore[arg-type]
    names = manifest.labels
    return Decisions(
        thresholds={} if one_class else dict(zip(names, chosen.thresholds.tolist(), strict=True)),
        calibration=None if maps is None else dict(zip(names, maps, strict=True)),
        rule={**({} if one_class else _rule(rule, at, miss_cost)), "calibration": calibration},
        made_from={
            "predictions": str(predictions.path) if predictions.path else None,
            "made_by": predictions.facts.get("made_by"),
            "task": manifest.task,
            "split": split,
            "rows": len(rows),
            "level": predictions.level,
            "digest": _digest(predictions),
            "left_at_half": [
                name for name, known in zip(names, chosen.defined.tolist(), strict=True) if not known and not one_class
            ],
        },
        before=_numbers(states, values, None if one_class else np.full(len(names), USUAL)),
        after=_numbers(states, better, None if one_class else chosen.thresholds),
    )


def write_decisions(decisions: Decisions, path: str | Path) -> Path:
    """Write `decisions.json` whole; returns the path."""
    write_json(Path(path), {"format": _FORMAT, **as_plain(decisions)})
    return Path(path)


def read_decisions(path: str | Path) -> Decisions:
    """Read a `decisions.json`; thresholds may have been edited by hand."""
    path = Path(path)
    if not path.is_file():
        raise UserError(f"there is no file '{path}'; make it with longtail decide.")
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        thresholds = {str(name): float(value) for name, value in said["thresholds"].items()}
        calibration, parts = said.get("calibration"), ("rule", "made_from", "before", "after")
        found = Decisions(thresholds, calibration, *(said.get(part) or {} for part in parts))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"'{path}' is not a decisions file ({error}); make it with longtail decide.") from error
    _require_thresholds(thresholds, path)
    _require_maps(calibration, path)
    return found


def _require_thresholds(thresholds: dict[str, float], path: Path) -> None:
    """Numbers that a probability can reach: those of `decide` lie next to one at most."""
    for name, value in thresholds.items():
        if not 0 <= value <= 1 + 1e-6:
            raise UserError(f"'{path}' has the threshold {value:g} for '{name}'; write a number from 0 to 1.")


def _require_maps(calibration: Any, path: Path) -> None:
    """None, or for each label its numbers by name."""
    maps = calibration.values() if isinstance(calibration, dict) else ()
    if (calibration is not None and not isinstance(calibration, dict)) or not all(isinstance(m, dict) for m in maps):
        raise UserError(
            f"'{path}' has a calibration that is no map of numbers by label; write null, or make it with longtail"
            " decide --calibration."
        )


def _refuse_test(manifest: Manifest, rows: npt.NDArray[np.int64]) -> None:
    if manifest.has("split") and (count := int((manifest.column("split")[rows] == "test").sum())):
        raise UserError(
            f"{count:,} of the rows are of the split 'test'; thresholds and calibration are chosen on validation rows:"
            " give predictions of these."
        )


def _states(targets: npt.NDArray[Any], labels: int) -> npt.NDArray[Any]:
    if targets.ndim == 2:
        return targets
    same: npt.NDArray[np.bool_] = np.equal(targets[:, None], np.arange(labels))
    return np.where(targets[:, None] < 0, np.nan, same)


def _rule(rule: str, at: float, miss_cost: float) -> dict[str, Any]:
    more = {"at": at} if rule in ("sensitivity", "specificity") else {"miss_cost": miss_cost} if rule == "cost" else {}
    return {"thresholds": rule, **more}


def _numbers(states: npt.NDArray[Any], values: npt.NDArray[Any], thresholds: npt.NDArray[Any] | None) -> dict[str, Any]:
    """Means over labels; those of decisions where there are thresholds to decide by."""
    rates = {"f1": f1, "recall": recall, "specificity": specificity}
    decided = {} if thresholds is None else {name: rate(states, values, thresholds) for name, rate in rates.items()}
    found = decided | {
        "brier": brier(states, values),
        "log_loss": log_loss(states, values),
        "ece": expected_calibration_error(states, values),
    }
    return {name: {"value": macro(numbers).value, "over": macro(numbers).over} for name, numbers in found.items()}


def _digest(predictions: Predictions) -> str:
    digest = hashlib.blake2b(predictions.values.tobytes(), digest_size=16)
    digest.update("\0".join(predictions.keys.tolist()).encode())
    return digest.hexdigest()
