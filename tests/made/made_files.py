"""Made-up published files: text, and tiny images of a given size."""

import gzip
from pathlib import Path

from PIL import Image


def put(root: Path, name: str, text: str, *, bom: bool = False) -> Path:
    """Write text (gzip-compressed where the name ends in .gz), with a byte-order mark on demand."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode("utf-8-sig" if bom else "utf-8")
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def picture(root: Path, name: str, size: tuple[int, int] = (16, 16)) -> Path:
    """Write a black image."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size).save(path)
    return path
