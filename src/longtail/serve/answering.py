"""From the members' probabilities to ranked findings: merge, views, study, calibration, thresholds, notes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from longtail.errors import UserError
from longtail.export.bundle import Bundle, Values
from longtail.export.evidence import label_evidence
from longtail.predict.ensembles import ENSEMBLES
from longtail.predict.parts import bound
from longtail.predict.predictions import Predictions
from longtail.predict.thresholds import USUAL
from longtail.serve.schema import Evidence, Finding, LabelFacts, ModelIdentity, StudyAnswer

FEW = 20  # training images; fewer are told with the finding
_UNTRAINED = "no training image had it"


def require_servable(bundle: Bundle) -> None:
    """A merge by ranks means nothing for one image."""
    merge = bundle.plan.merge
    if len(bundle.members) > 1 and bound(ENSEMBLES, merge).name == "rank_mean":
        raise UserError(
            "the ensemble 'rank_mean' orders rows predicted together and gives one image no probability; fit the recipe"
            " with another merge, such as mean, to serve it."
        )


def image_findings(bundle: Bundle, values: Mapping[str, Values]) -> list[list[Finding]]:
    """Each image by itself."""
    names = [str(i + 1) for i in range(len(next(iter(values.values()))))]
    done = bundle.combined(pd.DataFrame({"image": names}), values, replace(bundle.plan, views=None, study=None))
    return [_findings(bundle, row) for row in _final(bundle, done)]


def study_answer(bundle: Bundle, values: Mapping[str, Values], views: Sequence[str]) -> StudyAnswer:
    """All images as one study, by the recipe's rules; the mean where it has none."""
    names = [str(i + 1) for i in range(len(views))]
    ids = pd.DataFrame({"image": names, "study": ["study"] * len(names), "view": list(views)})
    viewed = bundle.plan.views if any(views) else None
    plan = replace(bundle.plan, views=viewed, study=bundle.plan.study or "mean", keep_images=False)
    done = bundle.combined(ids, values, plan)
    rule = ", then ".join(_said(part) for part in (plan.views, plan.study) if part is not None)
    return StudyAnswer(rule=rule, findings=_findings(bundle, _final(bundle, done)[0]))


def study_rule(bundle: Bundle) -> str:
    """What makes a study of images, in words."""
    parts = [_said(part) for part in (bundle.plan.views, bundle.plan.study) if part is not None]
    return ", then ".join(parts) or "mean (the recipe has no rule)"


def identity(bundle: Bundle) -> ModelIdentity:
    """Which model this is."""
    facts = bundle.facts
    return ModelIdentity(
        recipe=facts.get("recipe"), run=facts.get("run"), stages=facts.get("stages", {}),
        format=facts.get("export", "run"), longtail=facts.get("longtail", ""),
    )  # fmt: skip


def label_facts(bundle: Bundle) -> list[LabelFacts]:
    """Of every label: threshold, how often it was trained on, how far its probability can be trusted."""
    return [_label_facts(bundle, label) for label in bundle.labels]


def calibration_of(bundle: Bundle) -> str:
    """In words."""
    decisions = bundle.decisions
    if decisions.calibration is None:
        return "none: probabilities are scores"
    return f"{decisions.rule.get('calibration')} on {decisions.made_from.get('rows')} validation rows"


def _label_facts(bundle: Bundle, label: str) -> LabelFacts:
    told = label_evidence(bundle.evidence, label) or {}
    evidence = Evidence.model_validate(told) if told else None
    return LabelFacts(
        label=label, threshold=bundle.decisions.thresholds.get(label, USUAL), group=told.get("group"),
        train_count=told.get("train_count"), note=_note(bundle, label), evidence=evidence,
    )  # fmt: skip


def _note(bundle: Bundle, label: str) -> str:
    decisions, told = bundle.decisions, label_evidence(bundle.evidence, label)
    parts = [_calibration_note(bundle, label)]
    if (told or {}).get("train_count") == 0:
        parts.append(_UNTRAINED)
    left = label in (decisions.made_from.get("left_at_half") or []) or not decisions.thresholds
    if left and bundle.task == "multilabel":
        parts.append("threshold left at .5")
    found = (told or {}).get("auroc") or {}
    if told and found.get("value") is not None and found.get("low") is not None:
        ends = f"{found['value']:.2f} ({found['low']:.2f} to {found['high']:.2f})"
        parts.append(f"AUROC {ends} by {told.get('positives')} positives of {told['split']}")
    else:
        parts.append("nobody knows how good it is here: no positives or no negatives to judge by")
    return "; ".join(parts)


def _calibration_note(bundle: Bundle, label: str) -> str:
    calibration = bundle.decisions.calibration
    if calibration is None:
        return "not calibrated: a score, not a chance"
    if not calibration.get(label):
        return "not calibrated: validation had too few examples"
    return f"calibrated by {calibration_of(bundle)}"


def _short_note(bundle: Bundle, label: str, count: int | None) -> str:
    """What a finding itself says; `/v1/model` says more."""
    parts = [_calibration_note(bundle, label)]
    if count is not None and count < FEW:
        images = "training image" if count == 1 else "training images"
        parts.append(f"only {count} {images} had it" if count else _UNTRAINED)
    return "; ".join(parts)


def _final(bundle: Bundle, predictions: Predictions) -> Values:
    return bundle.decisions.calibrated(predictions).values


def _findings(bundle: Bundle, row: Values) -> list[Finding]:
    """Ranked by how far above its threshold (in its own scale: 0, threshold, 1) each is; never trained ones last."""
    told = [label_evidence(bundle.evidence, label) or {} for label in bundle.labels]
    trained = [each.get("train_count") != 0 for each in told]
    top = int(np.where(trained, row, -1).argmax())
    one = bundle.task == "singlelabel"
    found = []
    for i, (label, value) in enumerate(zip(bundle.labels, row.tolist(), strict=True)):
        threshold = float(bundle.decisions.thresholds.get(label, USUAL))
        finding = Finding(
            label=label, probability=min(max(value, 0.0), 1.0), threshold=threshold, group=told[i].get("group"),
            present=trained[i] and (i == top if one else value >= threshold), trained=trained[i],
            note=_short_note(bundle, label, told[i].get("train_count")),
        )  # fmt: skip
        found.append(finding)
    order: Callable[[Finding], float] = (lambda each: -each.probability) if one else _rank
    return sorted(found, key=lambda each: (not each.trained, order(each)))


def _rank(finding: Finding) -> float:
    p, t = finding.probability, min(max(finding.threshold, 1e-6), 1 - 1e-6)
    return -(1 + (p - t) / (1 - t)) if p >= t else -p / t


def _said(part: object) -> str:
    if isinstance(part, Mapping):
        (name, settings), *_ = part.items()
        inside = ", ".join(f"{key} {value}" for key, value in (settings or {}).items())
        return f"{name} ({inside})" if inside else str(name)
    return str(part)
