"""The result as files: Markdown, LaTeX (booktabs), CSV, HTML, and all numbers as JSON."""

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path

from longtail.bench.result import Cell, Result, ResultLine
from longtail.evaluate.few import FEW
from longtail.files import write_json, write_text

Style = Callable[[str, int | None], str]  # a number's text and its place in the column
_LATEX = {"&": r"\&", "%": r"\%", "_": r"\_", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}"}
_CSS = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem;max-width:70rem;color:#1b1f24;background:#fff}"
    "table{border-collapse:collapse}th,td{padding:.3rem .8rem;text-align:right;border-bottom:1px solid #d8dee4}"
    "th:first-child,td:first-child{text-align:left}thead th{border-bottom:2px solid #57606a}small{color:#57606a}"
    "@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}th,td{border-color:#30363d}"
    "small{color:#9198a1}}"
)


def write_result(result: Result, folder: Path) -> Result:
    """Write table.md, .tex, .csv, .html and bench.json into `folder`, each whole."""
    write_json(folder / "bench.json", result.to_json())
    for suffix, made in (("md", markdown), ("tex", latex), ("csv", csv_text), ("html", html)):
        write_text(folder / f"table.{suffix}", made(result))
    return result


def headings(result: Result) -> list[str]:
    """The names of the columns that are shown."""
    names = ["Method", *result.columns]
    names += [f"Paper ({result.facts['paper']})"] if _has_paper(result) else []
    return [*names, f"vs {result.rival}", "p"] if result.rival else names


def row_texts(result: Result, line: ResultLine, style: Style, plus_minus: str = " ± ") -> list[str]:
    """A line's cells after its name; `style` marks the best and the second."""
    found = [_cell(line.cells[name], style, plus_minus) for name in result.columns]
    if _has_paper(result):
        found.append("" if line.paper is None else _percent(line.paper))
    if result.rival:
        found += _comparison(line)
    return found


def markdown(result: Result) -> str:
    """A table for GitHub: the best bold, the second underlined."""
    names = headings(result)
    style = _styled("**{}**", "<u>{}</u>")
    rows = [[line.name.replace("|", r"\|"), *row_texts(result, line, style)] for line in result.lines]
    lines = [_bar(names), "|:--|" + "--:|" * (len(names) - 1), *(_bar(row) for row in rows)]
    return f"## {result.title}\n\n" + "\n".join(lines) + f"\n\n{_told(result)}\n"


def latex(result: Result) -> str:
    """A tabular for `booktabs`; subscripts are deviations, as in papers."""
    names = headings(result)
    style = _styled(r"\textbf{{{}}}", r"\underline{{{}}}")
    rows = [
        [_tex(line.name), *(cell.replace("%", r"\%") for cell in row_texts(result, line, style, "_"))]
        for line in result.lines
    ]
    head = " & ".join(_tex(name) for name in names) + r" \\"
    body = [" & ".join(row) + r" \\" for row in rows]
    columns = "l" + "r" * (len(names) - 1)
    rules = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", head, r"\midrule", *body, r"\bottomrule"]
    return "\n".join([f"% {_told(result)}", *rules, r"\end{tabular}", ""])


def csv_text(result: Result) -> str:
    """Fractions, one line a method: mean, deviation and classes of each column, then the comparison."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    names = [part for name in result.columns for part in (name, f"{name} sd", f"{name} over")]
    write.writerow(["method", "group", "seeds", *names, "paper", "difference", "low", "high", "p", "p corrected"])
    for line in result.lines:
        cells = [
            value
            for name in result.columns
            for value in (line.cells[name].mean, line.cells[name].sd, result.over.get(name))
        ]
        told = line.against
        apart = [told.difference, told.low, told.high, told.p, told.holm] if told else [None] * 5
        write.writerow([line.name, line.group, len(line.seeds), *(_raw(v) for v in [*cells, line.paper, *apart])])
    return out.getvalue()


def html(result: Result) -> str:
    """One page that needs nothing else."""
    style = _styled("<b>{}</b>", "<u>{}</u>")
    head = "".join(f"<th>{escape(name)}</th>" for name in headings(result))
    rows = "\n".join(
        f"<tr><td>{escape(line.name)}</td>"
        + "".join(f"<td>{cell}</td>" for cell in row_texts(result, line, style))
        + "</tr>"
        for line in result.lines
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(result.title)}</title>'
        f"<style>{_CSS}</style><h1>{escape(result.title)}</h1><table><thead><tr>{head}</tr></thead>\n<tbody>{rows}"
        f"</tbody></table><p><small>{escape(_told(result))}</small></p></html>\n"
    )


def _cell(cell: Cell, style: Style, plus_minus: str) -> str:
    if math.isnan(cell.mean):
        return "n/a"
    text = style(_percent(cell.mean), cell.place)
    if cell.sd is None:
        return text
    return f"{text}$_{{{_percent(cell.sd)}}}$" if plus_minus == "_" else f"{text}{plus_minus}{_percent(cell.sd)}"


def _comparison(line: ResultLine) -> list[str]:
    if line.against is None:
        return ["", ""]
    told = line.against
    if math.isnan(told.low):
        return [f"{told.difference * 100:+.2f} (no interval)", ""]
    interval = f"{told.difference * 100:+.2f} [{told.low * 100:+.2f}, {told.high * 100:+.2f}]"
    return [interval, "under 0.001" if told.holm < 0.001 else f"{told.holm:.3f}"]


def _told(result: Result) -> str:
    """The note, with what the comparison is."""
    rival = (
        f" 'vs' is the difference of {result.columns[0]} to {result.rival} with its 95 % interval"
        f" ({_bootstrap(result)}), p corrected over the rows by Holm.{_no_interval(result)}"
        if result.rival
        else ""
    )
    failed = "".join(f" {line.name} did not finish: {line.failed}" for line in result.lines if line.failed)
    return f"{result.note}{rival}{failed}"


def _no_interval(result: Result) -> str:
    """Why a difference has none, where one has none."""
    told = [line.against for line in result.lines if line.against]
    if not any(math.isnan(one.low) for one in told):
        return ""
    return (
        f" Differences have no interval where most labels are of fewer than {FEW} patients (images, if none are named)."
    )


def _bootstrap(result: Result) -> str:
    drawn = result.facts.get("resamples")
    return f"paired bootstrap, {drawn:,} resamples" if drawn else "paired bootstrap"


def _styled(best: str, second: str) -> Style:
    made: Mapping[int | None, str] = {1: best, 2: second}
    return lambda text, place: made.get(place, "{}").format(text)


def _has_paper(result: Result) -> bool:
    return any(line.paper is not None for line in result.lines)


def _bar(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _tex(text: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in text).replace("->", r"$\to$")


def _percent(value: float) -> str:
    return f"{value * 100:.2f}"


def _raw(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.6g}"
