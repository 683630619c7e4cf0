"""The stage kind `synthesize`, and stages that add its images or paste in the batch."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from made_jobs import made_job  # registers the small backbone
from made_pastes import LABELS, world

from longtail.augment.paste import leaking_parents, with_pasted
from longtail.data import Manifest, split
from longtail.errors import UserError
from longtail.stages.context import StageContext, Watch
from longtail.stages.identity import stage_identity
from longtail.stages.kinds.synthesize import synthesize_stage
from longtail.stages.loading import recipe_of_text
from longtail.stages.recipe import Recipe
from longtail.stages.runner import Runner
from longtail.stages.store import Store, read_facts
from longtail.stages.workbench import Workbench

assert made_job is not None
PASTE = {"on_normal": 6, "on_tail": 4, "tail": ["Rare"]}


def recipe(made: dict[str, Any] | None = None, **train: Any) -> Recipe:
    stages = {
        "made": {"kind": "synthesize", "image_size": 32, "method": {"lesion_paste": {**PASTE, **(made or {})}}},
        "main": {"image_size": 32, "steps": 2, "batch_size": 8, "precision": "fp32", "add": "made", **train},
    }
    model = {"backbone": "small", "weights": "none"}
    return recipe_of_text(yaml.safe_dump({"recipe": "r", "task": "multilabel", "model": model, "stages": stages}))


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    folder = tmp_path_factory.mktemp("world")
    found = split(world(folder, rows=56)[0], "70/30", seed=1)
    return Manifest.load(found.save(folder / "m.csv"))


def runner(folder: Path, manifest: Manifest, wanted: Recipe, seed: int = 0) -> Runner:
    bench = Workbench(wanted, manifest, folder / "prepared")
    return Runner(wanted, bench, Store(folder / "store"), folder / "run", seed)


def context(folder: Path, manifest: Manifest, paste: dict[str, Any] | None = None, **given: Any) -> StageContext:
    wanted = recipe(paste)
    bench = Workbench(wanted, manifest, folder / "prepared")
    (folder / "stage").mkdir(exist_ok=True)
    return StageContext(
        "made", wanted, manifest, lambda size: bench.at(manifest, size)[1], folder / "stage", 3, **given
    )


def test_a_stage_trains_on_made_images_as_rows_of_train(manifest: Manifest, tmp_path: Path) -> None:
    work = runner(tmp_path, manifest, recipe())
    work.stages()
    made, main = (tmp_path / "run" / "stages" / name for name in ("made", "main"))
    facts, told = read_facts(made), read_facts(main)
    assert facts["images"] == 10
    assert facts["images_by_way"] == {"normal": 6, "tail": 4}
    assert facts["leaking_parents"] == 0
    assert facts["rows"] == len(manifest.rows_of("train"))
    assert facts["class_counts"]["Rare"] == 10
    assert 0 <= facts["correlation_change"]["mean"] < 1
    assert (made / facts["contact_sheet"]).is_file()
    assert json.loads((made / facts["report"]).read_text())["finished"]
    assert told["rows"] == facts["rows"] + 10
    assert told["valid_rows"] == len(manifest.rows_of("val"))
    assert told["class_counts"]["Rare"] == manifest.counts(manifest.rows_of("train"))[LABELS.index("Rare")] + 10
    found = Manifest.load(made / "manifest.csv")
    assert set(found.column("split")) == {"train"}
    assert leaking_parents(with_pasted(manifest, found)) == 0
    train = set(manifest.table["image"][manifest.rows_of("train")])
    assert {parent for cell in found.column("parents") for parent in json.loads(cell)} <= train


def test_what_is_there_is_not_made_again(manifest: Manifest, tmp_path: Path) -> None:
    first = context(tmp_path, manifest)
    told = synthesize_stage(first)
    folder = tmp_path / "stage"
    before = {path: path.read_bytes() for path in folder.rglob("*.png")}
    table = (folder / "manifest.csv").read_bytes()
    gone = sorted((folder / "pasted" / "images").rglob("*.png"))[3]
    for path in (folder / "manifest.csv", folder / "pasted" / "manifest.csv", gone):  # as a kill might leave it
        path.unlink()
    kept = sorted((folder / "pasted" / "images").rglob("*.png"))[0]
    stamp = kept.stat().st_mtime_ns
    again = manifest.with_column("age", ["50"] * len(manifest))  # a column that no stage looks at
    assert synthesize_stage(context(tmp_path, again)) == told
    assert {path: path.read_bytes() for path in folder.rglob("*.png")} == before
    assert (folder / "manifest.csv").read_bytes() == table
    assert kept.stat().st_mtime_ns == stamp


def test_the_seed_is_the_recipes_unless_said(manifest: Manifest, tmp_path: Path) -> None:
    def seed(name: str, paste: dict[str, Any]) -> int:
        (tmp_path / name).mkdir()
        synthesize_stage(context(tmp_path / name, manifest, paste))
        return int(json.loads((tmp_path / name / "stage/pasted/synthesis.json").read_text())["settings"]["seed"])

    assert seed("a", {}) == 3
    assert seed("b", {"seed": 8}) == 8


def test_torn_patients_are_told(manifest: Manifest, tmp_path: Path) -> None:
    parts = ["train" if row % 4 else "val" for row in range(len(manifest))]  # a patient has two rows
    notes: list[str] = []
    facts = synthesize_stage(context(tmp_path, manifest.with_column("split", parts), watch=Watch(on_note=notes.append)))
    assert facts["leaking_parents"] > 0
    assert "split by patient" in notes[-1]


def test_the_model_does_not_change_what_is_made() -> None:
    def identity(wanted: Recipe, name: str) -> str:
        return stage_identity(wanted, name, seed=0, data="d", parents={"made": "m"})

    one, other = recipe(), recipe().model_copy(update={"model": recipe().model.model_copy(update={"drop_path": 0.5})})
    assert identity(one, "made") == identity(other, "made")
    assert identity(one, "main") != identity(other, "main")
    assert identity(one, "made") != identity(recipe({"opacity": 0.4}), "made")


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        ("{kind: synthesize}", "says no method"),
        ("{kind: synthesize, method: {lesion_past: {}}}", "Did you mean 'lesion-paste'"),
        ("{kind: synthesize, method: {lesion_paste: {opacty: 0.3}}}", "Did you mean 'opacity'"),
        ("{kind: synthesize, method: {lesion_paste: {opacity: 3}}}", "valid is 0 to 1"),
        ("{kind: synthesize, rows: [train, val], method: lesion_paste}", "training rows alone"),
        ("{epochs: 1, paste: {probabilty: 0.3}}", "Did you mean 'probability'"),
        ("{epochs: 1, paste: {soft_edge: 2}}", "valid is 0 to 0.5"),
        ("{epochs: 1, paste: {probability: a}}", "write a number"),
        ("{epochs: 1, paste: {}, drop_classes: [a]}", "dropped classes"),
        ("{epochs: 1, paste: {}, train: head}", "cache: off"),
    ],
)
def test_mistakes(stage: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        recipe_of_text(f"recipe: r\nmodel: {{backbone: small, weights: none}}\nstages:\n  s: {stage}\n")


def test_pasting_in_the_batch(manifest: Manifest, tmp_path: Path) -> None:
    paste = {**PASTE, "probability": 0.9, "pilot": 20}
    work = runner(tmp_path, manifest, recipe(add=[], paste=paste, epochs=2, steps=None))
    work.stages()
    assert (tmp_path / "run/stages/main/weights.safetensors").is_file()
    other = runner(tmp_path / "other", manifest, recipe(add=[], epochs=2, steps=None))
    other.stages()
    losses = [
        [line["loss"] for line in map(json.loads, path.read_text().splitlines()) if line["event"] == "epoch"]
        for path in (folder / "run/stages/main/log.jsonl" for folder in (tmp_path, tmp_path / "other"))
    ]
    assert losses[0] != losses[1]


def test_batches_have_pasted_pixels_and_their_targets(manifest: Manifest, tmp_path: Path) -> None:
    import torch

    from longtail.running.processes import World
    from longtail.stages.batches import Batches, Stream
    from longtail.stages.component import NamedPart
    from longtail.stages.draws import Draws
    from longtail.stages.pasting import paste_in_batch
    from longtail.stages.precision import chosen_precision
    from longtail.stages.readers import build_reader

    wanted = recipe(add=[], paste={**PASTE, "probability": 1.0, "pilot": 20})
    bench = Workbench(wanted, manifest, tmp_path / "prepared")
    pixels = bench.at(manifest, 32)[1]
    rows = manifest.rows_of("train")
    paste = paste_in_batch(StageContext("main", wanted, manifest, lambda _: pixels, tmp_path, 3), rows)
    assert paste is not None
    assert paste.settings.seed == 3
    device = torch.device("cpu")
    precision = chosen_precision("fp32", device, "small", 32)
    reader = build_reader(pixels, [], precision, mean=(0.0,), std=(1.0,), paste=paste)
    draws = Draws(NamedPart("instance"), manifest.targets, rows, batch=8, seed=1, epochs=2, world=World())
    common: dict[str, Any] = {"mix": None, "num_classes": 4, "sources": None, "device": device, "seed": 1}
    batches = Batches(
        Stream(draws, reader, paste.targets), None, manifest.targets, **common, world=World(), ahead=False
    )
    draw, batch = draws.step(1, 2), batches.make(1, 2)
    want = paste(pixels.rows(draw.rows), manifest.targets[draw.rows], draw.rows, 1, draw.repeats)
    assert any(want.placed)
    np.testing.assert_array_equal(batch.target.numpy(), want.targets)
    images = batch.images.numpy().transpose(0, 2, 3, 1) * 255
    np.testing.assert_allclose(images, want.pixels, atol=0.01)
    assert (want.targets != manifest.targets[draw.rows]).any()
