"""The model card of an export: what it is, on what it was trained, how good it was found to be, what it is not for.

The sections are those of Mitchell et al., "Model Cards for Model Reporting", FAT* 2019.
"""

from collections.abc import Mapping
from typing import Any

from longtail.export.bundle import Bundle

_USE = (
    "Research on images like those that it was trained on: same kind of patients, machines, views and preparation. It"
    " is no medical device, and nobody has shown that decisions made with it help anybody."
)
_LIMITS = (
    "Labels with few positives have wide"
    " intervals: read them before you read a probability. Labels of text reports carry the errors of the tools that"
    " read the reports. It answers for every image, also for one of another kind than it was trained on."
)


def model_card(bundle: Bundle, format: str, told: Mapping[str, Any], recipe: Mapping[str, Any]) -> str:
    """Markdown, from what the run says of itself."""
    name = bundle.facts.get("recipe") or "model"
    parts = [
        f"# {name}: model card",
        f"An image classifier of {len(bundle.labels)} labels ({bundle.task}), exported by longtail"
        f" {bundle.facts.get('longtail')} as {format}. {recipe.get('about') or ''}".strip(),
        "## Intended use\n\n" + _USE,
        "## Limits\n\n" + "\n\n".join([*bundle.notes, _LIMITS]),
        "## Training\n\n" + _training(bundle, told),
        "## Numbers\n\n" + _numbers(bundle.evidence),
        "## Decisions\n\n" + _decisions(bundle),
        "## Images\n\n" + _images(bundle),
        "## The export\n\n" + _export(told),
    ]
    return "\n\n".join(parts) + "\n"


def _training(bundle: Bundle, told: Mapping[str, Any]) -> str:
    data = told.get("trained_on") or {}
    splits = ", ".join(f"{count:,} {split}" for split, count in (data.get("splits") or {}).items())
    lines = [
        f"- recipe: {bundle.facts.get('recipe')}; run: {bundle.facts.get('run')}",
        f"- manifest: {data.get('rows', '?')} rows ({splits or 'no splits'}), hash `{data.get('hash', '?')}`",
        *(f"- stage `{name}`: identity `{identity}`" for name, identity in bundle.facts.get("stages", {}).items()),
        f"- together: {_said(bundle.plan.merge)} of members; views: {_said(bundle.plan.views)}; studies:"
        f" {_said(bundle.plan.study)}",
    ]
    return "\n".join(lines)


def _numbers(evidence: Mapping[str, Any]) -> str:
    if not evidence:
        return "The run has no metrics: it had no validation or test rows."
    blocks = []
    for split, found in evidence.items():
        means = "; ".join(
            f"m{name.upper()} {_interval(one)} over {one.get('over')} labels" for name, one in found["means"].items()
        )
        rows = [
            "| label | training images | positives | AP | AUROC |\n| --- | ---: | ---: | ---: | ---: |",
            *(
                f"| {_cell(label)} | {one.get('train_count')} | {one.get('positives')} | {_interval(one.get('ap'))} |"
                f" {_interval(one.get('auroc'))} |"
                for label, one in found["labels"].items()
            ),
        ]
        unit = (found.get("units") or {}).get("column") or "image"
        blocks.append(f"**{split}**, {found['rows']} rows; 95 % intervals by {unit}: {means}\n\n" + "\n".join(rows))
    return "\n\n".join(blocks)


def _decisions(bundle: Bundle) -> str:
    decisions = bundle.decisions
    made, rule = decisions.made_from, decisions.rule
    if bundle.task == "singlelabel":
        chosen = f"calibration {rule.get('calibration')} chosen on {made.get('rows')} rows of split {made.get('split')}"
        return f"The likeliest class is taken; {chosen if decisions.calibration else 'not calibrated'}."
    if not decisions.thresholds:
        return "No thresholds were chosen: .5 is used."
    half = made.get("left_at_half") or []
    text = (
        f"Thresholds by {rule.get('thresholds')} and calibration {rule.get('calibration') or 'none'}, chosen on"
        f" {made.get('rows')} rows of split {made.get('split')}."
    )
    return text + (f" Left at .5 for lack of positives or negatives: {', '.join(half)}." if half else "")


def _images(bundle: Bundle) -> str:
    return "\n".join(
        f"- `{member.name}`: {member.image_size} x {member.image_size} px, {member.channels} channel(s), resized by"
        f" {member.resize}, window {member.window}, views {', '.join(map(_said, member.tta))}; input uint8"
        f" `(batch, {member.image_size}, {member.image_size}, {member.channels})`, output probabilities; scaling and"
        " normalising are inside"
        for member in bundle.members
    )


def _export(told: Mapping[str, Any]) -> str:
    found = told["parity"]
    text = f"Largest difference from `longtail predict`: {found['largest_difference']:.2g} on {found['on']}."
    if loss := told.get("int8_loss"):
        text += (
            f" int8: mAP {loss['map_int8']:.4f} instead of {loss['map_fp32']:.4f} over {loss['labels']} labels on"
            f" {loss['on']}."
        )
    return text


def _interval(one: Mapping[str, Any] | None) -> str:
    if not one or one.get("value") is None:
        return "–"
    ends = f" ({one['low']:.3f} to {one['high']:.3f})" if one.get("low") is not None else ""
    return f"{one['value']:.3f}{ends}"


def _said(part: Any) -> str:
    return "none" if part is None else str(part)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
