"""DICOM pixels as a viewer would show them, in 256 grey levels (or colour).

The order is DICOM's own (PS3.4 N.2): stored value -> modality (rescale or table) -> values of interest (table or
window) -> MONOCHROME1 turned around. Only the tags named in `TAGS` are read; who the patient is never enters.
Needs the extra `dicom` (pydicom 3 and decoders under permissive licences).
"""

from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from longtail.data.images.dicom_levels import to_grey
from longtail.data.images.grey_levels import Grey, Window
from longtail.data.images.image_file import ImageError, check_dimensions
from longtail.errors import UserError

SHAPE_TAGS = ["Rows", "Columns", "NumberOfFrames"]
TAGS = [
    *SHAPE_TAGS,
    *("SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "PixelData"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit"),
    *("RescaleSlope", "RescaleIntercept", "ModalityLUTSequence"),
    *("VOILUTSequence", "WindowCenter", "WindowWidth", "VOILUTFunction"),
    *(
        f"{colour}PaletteColorLookupTable{part}"
        for colour in ("Red", "Green", "Blue")
        for part in ("Descriptor", "Data")
    ),
    *(f"Segmented{colour}PaletteColorLookupTableData" for colour in ("Red", "Green", "Blue")),
]
_INSTALL = "pip install 'longtail[dicom]'"


def read_dicom(data: bytes, path: Path, window: Window) -> Grey:
    """`(H, W, 1)` for MONOCHROME1 and 2, `(H, W, 3)` for palette, RGB and YBR."""
    _require_pydicom(path)
    header = _header(data, path)
    stored = _stored(header, path)
    kind = header.get("PhotometricInterpretation", "MONOCHROME2")
    if kind == "PALETTE COLOR":
        from pydicom.pixels.processing import apply_color_lut

        return _to_bytes(apply_color_lut(stored, header), header.RedPaletteColorLookupTableDescriptor[2])[..., :3]
    if stored.ndim == 3:
        return _to_bytes(stored, int(header.BitsStored))
    return to_grey(stored, header, path, window)[..., None]


def dicom_size(path: Path) -> tuple[int, int] | None:
    """`(width, height)` by the header alone; None when it has none."""
    from pydicom import dcmread

    header = dcmread(path, stop_before_pixels=True, specific_tags=SHAPE_TAGS, force=True)
    return (int(header.Columns), int(header.Rows)) if "Rows" in header and "Columns" in header else None


def _require_pydicom(path: Path) -> None:
    try:
        import pydicom  # noqa: F401
    except ImportError as error:
        raise UserError(f"'{path}' is a DICOM file, which needs the extra 'dicom': {_INSTALL}.") from error


def _header(data: bytes, path: Path) -> Any:
    """The dataset with the tags in `TAGS` only, after every check that needs no pixels."""
    from pydicom import dcmread

    header = dcmread(BytesIO(data), specific_tags=list(TAGS), force=True)
    if "PixelData" not in header or "Rows" not in header or "Columns" not in header:
        raise ImageError(path, "it is no DICOM file, or one without pixels")
    check_dimensions(path, int(header.Columns), int(header.Rows))
    frames = int(header.get("NumberOfFrames") or 1)
    if frames > 1:
        raise ImageError(path, f"it holds {frames} frames; write each one you need to a file of its own")
    if "TransferSyntaxUID" not in header.file_meta:
        header.file_meta.TransferSyntaxUID = _syntax_by_encoding(header)
    return header


def _syntax_by_encoding(header: Any) -> Any:
    """Old files without a preamble do not name their transfer syntax; the reader has guessed how they are written."""
    from pydicom import uid

    implicit, little = header.original_encoding
    if implicit:
        return uid.ImplicitVRLittleEndian
    return uid.ExplicitVRLittleEndian if little else uid.ExplicitVRBigEndian


def _stored(header: Any, path: Path) -> npt.NDArray[Any]:
    """Stored values `(H, W)`, or colours `(H, W, 3)` turned from YBR to RGB."""
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.pixels.utils import pixel_array

    syntax = header.file_meta.TransferSyntaxUID
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError as error:
        raise ImageError(
            path,
            f"nothing here reads its pixels, which are coded as {syntax.name}; convert it to an uncompressed DICOM",
        ) from error
    if not decoder.is_available:
        raise UserError(
            f"'{path}' is coded as {syntax.name}, which needs the plugin '{_plugin_for(syntax.name)}': {_INSTALL}."
        )
    values: npt.NDArray[Any] = pixel_array(header)
    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[2] != 3):
        raise ImageError(path, f"its pixels have the shape {values.shape}; one grey or colour image is expected")
    return values


def _plugin_for(syntax: str) -> Literal["pylibjpeg-openjpeg", "python-gdcm"]:
    return "pylibjpeg-openjpeg" if "2000" in syntax else "python-gdcm"


def _to_bytes(colours: npt.NDArray[Any], bits: int) -> Grey:
    """Colours of any depth to 8 bits, by dropping the lowest ones."""
    if colours.dtype == np.uint8:
        return colours
    return (colours >> max(bits - 8, 0)).astype(np.uint8)
