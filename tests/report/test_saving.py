"""Tables for papers: LaTeX that compiles in the eye, CSV with all digits; figures as files."""

from pathlib import Path

import pandas as pd
from made_runs import made_manifest, made_run
from PIL import Image

from longtail.report.heat_source import heat_source, write_heatmaps
from longtail.report.run_report import report
from longtail.report.saving import latex


def test_latex_escapes_merges_intervals_and_dashes_the_undefined() -> None:
    table = pd.DataFrame(
        {
            "label": ["50 % & more_x", "b"],
            "AP": [0.51234, None],
            "AP low": [0.4, None],
            "AP high": [0.6, None],
            "n": [1200, 3],
        }
    )
    lines = latex(table).splitlines()
    assert lines[0] == r"\begin{tabular}{lrr}"
    assert r"50 \% \& more\_x & 0.512 (0.400--0.600) & 1,200 \\" in lines
    assert r"b & -- & 3 \\" in lines


def test_figures_and_tables_of_a_run(tmp_path: Path) -> None:
    manifest = made_manifest(tmp_path / "data", labels=3, patients=40)
    run = made_run(tmp_path / "run", manifest, stages=1, epochs=2)
    report(run, figures=tmp_path / "f", tables=tmp_path / "t", resamples=5, mistakes=0)
    names = {path.name for path in (tmp_path / "f").iterdir()}
    assert {"recipe.svg", "recipe.png", "long-tail.png", "curves-01.svg", "training-model0.png", "errors.svg"} <= names
    with Image.open(tmp_path / "f" / "long-tail.png") as picture:
        assert picture.width > 3000  # 300 dpi
    labels = pd.read_csv(tmp_path / "t" / "labels.csv")
    assert {"AP", "AP low", "threshold"} <= set(labels)
    assert (tmp_path / "t" / "by-view.tex").read_text().startswith(r"\begin{tabular}{lr")


def test_heat_maps_come_back_from_their_folder(tmp_path: Path) -> None:
    source = heat_source(write_heatmaps({("a.png", "x"): [[0, 0.5], [1, 2]]}, tmp_path / "h"))
    found = source("a.png", "x")
    assert found is not None
    assert [[round(float(v), 1) for v in row] for row in found] == [[0, 0.5], [1, 1]]
    assert source("a.png", "y") is None
    assert heat_source(None)("a.png", "x") is None
