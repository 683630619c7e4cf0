"""From an image file to its pixels or its size, whatever the format."""

from pathlib import Path

from longtail.data.image_file import HEADER_BYTES, is_sideways, kind_of, open_raster, stored_size


def image_size(path: Path) -> tuple[int, int] | None:
    """`(width, height)` by the header alone, upright (EXIF); None when that cannot be read."""
    try:
        with path.open("rb") as file:
            kind = kind_of(file.read(HEADER_BYTES), path)
            file.seek(0)
            if kind == "DICOM":
                return _dicom_size(path)
            if kind is None:
                return None
            with open_raster(kind, file) as image:
                width, height = stored_size(image)
                return (height, width) if is_sideways(image) else (width, height)
    except Exception:  # a damaged header makes decoders raise nearly anything
        return None


def _dicom_size(path: Path) -> tuple[int, int] | None:
    from pydicom import dcmread

    header = dcmread(path, stop_before_pixels=True, specific_tags=["Rows", "Columns"], force=True)
    return (int(header.Columns), int(header.Rows)) if "Rows" in header and "Columns" in header else None
