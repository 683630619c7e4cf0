"""A run's stages as a `Bundle`: what `export` writes down and `serve` answers with."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from longtail import __version__
from longtail.errors import UserError
from longtail.export.bundle import NO_DECISIONS, Bundle, Heat, Member, Pixels, Values
from longtail.export.evidence import evidence_of
from longtail.export.network import PixelsToProbabilities
from longtail.export.notes import notes_of, source_note, stage_facts
from longtail.predict.decisions import read_decisions
from longtail.predict.heatmaps import heatmaps
from longtail.predict.predicting import judges_named, plan_of, run_recipe, stages_that_predict
from longtail.predict.stage_predicting import usual_device
from longtail.predict.tta.predicting_views import TTAMerge
from longtail.stages.loaded_stage import LoadedStage, load_stage_model
from longtail.stages.run_folder import fold_runs, read_run


def run_bundle(
    run: str | Path,
    *,
    stages: Sequence[str] | None = None,
    tta: Sequence[Any] | None = None,
    tta_merge: TTAMerge | None = None,
    device: str = "auto",
    precision: str = "auto",
) -> tuple[Bundle, dict[str, PixelsToProbabilities]]:
    """The run as its recipe predicts (or with other stages and views), and its networks by stage."""
    run, device = Path(run), usual_device(device)
    if folds := fold_runs(run):
        raise UserError(
            f"'{run}' has folds; name one of them, such as '{folds[0]}' (longtail predict takes the mean of all)."
        )
    recipe = run_recipe(run)
    said = recipe.get("predict") or {}
    names = stages_that_predict(recipe, stages or said.get("ensemble"))
    views = tuple(tta or said.get("tta") or ["identity"])
    averaged: TTAMerge = tta_merge or said.get("tta_merge") or "probabilities"
    loaded = {name: load_stage_model(run, name, device, precision=precision) for name in names}
    _require_single_images(loaded)
    networks = {name: PixelsToProbabilities(stage, views, averaged).to(device).eval() for name, stage in loaded.items()}
    members = tuple(_member(name, loaded[name], networks[name], device) for name in names)
    plan = plan_of(said, merge=None, views=None, study=None)
    chosen = _told(run, "decisions.json")
    _require_chosen(run, judges_named(plan, names), plan, chosen)
    decisions = read_decisions(run / "decisions.json") if chosen.get("made_from") else NO_DECISIONS
    facts = {
        "longtail": __version__, "run": run.resolve().name, "recipe": recipe.get("recipe"),
        "stages": {name: stage.identity for name, stage in loaded.items()},
    }  # fmt: skip
    kept: dict[str, Any] = {name: chosen[name] for name in ("ensemble", "views") if name in chosen}
    evidence = evidence_of(_told(run, "metrics.json"))
    notes = notes_of(stage_facts(run, names), evidence, decided=decisions is not NO_DECISIONS)
    return Bundle(members, plan, decisions, kept, facts, evidence, notes), networks


def sources_of(bundle: Bundle) -> dict[str, tuple[str, ...]]:
    """By member, the data sets that its head was trained to tell apart."""
    return {member.name: member.sources for member in bundle.members if member.sources}


def _member(name: str, stage: LoadedStage, network: PixelsToProbabilities, device: str) -> Member:
    def predict(pixels: Pixels) -> Values:
        with torch.inference_mode(), stage.precision.autocast():
            found = network(torch.from_numpy(np.require(pixels, requirements=["C", "W"])).to(device))
        return np.asarray(found.float().cpu().numpy(), dtype=np.float32)

    return Member(
        name, stage.labels, stage.task, stage.image_size, stage.channels, stage.resize, stage.window, stage.identity,
        tuple(view.said for view in network.views), network.tta_merge, predict, _heat(stage, network, device),
        stage.source_names if getattr(stage.model.head, "sources", 0) else (),
    )  # fmt: skip


def _heat(stage: LoadedStage, network: PixelsToProbabilities, device: str) -> Heat:
    def heat(pixels: Pixels, label: str) -> Values:
        image = torch.from_numpy(np.array(pixels)).to(device).permute(2, 0, 1)[None].float() / 255
        found = heatmaps(stage.model, network.normalised(image), [stage.labels.index(label)])
        return np.asarray(found[0].cpu().numpy(), dtype=np.float32)

    return heat


def _require_chosen(run: Path, judges: Sequence[str], plan: Any, chosen: dict[str, Any]) -> None:
    """A merge or view rule that is fitted needs its choice written down: nothing is chosen any more when in use."""
    lacks = [part for part, rule in (("views", plan.views),) if rule is not None and part not in chosen]
    if judges and (lacks or not chosen):
        raise UserError(
            f"the recipe's {' and '.join(lacks) or 'ensemble'} rule is chosen on validation, and '{run}' has no choice"
            " in decisions.json; finish the run with longtail fit on a manifest that has a split 'val'."
        )


def _require_single_images(stages: Mapping[str, LoadedStage]) -> None:
    """A head of whole studies has no answer for one image, which is what a file and a server are asked for."""
    for name, stage in stages.items():
        if stage.of_studies:
            raise UserError(
                f"the head of stage '{name}' reads all images of a study together, and exports and servers read one"
                " image at a time; predict with the run itself (longtail predict RUN MANIFEST), or export stages whose"
                " heads read single images (longtail export RUN --stage NAME) and serve that export."
            )


def _told(run: Path, name: str) -> dict[str, Any]:
    return read_run(run, name) if (run / name).is_file() else {}


def served_bundle(run: str | Path, *, device: str = "auto", threads: int = 0) -> Bundle:
    """The run for a server, on so many threads (0: as they are)."""
    if threads:
        torch.set_num_threads(threads)
    bundle = run_bundle(run, device=device)[0]
    told = sources_of(bundle)
    return replace(bundle, notes=(*bundle.notes, source_note(told))) if told else bundle
