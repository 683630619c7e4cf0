"""Several seeds as one entry, the paired comparison with one line, and published numbers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from longtail.bench import assembling
from longtail.bench.assembling import assembled
from longtail.bench.counting import counting_for
from longtail.bench.plan import Line
from longtail.bench.result import Result
from longtail.data.manifest import Manifest, from_classes
from longtail.evaluate import multiple
from longtail.predict.files import write_predictions
from longtail.predict.predictions import Predictions
from longtail.stages.recipe import Recipe, Stage
from longtail.stages.table import RecipeTable

CLASSES = np.repeat(np.arange(3), [60, 40, 20])
LINES = {"poor": 0.2, "good": 0.9, "same": 0.2}  # how often they are right


def manifest() -> Manifest:
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(240)], "split": ["train"] * 120 + ["test"] * 120})
    return from_classes(table, list("abc"), np.r_[CLASSES, CLASSES], Path())


def run(folder: Path, right: float, seed: int) -> Path:
    """A run's predictions, right with a probability."""
    rng = np.random.default_rng(seed)
    values = np.full((120, 3), 0.1, dtype=np.float32)
    guesses = np.where(rng.random(120) < right, CLASSES, (CLASSES + 1) % 3)
    values[np.arange(120), guesses] = 0.8
    ids = pd.DataFrame({"image": [f"{i}.png" for i in range(120, 240)]})
    write_predictions(Predictions(ids, tuple("abc"), values, "image", {}), folder / "predictions" / "test.parquet")
    return folder


@pytest.fixture
def result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    return made(tmp_path, monkeypatch, resamples=200)


def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resamples: int | None) -> Result:
    monkeypatch.setattr(assembling, "read_facts", lambda _: {"identity": "i", "seconds": 1.0})
    recipe = Recipe(recipe="r", stages={"ce": Stage()})
    lines = [Line(name, recipe, "g", {"skin7": [83.12, 0.9], "All": 0.5}) for name in LINES]
    lines.append(Line("lost", recipe))
    runs = {
        name: {seed: run(tmp_path / f"{name}{seed}", right, seed) for seed in range(2)} for name, right in LINES.items()
    }
    data = manifest()
    return assembled(
        RecipeTable(table="t", rows={"poor": {"stages": ["ce"]}}),
        lines,
        {**runs, "lost": {}},
        {"lost": "its loss is no number."},
        data,
        counting_for(data, major=1, minor=1),
        split="test",
        rival="poor",
        paper="skin7",
        resamples=resamples,
    )


def test_seeds_are_one_entry(result: Result) -> None:
    good = next(line for line in result.lines if line.name == "good")
    assert set(good.seeds) == {0, 1}
    values = [scores["All"] for scores in good.seeds.values()]
    assert good.cells["All"].mean == pytest.approx(np.mean(values))
    assert good.cells["All"].sd == pytest.approx(np.std(values, ddof=1))
    assert good.cells["All"].place == 1
    assert good.paper == pytest.approx(0.8312)


def test_a_better_line_is_told_apart_and_an_equal_one_is_not(result: Result) -> None:
    told = {line.name: line.against for line in result.lines}
    assert told["poor"] is None
    assert told["good"] is not None
    assert told["good"].low > 0.4
    assert told["good"].p <= told["good"].holm < 0.05
    assert told["same"] is not None
    assert told["same"].difference == pytest.approx(0, abs=1e-12)
    assert told["same"].holm == pytest.approx(1)


@pytest.mark.parametrize(("asked", "drawn"), [(None, 2000), (150, 150)])
def test_p_over_many_rows_gets_the_resamples_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: int | None, drawn: int
) -> None:
    for module in (assembling, multiple):
        monkeypatch.setattr(module, "needed_resamples", lambda comparisons, _: 1000 * comparisons)  # 2 beside the rival
    found = made(tmp_path, monkeypatch, asked)
    assert found.facts["resamples"] == drawn
    told = "150 resamples are few for p corrected over 2 rows; ask for 2,000 or more (--resamples 2000)."
    assert (told in found.note) == (asked is not None)


def test_a_line_that_did_not_finish_says_why(result: Result) -> None:
    lost = result.lines[-1]
    assert lost.failed == "its loss is no number."
    assert np.isnan(lost.cells["All"].mean)
    assert result.to_json()["lines"][-1]["cells"]["All"]["mean"] is None
