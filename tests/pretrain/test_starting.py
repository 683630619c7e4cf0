"""Starting from others' checkpoints: every format gives the same features, and half a match is refused."""

import re
from pathlib import Path

import pytest
import torch
from timm.layers.drop import DropPath
from torch import Tensor

from longtail.errors import UserError
from longtail.models.weights.transformers_dinov2 import from_transformers
from longtail.pretrain.starting import start_from

NAME, PLAIN = "vit_small_patch16_reg4_swiglu", "vit_small_patch14_dinov2"


def _as_dinov2(state: dict[str, Tensor], chunks: int | None) -> dict[str, Tensor]:
    """timm's names as DINOv2's with registers: positions with the class token's, SwiGLU's names, chunks of blocks."""
    found = {}
    for name, tensor in state.items():
        name = (
            name.replace("mlp.fc1.", "mlp.w12.").replace("mlp.fc2.", "mlp.w3.").replace("reg_token", "register_tokens")
        )
        if chunks:
            name = re.sub(r"^blocks\.(\d+)\.", lambda m: f"blocks.{int(m[1]) // chunks}.{m[1]}.", name)
        found[name] = tensor
    found["pos_embed"] = torch.cat([torch.zeros_like(found["pos_embed"][:, :1]), found["pos_embed"]], 1)
    return found | {"mask_token": torch.zeros(1, state["cls_token"].shape[-1])}


@pytest.mark.parametrize("chunks", [None, 3])
def test_chexfounds_format(tmp_path: Path, chunks: int | None) -> None:
    ours = start_from(NAME, "none", image_size=32, channels=3)
    theirs = {f"backbone.{name}": tensor for name, tensor in _as_dinov2(ours.model.state_dict(), chunks).items()}
    theirs |= {"dino_head.mlp.0.weight": torch.zeros(2, 2), "ibot_head.mlp.0.weight": torch.zeros(2, 2)}
    torch.save({"teacher": theirs, "iteration": 249_999}, tmp_path / "teacher.pth")
    loaded = start_from(NAME, tmp_path / "teacher.pth", image_size=32, channels=3)
    torch.testing.assert_close(loaded.model.state_dict(), ours.model.state_dict())
    grey = start_from(NAME, tmp_path / "teacher.pth", image_size=32, channels=1)
    images = torch.randn(1, 1, 32, 32)
    torch.testing.assert_close(
        grey.eval().pooled(images), ours.eval().pooled(images.expand(-1, 3, -1, -1)), rtol=1e-3, atol=1e-4
    )
    del theirs["backbone.norm.weight"]
    torch.save({"teacher": theirs}, tmp_path / "half.pth")
    with pytest.raises(UserError, match="tensors are missing"):
        start_from(NAME, tmp_path / "half.pth", image_size=32, channels=3)


def _as_transformers(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """DINOv2 (no registers) under the names of `transformers`."""
    names = (
        (r"^patch_embed\.proj\.", "embeddings.patch_embeddings.projection."),
        (r"^pos_embed$", "embeddings.position_embeddings"),
        (r"^cls_token$", "embeddings.cls_token"),
        (r"^blocks\.", "encoder.layer."),
        (r"^norm\.", "layernorm."),
        (r"\.attn\.proj\.", ".attention.output.dense."),
        (r"\.ls(\d)\.gamma$", r".layer_scale\1.lambda1"),
    )
    found = {"embeddings.mask_token": torch.zeros(1, 384)}
    for name, tensor in state.items():
        for pattern, new in names:
            name = re.sub(pattern, new, name)
        if ".attn.qkv." in name:
            for part, piece in zip(("query", "key", "value"), tensor.chunk(3), strict=True):
                found[name.replace("attn.qkv", f"attention.attention.{part}")] = piece
        else:
            found[name] = tensor
    return found


@pytest.mark.parametrize("prefix", ["", "dinov2."])
def test_rad_dinos_format(tmp_path: Path, prefix: str) -> None:
    ours = start_from(PLAIN, "none", image_size=28, channels=3)
    theirs = {f"{prefix}{name}": tensor for name, tensor in _as_transformers(ours.model.state_dict()).items()}
    torch.save(theirs, tmp_path / "rad-dino.bin")
    loaded = start_from(PLAIN, tmp_path / "rad-dino.bin", image_size=28, channels=3)
    torch.testing.assert_close(loaded.model.state_dict(), ours.model.state_dict())


def test_what_is_not_of_transformers_stays() -> None:
    state = {"blocks.0.norm1.weight": torch.ones(2)}
    assert from_transformers(state) == state


def test_positions_are_interpolated_or_begin_anew(tmp_path: Path) -> None:
    small = start_from(NAME, "none", image_size=32, channels=3)
    torch.nn.init.constant_(small.model.pos_embed, 0.7)  # type: ignore[arg-type]
    torch.save(small.model.state_dict(), tmp_path / "small.pth")
    larger = start_from(NAME, tmp_path / "small.pth", image_size=64, channels=3)
    torch.testing.assert_close(larger.model.pos_embed, torch.full((1, 16, 384), 0.7))
    torch.manual_seed(3)
    dropped = start_from(NAME, tmp_path / "small.pth", image_size=64, channels=3, positions="drop")
    torch.manual_seed(3)
    fresh = start_from(NAME, "none", image_size=64, channels=3)
    torch.testing.assert_close(dropped.model.pos_embed, fresh.model.pos_embed)
    torch.testing.assert_close(dropped.model.blocks[3].mlp.fc1.weight, small.model.blocks[3].mlp.fc1.weight)


def test_a_file_of_another_network_is_refused(tmp_path: Path) -> None:
    torch.save(start_from("test_vit", "none", image_size=32, channels=3).state_dict(), tmp_path / "other.pth")
    with pytest.raises(UserError, match="does not fit backbone"):
        start_from(NAME, tmp_path / "other.pth", image_size=32, channels=3)


def test_all_blocks_drop_their_paths_alike() -> None:
    dropping = start_from("test_vit", "none", image_size=32, channels=1, drop_path=0.4)
    rates = [part.drop_prob for part in dropping.modules() if isinstance(part, DropPath)]
    assert rates == [0.4] * 2 * len(dropping.model.blocks)  # type: ignore[arg-type]
    plain = start_from("test_vit", "none", image_size=32, channels=1)
    assert not [part for part in plain.modules() if isinstance(part, DropPath)]
    assert dropping.state_dict().keys() == plain.state_dict().keys()


def test_a_backbone_of_one_size_is_told() -> None:
    with pytest.raises(UserError, match="shows large and small views; take a CNN"):
        start_from("beit_base_patch16_224", "none", image_size=32, channels=1)
