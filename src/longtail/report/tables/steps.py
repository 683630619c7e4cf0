"""Table 4: AP of each label through the steps: 1st stage, 2nd stage, oversampling, post-processing, ensemble.

A step is written `STAGE`, `STAGE+views`, `ensemble` or `ensemble+views`, and with `+study` for the study rule.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.data.manifest import Manifest
from longtail.errors import UserError, unknown_name
from longtail.evaluate.ap import average_precision
from longtail.evaluate.defined import macro
from longtail.predict.combining import Judges, Plan, combine
from longtail.predict.matching import align
from longtail.predict.parts import bound
from longtail.predict.predictions import Predictions
from longtail.predict.view_rules import VIEW_RULES
from longtail.report.tables.paper_table import PaperTable

_EXTRAS = ("views", "study")


def usual_steps(recipe: Mapping[str, Any]) -> list[str]:
    """The paper's steps for a recipe: the root of the judge's line, what judged its oversampling, itself, + views, all.

    Steps that a recipe has not are left out.
    """
    stages, said = recipe.get("stages") or {}, recipe.get("predict") or {}
    members, lead = members_of(recipe), judge_named(recipe)
    root = lead
    while (parent := str((stages[root] or {}).get("from"))) in stages:
        root = parent
    plain = ((stages[lead] or {}).get("oversample") or {}).get("judged_by")
    views = "+views" if said.get("views") else ""
    steps = [root, plain, lead, f"{lead}{views}", f"ensemble{views}" if len(members) > 1 else None]
    return list(dict.fromkeys(step for step in steps if step))


def members_of(recipe: Mapping[str, Any]) -> list[str]:
    """The stages of the ensemble; none where the recipe names none."""
    members = (recipe.get("predict") or {}).get("ensemble") or []
    return [members] if isinstance(members, str) else list(members)


def judge_named(recipe: Mapping[str, Any]) -> str:
    """The stage that judges views, else the ensemble's first member, else the last stage."""
    stages, rule = recipe.get("stages") or {}, (recipe.get("predict") or {}).get("views")
    named = bound(VIEW_RULES, rule).settings.get("judged_by") if rule else None
    lead = named or next(iter([*members_of(recipe), *reversed(list(stages))]), None)
    if lead not in stages:
        raise unknown_name("stage", str(lead), stages, "the recipe")
    return str(lead)


def steps_table(
    predictions: Mapping[str, Predictions],
    manifest: Manifest,
    steps: Sequence[str],
    *,
    plan: Plan,
    members: Sequence[str] = (),
    judges: Judges | None = None,
    decisions: Mapping[str, Any] | None = None,
) -> PaperTable:
    """AP of every label at each of `steps`, and the mean, from each stage's predictions of the same images.

    `plan` says how the `members` are merged and what views and study mean. `judges` (default: the predictions
    themselves) are what the view rule and fitted merges are chosen on. A study rule gives each image its study's value.
    """
    judges = judges or Judges(predictions, manifest)
    columns = {
        step: _ap(_step(step, predictions, manifest, plan, members, judges, decisions), manifest) for step in steps
    }
    order = np.argsort(-np.nansum(manifest.one_hot, axis=0), kind="stable")  # most frequent first, as in the paper
    rows = [(manifest.labels[i], *(float(ap[i]) for ap in columns.values())) for i in order]
    means = [macro(ap) for ap in columns.values()]
    own = judges.predictions is predictions
    note = f"Means over {', '.join(str(mean.over) for mean in means)} labels." + (
        " What is chosen (views, weights) was chosen on these same images, which flatters it." if own else ""
    )
    rows.append(("Mean", *(mean.value for mean in means)))
    return PaperTable("Table 4: AP through the steps", ("Label", *steps), tuple(rows), note)


def _step(
    step: str,
    predictions: Mapping[str, Predictions],
    manifest: Manifest,
    plan: Plan,
    members: Sequence[str],
    judges: Judges,
    decisions: Mapping[str, Any] | None,
) -> Predictions:
    name, *extras = step.split("+")
    if odd := [extra for extra in extras if extra not in _EXTRAS]:
        raise unknown_name("addition", odd[0], _EXTRAS, f"the step '{step}'")
    names = list(members) if name == "ensemble" else [name]
    if not names:
        raise UserError("the recipe names no ensemble; leave out the step 'ensemble', or name the stages.")
    if lacking := [each for each in names if each not in predictions]:
        raise unknown_name(
            "stage", lacking[0], [*predictions, "ensemble"], f"the step '{step}' (stages with predictions)"
        )
    for extra in extras:
        if getattr(plan, extra) is None:
            raise UserError(f"the step '{step}' needs a rule for {extra}, and the recipe's predict section has none.")
    views, study = (getattr(plan, extra) if extra in extras else None for extra in _EXTRAS)
    asked = Plan(plan.merge, views, study, keep_images=True)
    chosen = {each: predictions[each] for each in names}
    return combine(chosen, asked, manifest=manifest, judges=judges, decisions=decisions).predictions


def _ap(predictions: Predictions, manifest: Manifest) -> npt.NDArray[np.float64]:
    _, values, rows = align(predictions, manifest)
    return average_precision(manifest.one_hot[rows], values)
