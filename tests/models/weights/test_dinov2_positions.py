"""DINOv2's files at another image size against `interpolate_pos_encoding` of its public code, written out."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional

from longtail.models.backbones.building import build_backbone
from longtail.models.weights.dinov2_positions import antialiased, with_positions


@pytest.mark.parametrize("size", [48, 64, 96])
@pytest.mark.parametrize("theirs", [True, False])
def test_positions_are_dinov2s(size: int, theirs: bool, tmp_path: Path) -> None:
    state = dict(build_backbone("vit_micro_patch16", weights=None, image_size=64).model.state_dict())  # type: ignore[union-attr]
    state["pos_embed"] = torch.randn(1, 17, 128)
    torch.save({**state, **({"mask_token": torch.zeros(1, 128)} if theirs else {})}, tmp_path / "w.pth")
    found = build_backbone("vit_micro_patch16", weights=tmp_path / "w.pth", image_size=size).model.pos_embed  # type: ignore[union-attr]
    patches, side = state["pos_embed"][:, 1:].reshape(1, 4, 4, 128).permute(0, 3, 1, 2), size // 16
    factor = float(side + 0.1) / 4.0
    by_dinov2 = functional.interpolate(patches, mode="bicubic", antialias=False, scale_factor=(factor, factor))
    by_timm = functional.interpolate(patches, (side, side), mode="bicubic", antialias=True)
    expected = (patches if side == 4 else by_dinov2 if theirs else by_timm).flatten(2).transpose(1, 2)
    assert side == 4 or (by_dinov2 - by_timm).abs().max() > 0.05
    torch.testing.assert_close(found, torch.cat([state["pos_embed"][:, :1], expected], 1))


def test_what_has_no_square_of_places_is_left_alone() -> None:
    for shape, grid in (((1, 19, 4), (5, 5)), ((1, 17, 4), (3, 5))):
        state = {"mask_token": torch.zeros(1, 4), "pos_embed": torch.randn(shape)}
        assert with_positions(state, grid)["pos_embed"] is state["pos_embed"]
    assert antialiased("vit_small_patch14_reg4_dinov2.lvd142m")
    assert not antialiased("vit_large_patch16_reg4_swiglu")
