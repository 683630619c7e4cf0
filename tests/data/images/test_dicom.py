import sys
from pathlib import Path

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")
from pydicom import uid  # noqa: E402
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset  # noqa: E402
from pydicom.pixels.processing import apply_modality_lut, apply_windowing  # noqa: E402
from pydicom.sequence import Sequence  # noqa: E402

from longtail.data.images.decode import decode, image_size  # noqa: E402
from longtail.data.images.image_file import ImageError  # noqa: E402
from longtail.errors import UserError  # noqa: E402

RNG = np.random.default_rng(0)
LEVELS = RNG.integers(0, 4096, (40, 60)).astype(np.uint16)


def dicom(path: Path, pixels: np.ndarray = LEVELS, bits: int = 12, compress: str | None = None, **tags: object) -> Path:
    data = FileDataset(None, Dataset(), file_meta=FileMetaDataset(), preamble=b"\0" * 128)
    data.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    data.SOPClassUID, data.SOPInstanceUID = uid.DigitalXRayImageStorageForPresentation, "1.2.3"
    data.PatientName = "Nobody^At all"
    data.Rows, data.Columns = pixels.shape[:2]
    data.SamplesPerPixel = pixels.shape[2] if pixels.ndim == 3 else 1
    data.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    if pixels.ndim == 3:
        data.PlanarConfiguration = 0
    data.BitsAllocated, data.BitsStored, data.HighBit = pixels.dtype.itemsize * 8, bits, bits - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    data.PixelData = pixels.tobytes()
    for name, value in tags.items():
        setattr(data, name, value)
    if compress:
        data.compress(compress, generate_instance_uid=False)
    data.save_as(path, enforce_file_format=True)
    return path


def stretched(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.rint(np.clip((values - low) / (high - low), 0, 1) * 255).astype(np.uint8)[..., None]


def table(first: int, bits: int, entries: list[int]) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(entries), first, bits])
    item.add_new("LUTData", "US", entries)
    return item


def test_without_a_window_lowest_to_highest(tmp_path: Path) -> None:
    path = dicom(tmp_path / "a.dcm")
    assert np.array_equal(decode(path), stretched(LEVELS.astype(float), LEVELS.min(), LEVELS.max()))
    assert np.array_equal(decode(path, window="full"), stretched(LEVELS.astype(float), 0, 4095))
    assert image_size(path) == (60, 40)
    assert decode(path, channels=3).shape == (40, 60, 3)


@pytest.mark.parametrize("curve", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_rescale_and_window_equal_pydicom(tmp_path: Path, curve: str) -> None:
    tags = {"RescaleSlope": 2, "RescaleIntercept": -1024, "WindowCenter": [1500, 0], "WindowWidth": [3000, 1]}
    path = dicom(tmp_path / "a.dcm", **tags, VOILUTFunction=curve)
    header = pydicom.dcmread(path)
    shown = apply_windowing(apply_modality_lut(header.pixel_array, header), header)
    low, high = -1024, 4095 * 2 - 1024
    assert np.abs(decode(path).astype(int) - stretched(shown, low, high)).max() <= 1
    asked = decode(dicom(tmp_path / "b.dcm", **tags), window=(1500, 3000))
    assert np.array_equal(asked, decode(dicom(tmp_path / "c.dcm", **{**tags, "VOILUTFunction": "LINEAR"})))


def test_monochrome1_is_turned_around(tmp_path: Path) -> None:
    plain = decode(dicom(tmp_path / "a.dcm"))
    assert np.array_equal(decode(dicom(tmp_path / "b.dcm", PhotometricInterpretation="MONOCHROME1")), 255 - plain)


def test_tables_of_values_of_interest(tmp_path: Path) -> None:
    entries = [int(1023 * (i / 2000) ** 2) for i in range(2001)]
    path = dicom(tmp_path / "a.dcm", VOILUTSequence=Sequence([table(500, 10, entries)]), WindowCenter=1, WindowWidth=1)
    expected = np.array(entries)[np.clip(LEVELS.astype(int) - 500, 0, 2000)]  # a table goes before a window
    assert np.array_equal(decode(path), stretched(expected.astype(float), 0, 1023))


def test_tables_of_8_bits_do_not_wrap_around(tmp_path: Path) -> None:
    path = dicom(tmp_path / "a.dcm", VOILUTSequence=Sequence([table(0, 8, list(range(256)))]))
    assert np.array_equal(decode(path)[..., 0], np.minimum(LEVELS, 255))


def test_modality_tables(tmp_path: Path) -> None:
    entries = list(range(4095, -1, -1))
    path = dicom(tmp_path / "a.dcm", ModalityLUTSequence=Sequence([table(0, 12, entries)]))
    values = 4095.0 - LEVELS
    assert np.array_equal(decode(path), stretched(values, values.min(), values.max()))


def test_signed_values_and_padding(tmp_path: Path) -> None:
    values = RNG.integers(-1000, 1000, (40, 60)).astype(np.int16)
    values[:5] = -2000
    path = dicom(tmp_path / "a.dcm", values, 16, PixelPaddingValue=-2000)
    kept = values[5:].astype(float)
    assert np.array_equal(decode(path), stretched(values.astype(float), kept.min(), kept.max()))


@pytest.mark.parametrize("syntax", [uid.RLELossless, uid.JPEG2000Lossless])
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_compressed_equals_plain(tmp_path: Path, syntax: str, bits: int) -> None:
    pixels = (LEVELS.astype(np.uint32) * (2**bits - 1) // 4095).astype(np.uint8 if bits == 8 else np.uint16)
    packed = dicom(tmp_path / "a.dcm", pixels, bits, compress=syntax)
    assert np.array_equal(decode(packed), decode(dicom(tmp_path / "b.dcm", pixels, bits)))


def test_colour(tmp_path: Path) -> None:
    pixels = RNG.integers(0, 256, (20, 30, 3)).astype(np.uint8)
    assert np.array_equal(decode(dicom(tmp_path / "a.dcm", pixels, 8), channels=3), pixels)
    assert decode(tmp_path / "a.dcm").shape == (20, 30, 1)


def test_several_frames_are_refused(tmp_path: Path) -> None:
    path = dicom(tmp_path / "a.dcm", NumberOfFrames=7, PixelData=LEVELS.tobytes() * 7)
    with pytest.raises(ImageError, match=r"a\.dcm.* 7 frames; write each one"):
        decode(path)


def test_without_a_preamble(tmp_path: Path) -> None:
    data = dicom(tmp_path / "a.dcm").read_bytes()
    header = pydicom.dcmread(tmp_path / "a.dcm")
    del header.file_meta
    header.save_as(tmp_path / "b.dcm", implicit_vr=True, little_endian=True)
    assert (tmp_path / "b.dcm").read_bytes() != data
    assert np.array_equal(decode(tmp_path / "b.dcm"), decode(tmp_path / "a.dcm"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("syntax", [None, uid.RLELossless, uid.JPEG2000Lossless])
def test_cut_and_damaged_files(tmp_path: Path, syntax: str | None) -> None:
    data = dicom(tmp_path / "a.dcm", compress=syntax).read_bytes()
    path = tmp_path / "b.dcm"
    for share in (0.02, 0.3, 0.6, 0.95):
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(ImageError):
            decode(path)
    for _ in range(30):
        mutated = bytearray(data)
        for at in RNG.integers(0, len(data), 5):
            mutated[at] = RNG.integers(256)
        path.write_bytes(mutated)
        try:
            decode(path)
        except UserError:
            continue


def test_unreadable_coding_and_missing_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = dicom(tmp_path / "a.dcm")
    data = path.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.9\0")
    (tmp_path / "b.dcm").write_bytes(data)
    with pytest.raises(ImageError):
        decode(tmp_path / "b.dcm")
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(UserError, match=r"pip install 'longtail\[dicom\]'") as caught:
        decode(path)
    assert not isinstance(caught.value, ImageError)  # no policy for bad images may hide a missing package


def test_missing_plugin_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pydicom.pixels.decoders.base import Decoder

    monkeypatch.setattr(Decoder, "is_available", property(lambda _: False))
    path = dicom(tmp_path / "a.dcm", compress=uid.JPEG2000Lossless)
    with pytest.raises(UserError, match="JPEG 2000.*pylibjpeg-openjpeg"):
        decode(path)


def test_only_the_tags_needed_are_read(tmp_path: Path) -> None:
    from longtail.data.images.dicom import _header

    header = _header(dicom(tmp_path / "a.dcm").read_bytes(), tmp_path / "a.dcm")
    assert "PatientName" not in header
    assert "SOPInstanceUID" not in header


@pytest.mark.parametrize("tags", [{"RescaleSlope": "1e308"}, {"RescaleIntercept": "-1e308", "RescaleSlope": "-1e305"}])
def test_levels_beyond_numbers_are_refused_without_a_warning(tmp_path: Path, tags: dict[str, str]) -> None:
    with pytest.raises(ImageError, match="make its levels infinite"):
        decode(dicom(tmp_path / "a.dcm", **tags))


def test_levels_that_the_image_lacks_may_be_infinite(tmp_path: Path) -> None:
    path = dicom(tmp_path / "a.dcm", LEVELS // 2048, RescaleSlope="1e305")
    assert set(np.unique(decode(path))) == {0, 255}
