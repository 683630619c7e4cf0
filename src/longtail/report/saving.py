"""A report's figures as PNG and SVG, and its tables as CSV and LaTeX, for papers."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from longtail.data.saving import save_table
from longtail.files import make_folder, write_text
from longtail.report.drawing import Drawing
from longtail.report.drawing_file import write_drawing
from longtail.report.run_parts import Part
from longtail.report.run_view import LabelRow, RunView
from longtail.report.scoring import Scored
from longtail.report.svg import write_svg

_TEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "–": "--"} | {
    letter: "\\" + letter for letter in "&%$#_{}"
}


_TEXTS = ("run", "label", "group", "metric")


def write_figures(views: Sequence[RunView], compared: Mapping[str, Drawing], folder: Path) -> list[Path]:
    """Each drawing as PNG (300 dpi) and SVG; with several runs the run's name comes first."""
    make_folder(folder)
    drawings: dict[str, Drawing] = {}
    for view in views:
        prefix = f"{view.name}-" if len(views) > 1 else ""
        drawings |= {prefix + name: drawing for name, drawing in view.figures().items()}
    drawings |= {f"difference-{name}": drawing for name, drawing in compared.items()}
    written = []
    for name, drawing in drawings.items():
        stem = re.sub(r"[^\w.-]+", "-", name)
        written += [write_svg(drawing, folder / f"{stem}.svg"), write_drawing(drawing, folder / f"{stem}.png")]
    return written


def write_tables(views: Sequence[RunView], folder: Path) -> list[Path]:
    """Headlines, labels, and parts by view and source, each as CSV (all digits) and LaTeX (three)."""
    make_folder(folder)
    written: list[Path] = []
    for name, table in tables_of(views).items():
        save_table(table, folder / f"{name}.csv")
        write_text(folder / f"{name}.tex", latex(table))
        written += [folder / f"{name}.csv", folder / f"{name}.tex"]
    return written


def tables_of(views: Sequence[RunView]) -> dict[str, pd.DataFrame]:
    """The report's tables by name; a first column tells the run where there are several."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for view in views:
        for name, table in _tables(view).items():
            if len(views) > 1:
                table.insert(0, "run", view.name)
            parts.setdefault(name, []).append(table)
    return {name: pd.concat(found, ignore_index=True) for name, found in parts.items()}


def _tables(view: RunView) -> dict[str, pd.DataFrame]:
    numbers, scored = view.numbers, view.scored
    if numbers is None or scored is None:
        return {}
    headlines = [(name, one.value, one.low, one.high, one.over) for name, one in numbers.headlines]
    found = {
        "headlines": pd.DataFrame(headlines, columns=["metric", "value", "low", "high", "labels"]),
        "labels": pd.DataFrame([_label_cells(row) for row in view.label_rows]),
    }
    for column, parts in numbers.parts.items():
        found[f"by-{column}"] = _parts_table(scored, parts)
    return found


def _parts_table(scored: Scored, parts: Sequence[Part]) -> pd.DataFrame:
    """mAP, then each label's AP; a column for each part, and two for the ends of its intervals."""
    order = np.argsort(-scored.counts, kind="stable")
    table: dict[str, list[object]] = {
        "label": ["all (mAP)", *(scored.labels[i] for i in order)],
        "training images": [np.nan, *(int(scored.counts[i]) for i in order)],
    }
    for part in parts:
        numbers = [part.mean_ap, *(part.ap[i] for i in order)]
        table[part.name] = [one.value for one in numbers]
        table[f"{part.name} low"] = [one.low for one in numbers]
        table[f"{part.name} high"] = [one.high for one in numbers]
    return pd.DataFrame(table)


def _label_cells(row: LabelRow) -> dict[str, object]:
    """A label's numbers, with the ends of those intervals that it has."""
    cells: dict[str, object] = {
        "label": row.label, "group": row.group, "training images": row.count, "positives": row.positives,
    }  # fmt: skip
    for name, (value, low, high) in row.cells.items():
        cells[name] = value
        if name not in ("ECE", "threshold", "chance"):
            cells |= {f"{name} low": low, f"{name} high": high}
    return cells


def latex(table: pd.DataFrame) -> str:
    """A booktabs table: text left-aligned, intervals beside their values, undefined numbers as dashes."""
    table = _merged(table)
    kinds = ["l" if name in _TEXTS else "r" for name in table]
    lines = [
        rf"\begin{{tabular}}{{{''.join(kinds)}}}",
        r"\toprule",
        " & ".join(_escaped(str(name)) for name in table) + r" \\",
        r"\midrule",
        *(" & ".join(_cell(value) for value in row) + r" \\" for row in table.itertuples(index=False)),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _merged(table: pd.DataFrame) -> pd.DataFrame:
    """Columns `X`, `X low`, `X high` (or `value`, `low`, `high`) as one: 0.906 (0.872 to 0.934)."""
    done = table.copy()
    for name in [*table.columns]:
        ends = ("low", "high") if name == "value" else (f"{name} low", f"{name} high")
        if set(ends) <= set(table.columns):
            rows = zip(table[name], table[ends[0]], table[ends[1]], strict=True)
            done[name] = [f"{_cell(v)} ({_cell(a)}--{_cell(b)})" if a == a else _cell(v) for v, a, b in rows]
            done = done.drop(columns=list(ends))
    return done


def _cell(value: object) -> str:
    if value is None or value != value:
        return "--"
    if isinstance(value, (float, np.floating)):
        return f"{value:.0f}" if float(value).is_integer() and float(value) > 1 else f"{value:.3f}"
    return f"{int(value):,}" if isinstance(value, (int, np.integer)) else _escaped(str(value))


def _escaped(text: str) -> str:
    return "".join(_TEX.get(letter, letter) for letter in text)
