"""An inspection as files: `inspection.json` and the page `inspection.png`."""

from pathlib import Path

from longtail.data.audit.inspection import Inspection
from longtail.data.manifest import Manifest
from longtail.files import make_folder, write_json


def write_inspection(
    inspection: Inspection, manifest: Manifest, folder: Path, *, page: bool = True, images: bool = True
) -> list[Path]:
    """Write both files (the page only if asked, with example images if `images`) into `folder`; returns their paths."""
    written = [make_folder(folder) / "inspection.json"]
    write_json(written[0], inspection.to_json())
    if page:
        from longtail.data.audit.inspection_page import draw_page  # matplotlib

        written.append(folder / "inspection.png")
        draw_page(inspection, manifest, written[1], images=images)
    return written
