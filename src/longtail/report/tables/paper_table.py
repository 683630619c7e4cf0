"""A table as data: printed, or written as CSV, JSON or Markdown."""

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longtail.errors import UserError
from longtail.files import write_json, write_text


@dataclass(frozen=True)
class PaperTable:
    """Rows of plain values; nan where a number is undefined. `note` says what the numbers are of."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    note: str = ""

    def write(self, path: str | Path) -> Path:
        """Write `.csv`, `.json` or `.md`; undefined numbers are empty (null)."""
        path = Path(path)
        writers = {".csv": self._csv, ".json": None, ".md": self._markdown}
        if path.suffix.lower() not in writers:
            raise UserError(f"'{path.name}' must end in .csv, .json or .md.")
        if path.suffix.lower() == ".json":
            rows = [dict(zip(self.columns, map(_plain, row), strict=True)) for row in self.rows]
            write_json(path, {"title": self.title, "note": self.note, "rows": rows})
        else:
            writer = writers[path.suffix.lower()]
            assert writer is not None
            write_text(path, writer())
        return path

    def _csv(self) -> str:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(["" if _plain(cell) is None else cell for cell in row] for row in self.rows)
        return text.getvalue()

    def _markdown(self) -> str:
        lines = [self.columns, ["---"] * len(self.columns), *(map(as_cell, row) for row in self.rows)]
        body = "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
        return f"**{self.title}**\n\n{body}\n" + (f"\n{self.note}\n" if self.note else "")


def as_cell(value: Any) -> str:
    """Three digits behind the point, as the paper prints them; nothing where undefined."""
    value = _plain(value)
    return "" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value
