"""The data set on disk: the same bytes for the same seed, whole or no manifest, valid, PNG and DICOM."""

import hashlib
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from longtail.data.manifest import Manifest
from longtail.data.phantom import phantoms
from longtail.data.phantom import writing as room
from longtail.data.validation import validate
from longtail.errors import UserError

SIZE = 48


def _bytes(folder):
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("made")
    return phantoms(out, patients=30, size=SIZE, seed=4)


def test_the_set_is_valid_and_complete(made):
    loaded = Manifest.load(made.root / "manifest.csv")
    assert [p for p in validate(loaded) if p.severity == "error"] == []
    assert loaded.labels[0] == "No Finding"
    assert len(loaded.labels) >= 17
    assert set(loaded.column("view")) == {"AP", "PA", "LATERAL"}
    assert set(loaded.column("source")) == {"phantom"}
    assert {"age", "sex"} <= set(loaded.extras)
    none = loaded.targets[:, 0] == 1
    assert ((loaded.targets[:, 1:].sum(axis=1) == 0) == none).all()
    with Image.open(loaded.image_paths[0]) as image:
        assert (image.size, image.mode) == ((SIZE, SIZE), "L")
        assert 30 < np.asarray(image).std() < 110


def test_boxes_belong_to_present_labels_inside_their_images(made):
    assert made.boxes is not None
    row = {name: i for i, name in enumerate(made.table["image"])}
    for box in made.boxes.itertuples():
        assert made.targets[row[box.image], made.labels.index(box.label)] == 1
        assert 0 <= box.left < box.right <= SIZE
        assert 0 <= box.top < box.bottom <= SIZE


def test_labels_belong_to_studies(made):
    for rows in made.table.groupby("study").groups.values():
        states = made.targets[np.asarray(rows)]
        assert (states == states[0]).all()


def test_same_seed_same_bytes_other_seed_other(made, tmp_path):
    phantoms(tmp_path / "again", patients=30, size=SIZE, seed=4)
    assert _bytes(tmp_path / "again") == _bytes(made.root)
    phantoms(tmp_path / "other", patients=2, size=SIZE, seed=5)
    first = sorted(made.table["image"])[0]
    assert (tmp_path / "other" / first).read_bytes() != (made.root / first).read_bytes()


def test_a_patient_does_not_depend_on_how_many_there_are(made, tmp_path):
    few = phantoms(tmp_path / "few", patients=5, size=SIZE, seed=4)
    for name in few.table["image"]:
        assert (few.root / name).read_bytes() == (made.root / name).read_bytes()


def test_processes_draw_the_same(made, tmp_path):
    both = phantoms(tmp_path / "two", patients=30, size=SIZE, seed=4, workers=2)
    assert both.digest() == made.digest()
    assert _bytes(both.root) == _bytes(made.root)


def test_an_interrupted_run_leaves_no_manifest_and_a_rerun_completes(made, tmp_path):
    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        phantoms(tmp_path, patients=30, size=SIZE, seed=4, on_progress=stop)
    assert not (tmp_path / "manifest.csv").exists()
    assert phantoms(tmp_path, patients=30, size=SIZE, seed=4).digest() == made.digest()
    assert _bytes(tmp_path) == _bytes(made.root)


def test_a_finished_set_is_not_drawn_again_unless_files_are_missing(tmp_path, monkeypatch):
    first = phantoms(tmp_path, patients=3, size=SIZE)
    monkeypatch.setattr(room, "_draw_all", lambda *_: pytest.fail("drawn again"))
    assert phantoms(tmp_path, patients=3, size=SIZE).digest() == first.digest()
    monkeypatch.undo()
    first.image_paths[0].unlink()
    assert phantoms(tmp_path, patients=3, size=SIZE).digest() == first.digest()
    assert first.image_paths[0].exists()


def test_other_folders_are_left_alone(tmp_path):
    phantoms(tmp_path / "a", patients=1, size=SIZE)
    with pytest.raises(UserError, match=r"other settings.*--out"):
        phantoms(tmp_path / "a", patients=2, size=SIZE)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "thesis.tex").write_text("years of work")
    with pytest.raises(UserError, match="not empty"):
        phantoms(tmp_path / "b", patients=1, size=SIZE)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"patients": 0}, "patients is 0"),
        ({"size": 8}, "size is 8"),
        ({"seed": -1}, "seed is -1"),
        ({"label_noise": 1.0}, "label_noise is 1"),
        ({"unknown": -0.1}, "unknown is -0.1"),
        ({"format": "tiff"}, "png, dicom"),
        ({"workers": 0}, "workers is 0"),
        ({"prevalence": {"Herna": 0.1}}, "Did you mean 'Hernia'"),
    ],
)
def test_bad_settings_are_refused_before_anything_is_written(tmp_path, wrong, says):
    with pytest.raises(UserError, match=says):
        phantoms(tmp_path / "new", **wrong)
    assert not (tmp_path / "new").exists()


def test_noise_and_unknowns_change_labels_not_images(made, tmp_path):
    noisy = phantoms(tmp_path, patients=30, size=SIZE, seed=4, label_noise=0.05, unknown=0.1)
    assert (tmp_path / noisy.table["image"][0]).read_bytes() == (made.root / noisy.table["image"][0]).read_bytes()
    unknown = np.isnan(noisy.targets[:, 1:])
    assert 0.05 < unknown.mean() < 0.16
    flipped = (noisy.targets != made.targets)[:, 1:][~unknown].mean()
    assert 0.02 < flipped < 0.09


def test_single_label(tmp_path):
    one = phantoms(tmp_path, patients=40, size=SIZE, seed=1, single_label=True)
    loaded = Manifest.load(tmp_path)
    assert loaded.task == "singlelabel"
    assert [p for p in validate(loaded) if p.severity == "error"] == []
    assert "LATERAL" not in set(one.column("view"))
    assert one.boxes is not None
    drawn = dict(zip(one.table["image"], one.targets, strict=True))
    assert all(one.labels[drawn[box.image]] == box.label for box in one.boxes.itertuples())


def test_dicom_reads_back_as_the_png(tmp_path):
    pydicom = pytest.importorskip("pydicom")
    png = phantoms(tmp_path / "png", patients=6, size=SIZE, seed=2)
    dicom = phantoms(tmp_path / "dicom", patients=6, size=SIZE, seed=2, format="dicom")
    kinds, patients = set(), set()
    for one, other in zip(png.image_paths, dicom.image_paths, strict=True):
        data = pydicom.dcmread(other)
        kinds.add(data.PhotometricInterpretation)
        patients.add(data.PatientID)
        assert (data.BitsStored, data.Modality) == (12, "DX")
        levels = data.pixel_array.astype(float)
        levels = 4095 - levels if data.PhotometricInterpretation == "MONOCHROME1" else levels
        with Image.open(one) as image:
            assert np.abs(np.asarray(image) / 255 - levels / 4095).max() < 0.003
    assert kinds == {"MONOCHROME1", "MONOCHROME2"}
    assert patients == set(dicom.column("patient"))
    assert (tmp_path / "dicom" / dicom.table["image"][0]).read_bytes()[128:132] == b"DICM"


def test_dicom_without_the_extra_says_how_to_get_it(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(UserError, match=r"longtail\[dicom\]"):
        phantoms(tmp_path / "new", patients=1, format="dicom")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_processes_leave_with_their_parent(tmp_path, number):
    """Ctrl-C goes to a whole terminal: one sentence, no tracebacks; after a kill nobody waits for work for ever."""
    call = [sys.executable, "-m", "longtail", "data", "phantoms", "--patients", "3000", "--workers", "2"]
    said = tmp_path / "said"
    with (
        said.open("w") as file,
        subprocess.Popen(
            [*call, "--out", str(tmp_path / "p")], stderr=file, start_new_session=True, preexec_fn=_hears_ctrl_c
        ) as parent,
    ):
        deadline = time.monotonic() + 60
        while not list((tmp_path / "p").glob("images/*")) and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(parent.pid, number) if number == signal.SIGINT else parent.kill()
        parent.wait(30)
        while _alive(parent.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert not _alive(parent.pid)
    if number == signal.SIGINT:
        assert parent.returncode == 130
        assert said.read_text().startswith("error: interrupted")
        assert "Traceback" not in said.read_text()


def _hears_ctrl_c():
    """A shell's background jobs ignore Ctrl-C, and so would all that they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
