"""Fitting a file's tensors to a backbone: prefixes, conversions, stems, sizes; and refusing what is not complete."""

import re
from pathlib import Path

import pytest
import timm
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from longtail.errors import UserError
from longtail.models.backbones.building import build_backbone
from longtail.models.weights.fitting import adapt_channels, drop_classifiers, fit, flat_blocks

SMALL = ["test_resnet", "test_vit", "test_convnext", "test_efficientnet"]
PREFIXES = [
    "",
    "module.",
    "backbone.",
    "encoder.",
    "module.backbone.",
    "backbone.model.",
    "_orig_mod.module.",
    "teacher.backbone.",
]


def _published(name: str, seed: int = 5) -> tuple[torch.nn.Module, dict[str, Tensor]]:
    """A timm model with its classifier, and its state, as a published file would hold it."""
    torch.manual_seed(seed)
    model = timm.create_model(name).eval()
    return model, {key: value.clone() for key, value in model.state_dict().items()}


def _saved(state: dict[str, Tensor], path: Path) -> Path:
    save_file(state, path)
    return path


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_file_of_the_same_network_gives_the_same_features(name: str, prefix: str, tmp_path: Path) -> None:
    model, state = _published(name)
    path = _saved({f"{prefix}{key}": value for key, value in state.items()}, tmp_path / "w.safetensors")
    backbone = build_backbone(name, weights=path).eval()
    images = torch.randn(1, 3, 160, 160)
    with torch.no_grad():
        expected = model.forward_head(model.forward_features(images), pre_logits=True)
        torch.testing.assert_close(backbone.pooled(images), expected)
    assert str(path) in backbone.licence


def test_other_parts_beside_the_backbone_are_left_out(tmp_path: Path) -> None:
    _, state = _published("test_vit")
    content = {f"backbone.{key}": value for key, value in state.items()}
    content |= {"dino_head.mlp.0.weight": torch.zeros(3), "head.weight": torch.zeros(9, 64)}
    build_backbone("test_vit", weights=_saved(content, tmp_path / "w.safetensors"))


def test_old_files_without_batch_norm_counters_fit(tmp_path: Path) -> None:
    _, state = _published("test_resnet")
    state = {key: value for key, value in state.items() if "num_batches_tracked" not in key}
    build_backbone("test_resnet", weights=_saved(state, tmp_path / "w.safetensors"))


@pytest.mark.parametrize("name", SMALL)
def test_one_absent_tensor_refuses_the_file(name: str, tmp_path: Path) -> None:
    _, state = _published(name)
    lost = next(
        key
        for key in reversed(state)
        if key.endswith("weight") and "head" not in key and "fc." not in key and "class" not in key
    )
    del state[lost]
    path = _saved(state, tmp_path / "w.safetensors")
    with pytest.raises(UserError, match=re.escape(f"tensors are missing ({lost})")):
        build_backbone(name, weights=path)


def test_the_refusal_names_what_is_missing_unexpected_and_misshaped(tmp_path: Path) -> None:
    _, state = _published("test_resnet")
    state["extra.weight"] = torch.zeros(2)
    state["bn1.bias"] = torch.zeros(7)
    del state["bn1.weight"]
    path = _saved(state, tmp_path / "w.safetensors")
    with pytest.raises(UserError) as told:
        build_backbone("test_resnet", weights=path)
    for part in (
        "does not fit backbone 'test_resnet'",
        "1 of ",
        "missing (bn1.weight)",
        "1 are unexpected (extra.weight)",
        "bn1.bias is (7,) in the file and (32,) in the backbone",
        "name the backbone that the file was made for",
    ):
        assert part in str(told.value)


def test_a_file_of_another_network_is_refused(tmp_path: Path) -> None:
    path = _saved(_published("test_resnet")[1], tmp_path / "w.safetensors")
    with pytest.raises(UserError, match="does not fit backbone 'test_vit'"):
        build_backbone("test_vit", weights=path)


def test_position_embeddings_are_interpolated_to_the_image_size(tmp_path: Path) -> None:
    _, state = _published("test_vit")
    backbone = build_backbone("test_vit", weights=_saved(state, tmp_path / "w.safetensors"), image_size=96)
    grid = state["pos_embed"][:, 1:].reshape(1, 10, 10, 64).permute(0, 3, 1, 2)
    expected = functional.interpolate(grid, (6, 6), mode="bicubic", antialias=True).flatten(2).transpose(1, 2)
    found = backbone.model.pos_embed.detach()  # type: ignore[union-attr]
    torch.testing.assert_close(found[:, 1:], expected)
    torch.testing.assert_close(found[:, :1], state["pos_embed"][:, :1])


def test_the_file_of_a_stage_at_another_image_size_fits(tmp_path: Path) -> None:
    from longtail.models.classifier import Classifier
    from longtail.models.heads.building import build_head
    from longtail.models.weights.saving import save_weights

    first = build_backbone("test_vit", weights=None, image_size=64)
    save_weights(Classifier(first, build_head("linear", first.sizes, 3)), tmp_path / "weights.safetensors")
    second = build_backbone("test_vit", weights=tmp_path / "weights.safetensors", image_size=64)
    torch.testing.assert_close(second.state_dict(), first.state_dict())
    build_backbone("test_vit", weights=tmp_path, image_size=128)


def test_dinov2_files_in_chunks_fit(tmp_path: Path) -> None:
    """Facebook's names: chunks of blocks, `register_tokens`, a mask token, the teacher beside its heads."""
    name = "vit_small_patch14_reg4_dinov2"
    model = timm.create_model(name, num_classes=0, img_size=56)
    theirs = {f"backbone.{_chunked(key)}": value for key, value in model.state_dict().items() if key != "pos_embed"}
    theirs["backbone.pos_embed"] = torch.cat([torch.zeros(1, 1, 384), model.state_dict()["pos_embed"]], 1)
    theirs["backbone.mask_token"] = torch.zeros(1, 384)
    theirs["dino_head.mlp.0.weight"] = torch.zeros(2)
    torch.save({"teacher": theirs}, tmp_path / "w.pth")
    backbone = build_backbone(name, weights=tmp_path / "w.pth", image_size=56)
    torch.testing.assert_close(backbone.model.blocks[7].attn.qkv.weight, model.blocks[7].attn.qkv.weight)  # type: ignore[index,union-attr]
    torch.testing.assert_close(backbone.model.reg_token, model.reg_token)


def _chunked(key: str) -> str:
    found = re.match(r"blocks\.(\d+)\.", key)
    key = key.replace("reg_token", "register_tokens")
    return f"blocks.{int(found.group(1)) // 6}.{key[7:]}" if found else key


def test_flat_blocks() -> None:
    one = torch.zeros(1)
    assert flat_blocks({"blocks.2.13.attn.qkv.weight": one, "norm.weight": one}).keys() == {
        "blocks.13.attn.qkv.weight",
        "norm.weight",
    }


@pytest.mark.parametrize("name", SMALL)
def test_a_colour_stem_answers_grey_images_the_same(name: str, tmp_path: Path) -> None:
    _, state = _published(name)
    path = _saved(state, tmp_path / "w.safetensors")
    colour = build_backbone(name, weights=path).eval()
    grey = build_backbone(name, weights=path, channels=1).eval()
    side = 160 if name == "test_vit" else 64
    images = torch.randn(1, 1, side, side)
    with torch.no_grad():
        torch.testing.assert_close(
            grey.pooled(images), colour.pooled(images.expand(-1, 3, -1, -1)), atol=1e-4, rtol=1e-3
        )


def test_a_stem_that_folds_pixels_into_channels() -> None:
    """TResNet's: 4 x 4 pixels become 16 times the channels, the colours of a pixel side by side."""
    body = timm.create_model("tresnet_m").body
    weight, images = body.conv1.conv.weight, torch.randn(1, 1, 32, 32)
    grey = functional.conv2d(body.s2d(images), adapt_channels(weight, 16))
    torch.testing.assert_close(grey, functional.conv2d(body.s2d(images.expand(-1, 3, -1, -1)), weight))


def test_a_grey_file_makes_a_colour_stem(tmp_path: Path) -> None:
    grey = build_backbone("test_resnet", weights=None, channels=1).eval()
    path = _saved({f"backbone.{key}": value for key, value in grey.state_dict().items()}, tmp_path / "w.safetensors")
    colour = build_backbone("test_resnet", weights=path).eval()
    images = torch.randn(1, 1, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(colour.pooled(images.expand(-1, 3, -1, -1)), grey.pooled(images))


@given(st.integers(1, 4), st.sampled_from([1, 4, 16]))
@settings(max_examples=10, deadline=None)
def test_channels_there_and_back_keep_the_answer_to_grey(out: int, fold: int) -> None:
    weight = torch.randn(out, 3 * fold, 2, 2, dtype=torch.float64)
    grey = adapt_channels(weight, fold)
    explicit = sum(weight[:, color::3] for color in range(3))
    torch.testing.assert_close(grey, explicit)
    torch.testing.assert_close(adapt_channels(adapt_channels(grey, 3 * fold), fold), grey)
    assert torch.equal(adapt_channels(weight, 5 * fold), weight)


def test_classifiers_go_by_whole_names() -> None:
    one = torch.zeros(1)
    assert drop_classifiers({"fc.weight": one, "fc_norm.weight": one, "ibot_head.x": one}, ["fc"]).keys() == {
        "fc_norm.weight"
    }


def test_a_conversion_that_fails_is_no_crash() -> None:
    def convert(_: dict[str, Tensor]) -> dict[str, Tensor]:
        raise KeyError("pos_embed")

    one = {"a": torch.zeros(2)}
    assert torch.equal(fit(one, one, "it", "file", convert=convert)["a"], one["a"])
