"""Soups: the mean of tensors, exact for linear models; what cannot be averaged is refused."""

from pathlib import Path

import pytest
import torch
from torch import nn

from longtail.errors import UserError
from longtail.models.weights.reading import read_state
from longtail.models.weights.saving import load_weights, read_metadata, save_weights
from longtail.predict import greedy_soup, soup


def _saved(folder: Path, seed: int, features: int = 4) -> Path:
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, features), nn.BatchNorm1d(features))
    model(torch.randn(8, 3))
    path = folder / f"{seed}-{features}.safetensors"
    save_weights(model, path, metadata={"stage": f"m{seed}"})
    return path


def test_the_mean_of_every_tensor(tmp_path: Path) -> None:
    paths = [_saved(tmp_path, seed) for seed in range(3)]
    out = soup(paths, tmp_path / "soup.safetensors")
    states, mean = [read_state(path) for path in paths], read_state(out)
    for name, tensor in mean.items():
        expected = torch.stack([state[name].double() for state in states]).mean(0).to(tensor.dtype)
        torch.testing.assert_close(tensor, expected if tensor.is_floating_point() else states[0][name])
        assert tensor.dtype == states[0][name].dtype
    assert read_metadata(out)["stage"] == "m0"
    load_weights(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)), out)


def test_weights(tmp_path: Path) -> None:
    paths = [_saved(tmp_path, seed) for seed in range(2)]
    found = read_state(soup(paths, tmp_path / "s.safetensors", weights=[3, 1]))["0.weight"]
    one, two = (read_state(path)["0.weight"] for path in paths)
    torch.testing.assert_close(found, 0.75 * one + 0.25 * two)
    assert torch.equal(read_state(soup(paths[:1], tmp_path / "t.safetensors"))["0.weight"], one)
    with pytest.raises(UserError, match="are no weights for 2 models"):
        soup(paths, tmp_path / "u.safetensors", weights=[1])


def test_other_models_are_refused(tmp_path: Path) -> None:
    one = _saved(tmp_path, 0)
    with pytest.raises(UserError, match=r"'0.bias' has shape \(4,\)"):
        soup([one, _saved(tmp_path, 0, features=5)], tmp_path / "s.safetensors")
    other = tmp_path / "other.safetensors"
    save_weights(nn.Linear(3, 4), other)
    with pytest.raises(UserError, match="of different models"):
        soup([one, other], tmp_path / "s.safetensors")
    assert not (tmp_path / "s.safetensors").exists()


def test_a_greedy_soup_leaves_out_what_hurts() -> None:
    states = [{"w": torch.tensor([value])} for value in (1.2, 0.8, 9.0)]
    mean, members = greedy_soup(states, lambda state: -abs(float(state["w"]) - 1))
    assert sorted(members) == [0, 1]
    torch.testing.assert_close(mean["w"], torch.tensor([1.0]))
