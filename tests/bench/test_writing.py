"""Best and second, and the four forms of a table."""

import csv
import io
from dataclasses import replace

import pytest

from longtail.bench.result import Against, Cell, Result, ResultLine, cells_of, placed
from longtail.bench.writing import csv_text, html, latex, markdown, write_result


@pytest.fixture
def result() -> Result:
    seeds = {"CE": (0.5, 0.6), "CE -> cRW": (0.7, 0.8), "A|B_1": (0.2, 0.2)}
    by_seed = {name: {i: {"All": v, "Minor": 0.5} for i, v in enumerate(values)} for name, values in seeds.items()}
    cells = placed([cells_of(found, ["All", "Minor"]) for found in by_seed.values()])
    lines = [
        ResultLine(name, "g", own, by_seed[name], {0: [0.5, float("nan")]}, paper=0.8312 if name == "CE" else None)
        for name, own in zip(seeds, cells, strict=True)
    ]
    told = Against(0.2, 0.1, 0.3, 0.004, 0.0004)
    lines[1] = ResultLine(**{**vars(lines[1]), "against": told})
    return Result(
        "two-stage", "On 9 images of test.", ["All", "Minor"], ["a", "b"], lines, "CE", {"All": 2, "Minor": 1},
        {"paper": "skin7"},
    )  # fmt: skip


def test_cells_are_means_and_deviations_over_seeds() -> None:
    cells = cells_of({0: {"All": 0.5}, 1: {"All": 0.7}}, ["All"])
    assert cells["All"].mean == pytest.approx(0.6)
    assert cells["All"].sd == pytest.approx(0.02**0.5)
    assert cells_of({4: {"All": 0.5}}, ["All"]) == {"All": Cell(0.5)}


def test_ties_share_a_place_and_undefined_ones_have_none() -> None:
    lines = [{"All": Cell(value)} for value in (0.5, 0.9, 0.9, float("nan"), 0.1)]
    assert [line["All"].place for line in placed(lines)] == [2, 1, 1, None, None]


def test_markdown(result: Result) -> None:
    text = markdown(result)
    assert "| CE -> cRW | **75.00** ± 7.07 | **50.00** ± 0.00 |  | +20.00 [+10.00, +30.00] | under 0.001 |" in text
    assert "| CE | <u>55.00</u> ± 7.07 |" in text
    assert r"| A\|B_1 | 20.00 ± 0.00 |" in text
    assert "83.12" in text
    assert "| Minor | Paper (skin7) | vs CE |" in text  # which of the published numbers, such as f1


def test_latex(result: Result) -> None:
    text = latex(result)
    assert r"CE $\to$ cRW & \textbf{75.00}$_{7.07}$ & \textbf{50.00}$_{0.00}$" in text
    assert r"CE & \underline{55.00}$_{7.07}$" in text
    assert r"A|B\_1 &" in text
    assert text.count(r"\\") == 4


def test_csv_holds_fractions(result: Result) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(result))))
    assert float(rows[1]["All"]) == pytest.approx(0.75)
    assert float(rows[1]["p corrected"]) == pytest.approx(0.0004)
    assert rows[0]["difference"] == ""
    assert [rows[1][f"{name} over"] for name in ("All", "Minor")] == ["2", "1"]
    assert rows[0]["paper"] == "0.8312"


def test_html_is_escaped_and_whole(result: Result) -> None:
    text = html(result)
    assert "<td>CE -&gt; cRW</td><td><b>75.00</b> ± 7.07</td>" in text
    assert "http" not in text


def test_all_files_are_written_and_nan_is_null(result: Result, tmp_path) -> None:
    write_result(result, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "bench.json",
        *(f"table.{e}" for e in ("md", "tex", "csv", "html")),
    }
    assert '"labels": {\n        "0": [\n          0.5,\n          null' in (tmp_path / "bench.json").read_text()


def test_a_difference_without_an_interval_says_so_and_why(result: Result) -> None:
    assert "have no interval" not in markdown(result)
    nan = float("nan")
    result.lines[1] = replace(result.lines[1], against=Against(-0.0667, nan, nan, nan, nan))
    text = markdown(result)
    assert "| -6.67 (no interval) |  |" in text
    assert "have no interval where most labels are of fewer than 5 patients" in text
    assert "nan" not in "".join((text, latex(result), html(result), csv_text(result))).lower()
