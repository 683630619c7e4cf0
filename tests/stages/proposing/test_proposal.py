"""Proposed recipes: read back, validated on their own manifests, the same twice, never over a file."""

from dataclasses import replace
from pathlib import Path

import pytest
from made_data import made_manifest
from made_fingerprints import LAPTOP, SERVER, SKIN, XRAYS, boxed

from longtail.data import Manifest, inspect
from longtail.errors import UserError
from longtail.stages import load_recipe, propose, validate
from longtail.stages.loading import recipe_of_text
from longtail.stages.proposing.machine import Machine
from longtail.stages.proposing.proposal import _fitted, recipe_yaml
from longtail.stages.proposing.rules import FIRST, Facts, choices

SMALL = Machine(cores=2, memory=4 << 30)


@pytest.mark.parametrize("task", ["multilabel", "singlelabel"])
def test_it_fits_its_manifest(tmp_path: Path, task: str) -> None:
    path = made_manifest(tmp_path, task=task)
    text = propose(path, tmp_path / "mine.yaml", machine=SMALL)
    assert (tmp_path / "mine.yaml").read_text() == text == propose(path, tmp_path / "b" / "mine.yaml", machine=SMALL)
    found = validate(tmp_path / "mine.yaml", path)
    assert (found.recipe.recipe, found.recipe.task, found.plans[0].rows) == ("mine", task, 24)
    assert load_recipe(tmp_path / "mine.yaml", smoke=True).stages[FIRST].steps == 3


def test_boxes_and_studies_come_into_it(tmp_path: Path) -> None:
    manifest = boxed(tmp_path)
    audit = inspect(manifest, tail=10, duplicates=False)
    found = validate(recipe_of_text(propose(manifest, inspection=audit, machine=SMALL)), manifest)
    assert found.recipe.stages[FIRST].paste == {"probability": 0.5, "tail": ["Hernia"]}
    assert found.recipe.predict.study is not None


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    path = made_manifest(tmp_path)
    (tmp_path / "mine.yaml").write_text("mine")
    with pytest.raises(UserError, match="is there already and is not overwritten"):
        propose(path, tmp_path / "mine.yaml")
    with pytest.raises(UserError, match="would be read as the YAML"):
        (tmp_path / "manifest.yaml").unlink()
        propose(path, tmp_path / "manifest.yaml")
    assert (tmp_path / "mine.yaml").read_text() == "mine"


def test_batch_and_size_shrink_until_memory_bears_them() -> None:
    facts = Facts(XRAYS, replace(LAPTOP, memory=1 << 28, packaged=False))
    rules, fitted = choices(facts), _fitted(choices(facts), facts)
    assert fitted["defaults.batch_size"].value == 8 < rules["defaults.batch_size"].value
    assert fitted["defaults.image_size"].value < rules["defaults.image_size"].value
    assert "halved to fit the memory; about" in fitted["defaults.batch_size"].why
    with pytest.raises(UserError, match="even 8 images of 32 px need"):
        _fitted(rules, Facts(XRAYS, replace(facts.machine, memory=1 << 20)))


@pytest.mark.parametrize("data", [XRAYS, SKIN])
@pytest.mark.parametrize("machine", [LAPTOP, SERVER])
def test_odd_names_stay_in_their_comments(data, machine) -> None:
    counts = {f"{label}\nstages: #\u2028'": count for label, count in data.counts.items()}
    facts = Facts(replace(data, counts=counts, tail=tuple(counts)[-1:], boxes={list(counts)[-1]: 9}), machine)
    made = recipe_of_text(recipe_yaml(choices(facts), facts, "a: [b\n", "m\n.csv"), bind=False)
    assert made.recipe == "a: [b "
    if data.task == "multilabel":
        assert made.stages[FIRST].paste["tail"] == [list(counts)[-1]]


def test_every_setting_stands_beside_its_reason(tmp_path: Path) -> None:
    text = propose(Manifest.load(made_manifest(tmp_path)), machine=SMALL)
    lines = text.partition("\ntask:")[2].splitlines()
    bare = {line.strip() for line in lines if "#" not in line}
    assert bare == {"model:", "defaults:", "stages:", f"{FIRST}:", "predict:"}
    assert "# Machine: 2 cores, 4.0 GiB, no GPU, no bf16.\n" in text
