"""The stage kind `synthesize`: new training images from those of the training rows, for stages that `add` them.

The folder gets `pasted/` with whatever the method writes and `manifest.csv` (labels, boxes, parents), written last.
Nothing of validation or test rows goes in: the method is given the training rows alone. Where a split tears patients
apart, made images leak as their parents do, which is counted and told.
"""

import inspect
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from longtail.augment.paste import METHODS
from longtail.augment.paste.methods import Made
from longtail.augment.paste.parents import leaking_parents, with_pasted
from longtail.binding_values import bind_values, settings_of
from longtail.data.manifest import Manifest
from longtail.running.processes import joined, meet
from longtail.stages.component import NamedPart
from longtail.stages.context import StageContext
from longtail.stages.kinds import STAGE_KINDS
from longtail.stages.rows import select_rows
from longtail.stages.workbench import COUNTED, MADE

IMAGES = "pasted"  # the method's own folder


@STAGE_KINDS.register("synthesize")
def synthesize_stage(context: StageContext) -> dict[str, Any]:
    """Make new training images by the stage's `method`, at its `image_size`."""
    world, facts = joined(), {}
    if world.first:
        facts = _made(context)
    meet(world)
    return facts


def method_settings(function: Callable[..., Any], part: NamedPart, seed: int) -> Any:
    """The method's settings as it takes them, with the recipe's seed where they have one and do not say it."""
    kind = next(iter(inspect.signature(function).parameters.values())).annotation
    own = {"seed": seed} if "seed" in settings_of(kind) else {}
    return kind(**bind_values(kind, {**own, **part.settings}, f"'{part.name}'"))


def _made(context: StageContext) -> dict[str, Any]:
    stage, manifest = context.stage, counted(context.manifest)
    assert stage.method is not None  # stage_checks
    began = time.monotonic()
    function = METHODS.find(stage.method.name).function
    rows = select_rows(manifest, stage, seed=context.seed).train
    made: Made = function(
        method_settings(function, stage.method, context.seed),
        manifest,
        context.pixels(stage.image_size),
        context.folder / IMAGES,
        rows=rows,
        on_progress=lambda done, total: context.watch.on_step(context.name, done, total, done / _since(began)),
    )
    made.manifest.save(context.folder / MADE)
    leaks = leaking_parents(with_pasted(manifest, made.manifest))
    _tell(context, made, leaks)
    counts = dict(zip(manifest.labels, made.manifest.counts().tolist(), strict=True))
    head = {"rows": len(rows), "images": len(made.manifest), "class_counts": counts, "leaking_parents": leaks}
    return {**head, **_placed(made.facts)}


def counted(manifest: Manifest) -> Manifest:
    """The manifest with the columns that a stage's identity counts, so that other columns change nothing."""
    return replace(manifest, table=manifest.table[[name for name in COUNTED if manifest.has(name)]])


def _tell(context: StageContext, made: Made, leaks: int) -> None:
    place = context.folder / IMAGES
    context.watch.on_note(f"{context.name}: {len(made.manifest):,} images made; look at them first, in '{place}'")
    if leaks:
        context.watch.on_note(
            f"{context.name}: {leaks:,} made images have a parent whose patient or study is in another split too, so"
            " validation and test numbers are too good; split by patient (`longtail data split`)"
        )


def _since(began: float) -> float:
    return max(time.monotonic() - began, 1e-9)


def _placed(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts that are files of the method's folder, named from the stage's."""
    return {key: f"{IMAGES}/{value}" if key in ("contact_sheet", "report") else value for key, value in facts.items()}
