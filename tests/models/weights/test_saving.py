"""Weights are the same bytes whenever they are the same weights; see tests/models/test_classifier.py for the rest."""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from longtail.models.weights.saving import order_texts, read_metadata, save_tensors, save_weights


def test_the_same_weights_with_texts_are_the_same_bytes(tmp_path: Path) -> None:
    """Safetensors hashes its texts by a seed of the process and file; five of them have 120 orders."""
    model = nn.Linear(3, 2)
    texts = {name: f'"ä\u2028\\{name}\n\x1f' for name in "edcba"}
    for i in range(8):
        save_weights(model, tmp_path / f"{i}.safetensors", metadata=texts)
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1
    assert read_metadata(tmp_path / "0.safetensors") == texts
    assert torch.equal(load_file(tmp_path / "0.safetensors")["weight"], model.weight)


def test_a_header_without_texts_is_left(tmp_path: Path) -> None:
    path = tmp_path / "plain.safetensors"
    save_file({"a": torch.ones(2)}, path)
    before = path.read_bytes()
    order_texts(path)
    assert path.read_bytes() == before


def test_tensors_of_one_memory_are_written_apart(tmp_path: Path) -> None:
    whole = torch.arange(12.0).view(3, 4)
    tensors = {"whole": whole, "again": whole, "row": whole[1], "across": whole.T, "none": whole[:0]}
    for i in range(4):
        save_tensors(tensors, tmp_path / str(i), metadata={"b": "1", "a": "2"})
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1
    found = load_file(tmp_path / "0")
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())
