"""The manual's API reference says what the source says; see `docs/write_api.py`."""

import runpy
from pathlib import Path

WRITER = Path(__file__).resolve().parents[1] / "docs" / "write_api.py"


def test_what_the_page_says_is_so() -> None:
    """A new name that it lacks passes, so that adding a part is one file and no other edit."""
    writer = runpy.run_path(str(WRITER))
    true = set(writer["page"]().splitlines())
    for line in writer["PAGE"].read_text(encoding="utf-8").splitlines():
        assert line in true, f"{line[:80]!r} is out of date; run docs/write_api.py"


def test_every_room_is_there_with_its_names() -> None:
    page = runpy.run_path(str(WRITER))["page"]()
    for name in ("fit(", "asymmetric_loss(", "bootstrap(", "Manifest(", "predict_export(", "MLDecoder("):
        assert f"- `{name}" in page
