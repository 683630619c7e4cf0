"""Weight files: every wrapper, and nothing but tensors."""

import argparse
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from longtail.errors import UserError
from longtail.models.weights.reading import read_state, unwrap

STATE = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}


class Trap:
    """Unpickling this would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.write_text, (self.path, "run"))


@pytest.mark.parametrize(
    "content",
    [
        STATE,
        {"state_dict": STATE, "epoch": 3},
        {"model": STATE, "optimizer": {"state": {}}},
        {"student": {"other": torch.zeros(1)}, "teacher": STATE},
        {"state_dict": {"model": STATE}},
        {"model": STATE, "args": argparse.Namespace(lr=0.1)},
    ],
)
def test_wrappers_are_taken_off(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "weights.pth")
    found = read_state(tmp_path / "weights.pth")
    assert found.keys() == STATE.keys()
    assert all(torch.equal(found[name], STATE[name]) for name in STATE)


def test_safetensors_and_folders_of_them(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "model.safetensors")
    for path in (tmp_path / "model.safetensors", tmp_path):
        assert torch.equal(read_state(path)["a.weight"], STATE["a.weight"])


def test_a_network_whose_own_part_is_called_model_keeps_its_tensors() -> None:
    assert unwrap({**STATE, "model": {"x": torch.zeros(1)}}).keys() == STATE.keys()


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    torch.save({"model": STATE, "trap": Trap(tmp_path / "sprung")}, tmp_path / "weights.pth")
    with pytest.raises(UserError, match="holds Python objects, which are not read because they could run any code"):
        read_state(tmp_path / "weights.pth")
    assert not (tmp_path / "sprung").exists()


def test_broken_and_absent_files_are_told(tmp_path: Path) -> None:
    for name in ("broken.pth", "broken.safetensors"):
        (tmp_path / name).write_bytes(b"not weights at all")
        with pytest.raises(UserError, match="no whole"):
            read_state(tmp_path / name)
    torch.save(STATE, tmp_path / "whole.pth")
    (tmp_path / "half.pth").write_bytes((tmp_path / "whole.pth").read_bytes()[:500])
    (tmp_path / "empty.pth").write_bytes(b"")
    torch.save({"epoch": 3}, tmp_path / "none.pth")
    for name, message in [
        ("half.pth", "no whole weights file"),
        ("empty.pth", "no whole weights file"),
        ("none.pth", "holds no tensors"),
        ("absent.pth", "there is no weights file"),
        ("", "holds none of weights.safetensors, model.safetensors"),
    ]:
        with pytest.raises(UserError, match=message):
            read_state(tmp_path / name)
