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
from longtail.report.run_view import RunView
from longtail.report.svg import write_svg

_TEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "–": "--"} | {
    letter: "\\" + letter for letter in "&%$#_{}"
}


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
    headlines = [(h.name, h.value, h.low, h.high, h.over or None) for h in numbers.headlines]
    columns = {
        "label": scored.labels, "group": scored.groups, "training images": scored.counts,
        "positives": np.nansum(scored.states, axis=0).astype(int),
        "AP": numbers.ap.value, "AP low": numbers.ap.low, "AP high": numbers.ap.high,
        "AUROC": numbers.auroc.value, "AUROC low": numbers.auroc.low, "AUROC high": numbers.auroc.high,
        "F1": numbers.f1, "precision": numbers.precision, "recall": numbers.recall,
        "threshold": numbers.thresholds, "ECE": numbers.calibration_error, "Brier": numbers.brier,
    }  # fmt: skip
    found = {
        "headlines": pd.DataFrame(headlines, columns=["metric", "value", "low", "high", "labels"]),
        "labels": pd.DataFrame(columns).sort_values("training images", ascending=False, kind="stable"),
    }
    for column, parts in numbers.parts.items():
        rows = [(part.name, part.rows, *part.mean_ap, part.mean_auroc.value, *part.ap) for part in parts]
        names = [column, "images", "mAP", "labels", "mAUC", *(f"AP {label}" for label in scored.labels)]
        found[f"by-{column}"] = pd.DataFrame(rows, columns=names)
    return found


def latex(table: pd.DataFrame) -> str:
    """A booktabs table; the first column and those of text are left-aligned, undefined numbers are dashes."""
    kinds = ["r" if pd.api.types.is_numeric_dtype(table[name]) else "l" for name in table]
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


def _cell(value: object) -> str:
    if value is None or value != value:
        return "--"
    if isinstance(value, (float, np.floating)):
        return f"{value:.0f}" if float(value).is_integer() and float(value) > 1 else f"{value:.3f}"
    return f"{int(value):,}" if isinstance(value, (int, np.integer)) else _escaped(str(value))


def _escaped(text: str) -> str:
    return "".join(_TEX.get(letter, letter) for letter in text)
