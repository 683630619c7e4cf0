"""From each stage's (or file's) predictions to the final ones: merge, then the view rule, then studies. No torch.

What must be chosen on validation (weights, the labels of a view rule) comes from the decisions of an earlier run of
this, or is chosen now on the judges' validation predictions; either way it is in the decisions that come back.
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from longtail.data.manifest import Manifest
from longtail.errors import UserError, listing
from longtail.predict.ensembles import ENSEMBLES
from longtail.predict.ensembles.ensembling import ensemble, weighted_by
from longtail.predict.ensembles.members import judge_of
from longtail.predict.identity import ids_needed
from longtail.predict.parts import BoundPart, bound
from longtail.predict.predictions import Predictions
from longtail.predict.studies.aggregation import to_studies
from longtail.predict.view_rules import VIEW_RULES
from longtail.predict.view_rules.view_choice import ViewChoice, ViewJudge


@dataclass(frozen=True)
class Plan:
    """What becomes of the members' predictions; each part by name, `{name: settings}` or None."""

    merge: Any = "mean"
    views: Any = None
    study: Any = None
    keep_images: bool = False  # with a study rule: a row for each image all the same


@dataclass(frozen=True, eq=False)
class Judges:
    """Validation predictions of images by member or stage name, and the manifest that has their labels."""

    predictions: Mapping[str, Predictions]
    manifest: Manifest | None

    def of(self, name: str, why: str) -> Predictions:
        """One judge's predictions; the error says what needs them."""
        if name not in self.predictions:
            raise UserError(
                f"{why} needs the validation predictions of '{name}'; there are those of"
                f" {listing(list(self.predictions)) or 'none'}."
            )
        return self.predictions[name]

    def only(self, rule: str) -> str:
        """The one judge there is, for a view rule that names none."""
        names = list(self.predictions)
        if len(names) > 1:
            raise UserError(
                f"the view rule '{rule}' does not say who judges, and there are {listing(names)}; write"
                f" {rule},judged_by={names[0]}."
            )
        if not names:
            raise UserError(f"the view rule '{rule}' needs the validation predictions of a stage, and there are none.")
        return names[0]

    def truth(self, why: str) -> Manifest:
        """The manifest; the error says what needs it."""
        if self.manifest is None:
            raise UserError(f"{why} is chosen on validation labels; give the manifest that has them.")
        return self.manifest


class Combined(NamedTuple):
    """The final predictions, and what was chosen on validation: for `decisions.json`."""

    predictions: Predictions
    decisions: dict[str, Any]


NO_JUDGES = Judges({}, None)


def combine(
    members: Mapping[str, Predictions],
    plan: Plan,
    *,
    manifest: Manifest | None = None,
    judges: Judges = NO_JUDGES,
    decisions: Mapping[str, Any] | None = None,
) -> Combined:
    """Merge `members`, apply the view rule, aggregate to studies, each where the plan names one.

    `manifest` gives studies and views where the predictions lack them. `decisions` made before are followed as long as
    they are of the same members and parts.
    """
    made: dict[str, Any] = {}
    done = _merged(members, plan.merge, judges, (decisions or {}).get("ensemble"))
    if "weights" in done.facts.get("ensemble", {}):
        made["ensemble"] = done.facts["ensemble"]
    if plan.views is not None:
        done, choice = _viewed(done, bound(VIEW_RULES, plan.views), manifest, judges, (decisions or {}).get("views"))
        made["views"] = choice.as_json()
    if plan.study is not None:
        done = to_studies(done, plan.study, manifest=manifest, keep_images=plan.keep_images)
    return Combined(done, made)


def _merged(members: Mapping[str, Predictions], merge: Any, judges: Judges, decided: Any) -> Predictions:
    names, files = list(members), list(members.values())
    if len(files) == 1 and merge != "join":
        return files[0]
    if merge == "join":
        return ensemble(files, merge, names=names)
    part = bound(ENSEMBLES, merge)
    if not is_fitted(part):
        return ensemble(files, part, names=names)
    if decided and decided.get("members") == names and decided.get("merge") == part.said:
        return weighted_by(files, decided, names=names)
    why = f"the ensemble '{part.name}'"
    judge = judge_of([judges.of(name, why) for name in names], judges.truth(why), files[0].labels)
    return ensemble(files, part, judge=judge, names=names)


def is_fitted(merge: Any) -> bool:
    """Whether a merge cannot do without validation predictions of its members."""
    if merge == "join":
        return False
    judge = inspect.signature(bound(ENSEMBLES, merge).function).parameters.get("judge")
    return judge is not None and judge.default is inspect.Parameter.empty


def _viewed(
    predictions: Predictions, rule: BoundPart, manifest: Manifest | None, judges: Judges, decided: Any
) -> tuple[Predictions, ViewChoice]:
    why = f"the view rule '{rule.name}'"
    predictions = ids_needed(predictions, ("study", "view"), manifest, why)
    judged_by = rule.settings.get("judged_by")
    if decided and decided.get("judged_by") == judged_by:
        judge: ViewJudge | ViewChoice = ViewChoice.from_json(decided)
    else:
        judge = ViewJudge(judges.of(judged_by or judges.only(rule.name), why), judges.truth(why))
    found, choice = rule(predictions, judge)
    return found, choice
