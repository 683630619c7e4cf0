"""Films as files: 8-bit PNG, or 12-bit DICOM with made-up identifiers."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from longtail.data.images.png import encode_png
from longtail.data.phantom.grid import Array
from longtail.data.phantom.people import Patient, View
from longtail.errors import UserError


@dataclass(frozen=True)
class Tags:
    """What a DICOM header says of a film; all of it made up."""

    patient: str
    study: str
    image: str
    view: View
    person: Patient
    inverted: bool  # MONOCHROME1: low values are bright


def write_png(path: Path, grey: Array) -> None:
    """Grey in [0, 1] as an 8-bit PNG."""
    path.write_bytes(encode_png((grey * np.float32(255) + np.float32(0.5)).astype(np.uint8)))


def require_pydicom() -> None:
    """Say how to get the extra that DICOM needs, before anything is drawn."""
    try:
        import pydicom  # noqa: F401
    except ImportError as error:
        raise UserError("format=dicom needs pydicom; install it with: pip install 'longtail[dicom]'.") from error


def write_dicom(path: Path, grey: Array, tags: Tags) -> None:
    """Grey in [0, 1] as an uncompressed 12-bit DX image."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid

    uid = {name: generate_uid(entropy_srcs=["longtail phantom", name, key]) for name, key in _uid_keys(tags).items()}
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = uid["image"]
    data.StudyInstanceUID, data.SeriesInstanceUID = uid["study"], uid["series"]
    data.PatientID, data.PatientName = tags.patient, f"Phantom^{tags.patient}"
    data.PatientSex, data.PatientAge = tags.person.sex, f"{tags.person.age:03d}Y"
    data.Modality, data.BodyPartExamined, data.Manufacturer = "DX", "CHEST", "longtail phantom"
    data.ViewPosition = "LL" if tags.view == "LATERAL" else tags.view
    data.PresentationIntentType = "FOR PRESENTATION"
    _set_pixels(data, grey, tags.inverted)
    data.save_as(path, enforce_file_format=True)


def _uid_keys(tags: Tags) -> dict[str, str]:
    return {"image": tags.image, "study": tags.study, "series": f"{tags.study}-series-{tags.view}"}


def _set_pixels(data: "pydicom.Dataset", grey: Array, inverted: bool) -> None:  # type: ignore[name-defined] # noqa: F821
    """Pixel data and what describes it."""
    levels = (grey * np.float32(4095) + np.float32(0.5)).astype("<u2")
    data.Rows, data.Columns = levels.shape
    data.SamplesPerPixel, data.PixelRepresentation = 1, 0
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, 12, 11
    data.PhotometricInterpretation = "MONOCHROME1" if inverted else "MONOCHROME2"
    data.RescaleIntercept, data.RescaleSlope, data.RescaleType = 0, 1, "US"
    data.WindowCenter, data.WindowWidth = 2048, 4096
    data.PixelData = (4095 - levels if inverted else levels).tobytes()
