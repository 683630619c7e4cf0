"""An export predicts what its run predicts, holds what it needs, and is whole or absent."""

import json
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from longtail.cli import run as cli
from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.export.exporting import export
from longtail.export.formats.openvino_file import _silent
from longtail.export.predicting import predict_export
from longtail.export.stored import read_export
from longtail.predict.files import read_predictions
from longtail.predict.predicting import predict

Made = tuple[Path, Path]


@pytest.fixture(scope="module")
def as_torch(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run, _ = made
    done = export(run, tmp_path_factory.mktemp("made") / "exported", format="torch")
    assert done.parity.difference < 1e-5
    assert done.parity.on == "8 validation images and noise"
    assert done.bytes == sum(file.stat().st_size for file in done.folder.iterdir())
    return done.folder


def test_it_predicts_as_the_run_does(made: Made, as_torch: Path) -> None:
    run, path = made
    manifest = Manifest.load(path)
    ours, theirs = predict(run, manifest, split="test"), predict_export(as_torch, manifest, split="test", batch_size=3)
    assert ours.keys.tolist() == theirs.keys.tolist()
    np.testing.assert_allclose(theirs.values, ours.values, atol=1e-5)


def test_it_carries_what_was_decided_and_found(made: Made, as_torch: Path) -> None:
    run, _ = made
    bundle = read_export(as_torch)
    decided = json.loads((run / "decisions.json").read_text(encoding="utf-8"))
    assert bundle.decisions.thresholds == decided["thresholds"]
    assert bundle.decisions.calibration == decided["calibration"]
    assert [member.name for member in bundle.members] == ["small", "large"]
    assert set(bundle.evidence) == {"val", "test"}
    told = json.loads((as_torch / "export.json").read_text(encoding="utf-8"))
    assert told["trained_on"]["rows"] == 32
    assert told["members"][1]["input"] == ["batch", 40, 40, 1]
    card = (as_torch / "model-card.md").read_text(encoding="utf-8")
    for part in ("## Intended use", "## Limits", "| dot |", "Two small stages.", "Thresholds by f1", "40 x 40 px"):
        assert part in card
    assert bundle.notes == (
        "Numbers of test are of the data set's own test rows; expect worse elsewhere. Those of val are of rows that"
        " chose thresholds and calibration.",
    )


def test_on_the_command_line_and_again(made: Made, in_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, path = made
    words = ["export", str(run), "--format", "torch", "--stage", "small", "--tta", "identity", "--out", "e"]
    for _ in range(2):  # the second replaces the first
        assert cli(words) == 0
    assert "largest difference from predict: " in capsys.readouterr().out
    assert sorted(file.name for file in (in_tmp / "e").iterdir()) == ["export.json", "model-card.md", "small.pt2"]
    assert [file.name for file in in_tmp.iterdir()] == ["e"]
    assert cli(["predict", "e", str(path), "--split", "val", "--out", "p.csv"]) == 0
    assert len(read_predictions("p.csv")) == 8
    assert cli(["predict", "e", str(path), "--tta", "hflip", "--out", "p.csv"]) == 2
    assert "give --tta to longtail export" in capsys.readouterr().err


def test_a_head_that_reads_data_sets_is_compared_with_what_predict_gives(
    made: Made, in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, path = made
    assert cli(["export", str(run), "--format", "torch", "--stage", "sourced", "--out", "e"]) == 0
    out = " ".join("".join(capsys.readouterr()).split())
    val = Manifest.load(path).select(Manifest.load(path).rows_of("val"))
    apart = np.abs(predict(run, val, stages=["sourced"]).values - predict_export("e", val).values)
    assert apart.max() > 1e-3  # or it would show nothing
    assert f"largest difference from predict: {apart.max():.2g}, on 8 validation images, whose data set predict" in out
    said = (
        "The head of stage 'sourced' reads which data set an image is of (here, there). An export and a server are told"
    )
    measured = (
        f"on 8 validation images their probabilities are up to {apart.max():.2g}, on average {apart.mean():.2g}, from"
    )
    card = (in_tmp / "e" / "model-card.md").read_text(encoding="utf-8")
    for text in (out, card, read_export("e").notes[-1]):
        assert said in text
        assert measured in text


def test_without_its_manifest_noise_is_compared(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("longtail.export.exporting._manifest", lambda *_: None)
    done = export(made[0], tmp_path / "e", format="torch", stages=["small"])
    assert done.parity.on.startswith("noise")


def test_mistakes_are_sentences(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, _ = made
    with pytest.raises(UserError, match="unknown export format 'onx'.*Did you mean 'onnx'"):
        export(run, format="onx")
    with pytest.raises(UserError, match="no int8"):
        export(run, tmp_path / "e", format="torch", int8=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("x", encoding="utf-8")
    with pytest.raises(UserError, match="is there and no export"):
        export(run, tmp_path / "mine", format="torch")
    assert cli(["export", str(run), "--against", "resnet50"]) == 2
    assert "--profile" in capsys.readouterr().err
    with pytest.raises(UserError, match="is no export"):
        read_export(tmp_path)


@pytest.mark.parametrize("name", ["decisions.json", "metrics.json", "stages/small/stage.json"])
@pytest.mark.parametrize("text", ["{", "[1]"])
def test_a_damaged_run_is_told(
    made: Made, tmp_path: Path, name: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run, manifest = Path(shutil.copytree(made[0], tmp_path / "run")), made[1]
    (run / name).unlink()
    (run / name).write_text(text, encoding="utf-8")
    works = [["export", str(run), "--format", "torch", "--out", str(tmp_path / "e")]]
    if name != "metrics.json":  # which predictions need not
        works.append(["predict", str(run), str(manifest), "--out", str(tmp_path / "p.csv")])
    for words in works:
        assert cli(words) == 2
        assert (
            f"{Path(name).name}' {'is no JSON' if text == '{' else 'holds no JSON object but [1]'}"
            in capsys.readouterr().err
        )
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_damaged_export_is_told(as_torch: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export = Path(shutil.copytree(as_torch, tmp_path / "e"))
    (export / "large.pt2").write_bytes((as_torch / "large.pt2").read_bytes()[:999])
    assert cli(["serve", str(export)]) == 2
    assert "large.pt2' cannot be opened (" in (told := capsys.readouterr().err)
    assert told.rstrip().endswith("copy the whole folder again, or export again.")


def test_a_file_that_differs_is_refused(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("longtail.export.parity._of_networks", lambda *_: 0.25)
    with pytest.raises(UserError, match=r"differ from predict's by up to 0\.25"):
        export(made[0], tmp_path / "e", format="torch", stages=["small"])
    assert not list(tmp_path.iterdir())


def test_onnx_predicts_without_torch(made: Made, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    run, path = made
    done = export(run, tmp_path / "e", stages=["small"], tta=["identity"])
    assert done.parity.difference < 1e-4
    props = {each.key: each.value for each in onnx.load(done.folder / "small.onnx").metadata_props}
    assert json.loads(props["longtail"]) == json.loads((done.folder / "export.json").read_text(encoding="utf-8"))
    words = ["predict", str(tmp_path / "e"), str(path), "--out", str(tmp_path / "p.parquet")]
    script = (
        f"import sys; from longtail.cli import run\nassert run({words!r}) == 0\n"
        "assert not {'torch', 'torchvision', 'timm'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    ours = predict(run, Manifest.load(path), stages=["small"], tta=["identity"])
    np.testing.assert_allclose(read_predictions(tmp_path / "p.parquet").values, ours.values, atol=1e-4)


def test_int8_says_what_it_costs(made: Made, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    done = export(made[0], tmp_path / "e", int8=True, stages=["small"], tta=["identity"])
    assert done.loss is not None
    assert done.loss.over == 3
    assert done.loss.moved > 1e-4
    assert done.parity.difference == done.loss.moved  # of the int8 file, not of the fp32 one before it
    card = (tmp_path / "e" / "model-card.md").read_text(encoding="utf-8")
    assert f"{done.loss.moved:.2g} on 8 validation images. int8: mAP" in card
    assert sorted(file.name for file in (tmp_path / "e").iterdir()) == ["export.json", "model-card.md", "small.onnx"]


def test_openvino(made: Made, tmp_path: Path) -> None:
    _silent()  # before anything imports it
    pytest.importorskip("openvino")
    done = export(made[0], tmp_path / "e", format="openvino", stages=["small"], tta=["identity"])
    assert done.parity.difference < 2e-2
    assert sorted(file.suffix for file in done.folder.iterdir()) == [".bin", ".json", ".md", ".xml"]
    import openvino
    from openvino.tools.ovc import convert_impl

    assert convert_impl.tm.__name__ == "openvino.tools.ovc.telemetry_stub"  # nothing is sent to its makers
    told = openvino.Core().read_model(done.folder / "small.xml").get_rt_info(["longtail"]).astype(str)
    assert json.loads(told) == json.loads((done.folder / "export.json").read_text(encoding="utf-8"))
    assert predict_export(done.folder, Manifest.load(made[1]), split="val").values.shape == (8, 3)


@pytest.mark.parametrize("before", [False, True])
def test_openvino_reports_nothing(before: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[object] = []
    names = ("openvino_telemetry", "openvino_telemetry.utils", "openvino_telemetry.utils.sender")
    for name in names:
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sender = SimpleNamespace(send=sent.append)
    sys.modules[names[2]].TelemetrySender = sender  # type: ignore[attr-defined]
    if not before:
        monkeypatch.delitem(sys.modules, names[0])
    _silent()
    if before:
        sender.send("event")
        assert not sent
    else:
        with pytest.raises(ImportError):  # openvino and nncf then take their stubs
            import_module("openvino_telemetry")
