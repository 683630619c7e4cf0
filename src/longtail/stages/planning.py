"""What a recipe will do on a manifest, before anything is trained: rows, images shown and steps of each stage.

The rows are those that training will select, by the same function; an epoch is as long as its sampler makes it. What
depends on a stage that has not been judged yet is told as such, not guessed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from longtail.data.grouping import grouping_columns
from longtail.data.manifest import Manifest
from longtail.data.validation import ABOUT_NAMES, require_valid
from longtail.data.validation import validate as problems_of
from longtail.errors import UserError, plural
from longtail.predict.matching import require_studies
from longtail.stages.component import component
from longtail.stages.graph import order_of
from longtail.stages.identity import model_settings
from longtail.stages.loading import KEYWORDS
from longtail.stages.mistakes import at
from longtail.stages.recipe import Best, Recipe, Stage
from longtail.stages.rows import TEST, VALIDATION, Selection, select_rows
from longtail.stages.tail import tail_of

Reused = Callable[[str], bool]  # whether the store has this stage finished


@dataclass(frozen=True)
class StagePlan:
    """One stage's work; None where it is not known yet (`note` says why)."""

    name: str
    kind: str
    image_size: int
    batch_size: int
    epochs: int | None
    rows: int | None = None  # of training, repeats counted
    valid_rows: int | None = None
    steps: int | None = None
    images: int | None = None  # shown in all
    classes: int | None = None
    note: str = ""
    reused: bool = False


def plan(
    recipe: Recipe, manifest: Manifest | None = None, *, seed: int = 0, reused: Reused | None = None
) -> list[StagePlan]:
    """Each stage in the order in which it runs; with a manifest, how many rows, images and steps."""
    return [_planned(recipe, name, manifest, seed, bool(reused and reused(name))) for name in order_of(recipe)]


def planned_rows(stage: Stage, manifest: Manifest, seed: int) -> Selection:
    """The rows of a stage as far as they are known before its judge is: oversampling is left out."""
    return select_rows(manifest, stage.model_copy(update={"oversample": None}), seed=seed)


def _planned(recipe: Recipe, name: str, manifest: Manifest | None, seed: int, reused: bool) -> StagePlan:
    stage = recipe.stages[name]
    known = StagePlan(
        name, stage.kind, stage.image_size, stage.batch_size, stage.epochs, steps=stage.steps, reused=reused
    )
    if manifest is None or stage.kind != "train":
        images = stage.steps * stage.batch_size if stage.steps is not None else None
        return _changed(known, images=images)
    with at("stages", name):
        chosen = planned_rows(stage, manifest, seed)
    known = _changed(known, valid_rows=len(chosen.valid), classes=int(chosen.active.sum()))
    if stage.oversample is not None or stage.add:
        return _open(known, stage, len(chosen.train))
    with at("stages", name, "sampler"):
        return _counted(known, stage, len(chosen.train), *drawn(stage, chosen, seed))


def drawn(stage: Stage, chosen: Selection, seed: int) -> tuple[int, int]:
    """Steps and images of one epoch, by the sampler that training uses."""
    from longtail.running.processes import World
    from longtail.stages.draws import Draws

    draws = Draws(
        stage.sampler, chosen.targets, chosen.train, batch=stage.batch_size, seed=seed, epochs=stage.epochs or 1,
        world=World(), studies=np.arange(len(chosen.targets)) if _study_loss(stage) else None,
    )  # fmt: skip
    return draws.per_epoch, sum(len(draws.step(0, step).rows) for step in range(draws.per_epoch))


def _study_loss(stage: Stage) -> str | None:
    """The loss of a stage that reads studies, if any: it shows each image beside another."""
    from longtail.losses import LOSSES

    needs = {part.name: getattr(LOSSES.find(part.name).function, "needs", "") for part in stage.loss or []}
    return next((name for name, what in needs.items() if what == "studies"), None)


def _study_head(recipe: Recipe, stage: Stage) -> str | None:
    """The stage's head, where it reads whole studies."""
    from longtail.models import HEADS

    name = component(model_settings(recipe, stage)["head"]).name
    return name if getattr(HEADS.find(name).function, "of_studies", False) else None


def _counted(known: StagePlan, stage: Stage, rows: int, steps: int, images: int) -> StagePlan:
    if stage.steps is not None:
        return _changed(known, rows=rows, steps=stage.steps, images=stage.steps * images // steps)
    epochs = stage.epochs or 0
    return _changed(known, rows=rows, steps=steps * epochs, images=images * epochs)


def _open(known: StagePlan, stage: Stage, least: int) -> StagePlan:
    """What is known of a stage whose rows wait for another."""
    why = []
    if stage.oversample is not None:
        most = least * stage.oversample.copies if stage.oversample.once else None
        why.append(
            f"{least:,} rows{f' to {most:,}' if most else ' or more'}, once {stage.oversample.judged_by} is judged"
        )
    if stage.add:
        why.append(f"{least:,} rows, and those that {', '.join(stage.add)} makes")
    return _changed(known, note="; ".join(why))


def _changed(known: StagePlan, **changes: int | str | None) -> StagePlan:
    return StagePlan(**{**vars(known), **changes})


def check_weights(recipe: Recipe) -> None:
    """Refuse a weights file that is not there, before anything is prepared."""
    for name, stage in recipe.stages.items():
        weights = stage.model.get("weights", recipe.model.weights)
        own = stage.parent is None and stage.kind not in ("synthesize", "soup")
        if own and weights not in KEYWORDS and not Path(str(weights)).is_file():
            raise UserError(
                f"stage '{name}' starts from the weights file '{weights}', which is not there; correct model.weights (a"
                f" path from the recipe's folder, or one of {', '.join(KEYWORDS)})."
            )


def load_for(recipe: Recipe, path: str | Path) -> Manifest:
    """The manifest at `path`; a file that is not there is one of the bad images, which the recipe may skip."""
    table = Manifest.load(path, check_files=False)
    skipped = () if recipe.images.on_bad == "stop" else ("missing-file",)
    require_valid(table, but=skipped)
    return table


def check_manifest(recipe: Recipe, manifest: Manifest) -> list[str]:
    """Refuse a manifest that the recipe cannot train on; what may be wrong but runs comes back as warnings."""
    if recipe.task is not None and recipe.task != manifest.task:
        raise UserError(
            f"recipe '{recipe.recipe}' is for a {recipe.task} task and the manifest is {manifest.task}; choose another"
            " recipe (`longtail list recipes`), or say in the manifest's YAML which columns are labels."
        )
    for column, key, part in (
        ("view", "views", recipe.predict.views),
        ("study", "views", recipe.predict.views),
        ("study", "study", recipe.predict.study),
    ):
        if part is not None and not manifest.has(column):
            raise UserError(
                f"the recipe predicts with '{part.name}', which needs the column '{column}' that the manifest lacks;"
                f" add it, or write '{column}: NAME' of the column that holds it into the manifest's YAML; or go on"
                f" without the rule: add predict.{key}=null to the command, or take '{key}' out of the recipe's"
                " predict."
            )
    if recipe.predict.study is not None and not recipe.predict.keep_images:
        with at("predict", "study"):
            for rows in _judged(recipe, manifest):
                require_studies(manifest, rows)
    for name in recipe.stages:
        with at("stages", name):
            _check_stage_rows(recipe, name, manifest)
    return _warnings(recipe, manifest)


def _judged(recipe: Recipe, manifest: Manifest) -> list[npt.NDArray[np.int64]]:
    """The rows of each predictions file: of validation (with folds, those of training too) and of test."""
    splits = manifest.column("split") if manifest.has("split") else np.full(len(manifest), "train")
    first = splits == VALIDATION if recipe.folds is None else (splits == VALIDATION) | (splits == "train")
    return [np.flatnonzero(first), np.flatnonzero(splits == TEST)]


def _check_stage_rows(recipe: Recipe, name: str, manifest: Manifest) -> None:
    stage = recipe.stages[name]
    if stage.kind == "synthesize" or stage.paste is not None:
        _check_pastes(stage, manifest)
    if not stage.predicts:
        return
    if (loss := _study_loss(stage)) is not None and not manifest.has("study"):
        raise UserError(f"the loss '{loss}' needs the column 'study'; name it with the role 'study', or take it out.")
    if (head := _study_head(recipe, stage)) is not None and not manifest.has("study"):
        raise UserError(f"the head '{head}' needs the column 'study'; name it with the role 'study', or take another.")
    chosen = planned_rows(stage, manifest, 0)
    with at("keep"):
        tail_of(stage, manifest.task, chosen.targets, chosen.train, chosen.active)
    if len(chosen.valid):
        return
    needs = _needing_validation(recipe, name)
    if needs:
        raise UserError(
            f"{needs} needs validation rows, and the manifest has none in the split 'val'; make some with"
            " `longtail data split`, or write keep: last and take the rule out."
        )


def _check_pastes(stage: Stage, manifest: Manifest) -> None:
    """Refuse what can't be pasted before anything is trained: no boxes of the tail, no normal image."""
    from longtail.augment.paste import METHODS
    from longtail.augment.paste.pool import require_feasible
    from longtail.augment.paste.settings import PasteSettings
    from longtail.stages.kinds.synthesize import method_settings
    from longtail.stages.pasting import paste_settings

    if stage.kind == "synthesize" and stage.method is not None:
        settings = method_settings(METHODS.find(stage.method.name).function, stage.method, 0)
    else:
        settings = paste_settings(stage.paste or {})[0]
    if isinstance(settings, PasteSettings):  # another method knows for itself
        require_feasible(manifest, settings, planned_rows(stage, manifest, 0).train)


def _needing_validation(recipe: Recipe, name: str) -> str | None:
    """What of the recipe looks at the validation predictions of stage `name`."""
    from longtail.stages.graph import links, predict_links

    stage = recipe.stages[name]
    if stage.kind == "soup":
        return f"the soup '{name}', which is judged by them,"
    if stage.keep != "last":
        return f"keep: {{best: {stage.keep.best}}}"
    judges = [link for link in (*links(recipe), *predict_links(recipe)) if link.kind == "judged_by"]
    return next((f"'{link.target}', which '{name}' judges," for link in judges if link.source == name), None)


def _warnings(recipe: Recipe, manifest: Manifest) -> list[str]:
    found = recipe_warnings(recipe)
    for name, stage in recipe.stages.items():
        weights = stage.model.get("weights", recipe.model.weights)
        if stage.kind == "train" and stage.train == "head" and stage.parent is None and weights == "none":
            found.append(
                f"stage '{name}' trains the head alone on a backbone that nobody trained (weights: none, no from)"
            )
    if recipe.folds is None and manifest.has("split") and "test" not in set(manifest.column("split")):
        found.append(
            "the manifest has no split 'test'; metrics will be of the validation rows, which chose the weights"
        )
    told = ("leak", *ABOUT_NAMES)
    found += [each.message for each in problems_of(manifest, check_files=False) if each.kind in told]
    return [*found, *_absent_labels(manifest), *_nothing_to_choose_by(recipe, manifest)]


def impersonal(warnings: list[str], manifest: Manifest) -> list[str]:
    """Those warnings that bear on the numbers, as a report may tell them: no patient's name, and no path."""
    problems = {each.message: each for each in problems_of(manifest, check_files=False)} if warnings else {}
    kept = [text for text in warnings if text not in problems]
    for text in warnings:
        if text in problems and problems[text].kind == "leak":
            role = grouping_columns(manifest)[0]
            kept.append(
                f"{problems[text].count:,} {plural(role)} are in more than one split, so scores are too good; split by"
                " group with 'longtail data split'"
            )
    return kept


def recipe_warnings(recipe: Recipe) -> list[str]:
    """What of the recipe alone runs, and may not be what was meant."""
    found = []
    for name, stage in recipe.stages.items():
        warmup = stage.schedule.settings.get("warmup_epochs") or 0
        if stage.epochs and warmup > stage.epochs:
            found.append(
                f"stage '{name}' warms up for {warmup:g} epochs and has {stage.epochs}, so its learning rate only rises"
            )
    return found


def _absent_labels(manifest: Manifest) -> list[str]:
    from longtail.errors import listing

    if not manifest.has("split") or not (train := manifest.column("split") == "train").any():
        return []
    counts = manifest.counts(train)
    absent = [label for label, count in zip(manifest.labels, np.asarray(counts), strict=True) if count == 0]
    return [f"no training image has {listing(absent)}: nothing can be learned of them"] if absent else []


def _nothing_to_choose_by(recipe: Recipe, manifest: Manifest) -> list[str]:
    """Most metrics need an image that has a label; undefined everywhere, they choose no epoch."""
    judged = manifest.column("split") == VALIDATION if manifest.has("split") else np.zeros(len(manifest), bool)
    chosen = next((stage.keep for stage in recipe.stages.values() if isinstance(stage.keep, Best)), None)
    if chosen is None or not judged.any() or bool((manifest.one_hot[judged] == 1).any()):
        return []
    return [
        f"no validation image is known to have any label, so keep: {{best: {chosen.best}}} may find no epoch the best"
        " and keep the last"
    ]
