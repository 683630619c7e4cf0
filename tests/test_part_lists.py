"""The manual's line for each part is what the registries say; see `docs/write_parts.py`."""

import re
import runpy
from pathlib import Path

WRITER = Path(__file__).resolve().parents[1] / "docs" / "write_parts.py"


def test_the_lines_of_the_manual_are_true() -> None:
    writer = runpy.run_path(str(WRITER))
    written = writer["PAGE"].read_text(encoding="utf-8").split("\n## ")[1:]
    by_title = {section.partition("\n")[0]: section.splitlines()[4:] for section in written}
    for title, lines in by_title.items():
        entries = writer["LISTS"][title].load()
        assert lines, title
        for line in lines:
            if name := re.match(r"\| `([^`]+)`", line):
                assert name[1] in entries, f"{title}: there is no '{name[1]}' any more; run docs/write_parts.py"
                assert line == writer["line_of"](entries[name[1]]), (
                    f"{title}: '{name[1]}' changed; run docs/write_parts.py"
                )


def test_the_page_is_made_of_every_registry() -> None:
    writer = runpy.run_path(str(WRITER))
    page = writer["page"]()
    for registry in writer["LISTS"].values():
        for name, entry in registry.load().items():
            assert f"| `{name}` | {entry.summary}" in page
