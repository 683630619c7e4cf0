"""A checkpoint is read back exactly, is the same bytes for the same state, and is refused when it is not whole."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from longtail.errors import UserError
from longtail.running.checkpoint import check_same, read_checkpoint, write_checkpoint

STATE = {"epoch": 2, "seconds": 0.1 + 0.2, "keeper": {"value": None}}


def test_it_is_read_back_exactly(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    assert read_checkpoint(path) is None
    one = torch.arange(6.0).view(2, 3)
    write_checkpoint(path, {"a": torch.zeros(1)}, {})
    tensors = {"a": one, "tied": one, "across": one.T, "part": one[1], "count": torch.tensor(3), "empty": one[:0]}
    write_checkpoint(path, tensors, STATE)
    found = read_checkpoint(path)
    assert found is not None
    assert found[1] == STATE
    assert found[0].keys() == tensors.keys()
    assert all(torch.equal(found[0][name], tensors[name]) for name in tensors)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_the_same_state_is_the_same_bytes(tmp_path: Path) -> None:
    for i in range(6):
        write_checkpoint(tmp_path / str(i), {"a": torch.ones(2)}, STATE if i % 2 else dict(reversed(STATE.items())))
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1


def test_what_is_not_whole_is_refused_and_left(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    write_checkpoint(path, {"a": torch.ones(50)}, STATE)
    whole = path.read_bytes()
    for part in (b"", whole[:4], whole[:60], whole[:-1]):
        path.write_bytes(part)
        with pytest.raises(UserError, match="no whole checkpoint and can't be read .* remove it to train anew"):
            read_checkpoint(path)
        assert path.read_bytes() == part
    for texts in ({"format": "1"}, {"format": "1", "state": "{"}):
        save_file({"a": torch.ones(2)}, path, metadata=texts)
        with pytest.raises(UserError, match="no whole checkpoint and can't be read"):
            read_checkpoint(path)


@pytest.mark.parametrize("texts", [None, {"longtail": '{"seed": 0}'}, {"format": "0", "state": "{}"}])
def test_another_format_is_refused_in_a_sentence(tmp_path: Path, texts: dict[str, str] | None) -> None:
    """Such as that of pre-training before both loops wrote one format."""
    path = tmp_path / "checkpoint.safetensors"
    save_file({"a": torch.ones(2)}, path, metadata=texts)
    with pytest.raises(UserError, match=r"is of another version of longtail; remove it to train anew\.$"):
        read_checkpoint(path)


def test_other_facts_are_refused() -> None:
    check_same({"seed": 1, "images": 5}, {"images": 5, "seed": 1}, Path("here"))
    with pytest.raises(UserError, match="'here' was written with seed 1 and now it is 2; go on with the same, or"):
        check_same({"seed": 1}, {"seed": 2}, Path("here"))
    with pytest.raises(UserError, match="was written with images None and now it is 5"):
        check_same({"seed": 1}, {"seed": 1, "images": 5}, Path("here"))
