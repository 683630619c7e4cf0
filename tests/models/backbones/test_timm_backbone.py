"""timm's backbones through the one interface: every family agrees with timm's own forward and with its stated sizes."""

import re

import pytest
import timm
import torch

from longtail.errors import UserError
from longtail.models.backbones.timm_backbone import TimmBackbone, hooked

# Small members of many families; the side that each is tried at (None: its own).
FAMILIES = {
    "test_vit": 64,
    "test_vit2": 64,
    "test_resnet": 64,
    "test_convnext": 64,
    "test_efficientnet": 64,
    "resnet18": 64,
    "densenet121": 64,
    "mobilenetv2_050": 64,
    "efficientnetv2_rw_t": 64,
    "convnext_atto": 64,
    "swin_tiny_patch4_window7_224": 224,
    "vit_tiny_patch16_224": 64,
    "deit3_small_patch16_224": 64,
    "vit_small_patch14_reg4_dinov2": 56,
    "deit_tiny_distilled_patch16_224": 64,
    "eva02_tiny_patch14_224": 56,
    "xcit_nano_12_p16_224": 64,
    "mixer_s32_224": 224,
    "tresnet_m": 64,
    "mobilenetv3_small_050": 64,
    "regnetx_002": 64,
    "levit_128s": 224,
    "pvt_v2_b0": 64,
    "mambaout_femto": 64,
    "coat_lite_tiny": 224,
}


def _backbone(name: str, side: int | None = None, **options: object) -> TimmBackbone:
    fixed = timm.models.get_pretrained_cfg(name).fixed_input_size
    return TimmBackbone(name, image_size=side if fixed else None, **options).eval()  # type: ignore[arg-type]


@pytest.mark.parametrize("name", FAMILIES)
@torch.no_grad()
def test_pooled_maps_and_tokens_agree_with_timm_and_with_the_stated_sizes(name: str) -> None:
    side = FAMILIES[name]
    backbone = _backbone(name, side)
    if not backbone.channels:
        pytest.skip("this version of timm has no maps of it")
    images = torch.randn(2, 3, side, side)
    features = backbone(images, {"pooled", "maps", "tokens"})
    final = backbone.model.forward_features(images)
    torch.testing.assert_close(features.pooled, backbone.model.forward_head(final, pre_logits=True))
    torch.testing.assert_close(features.pooled, backbone.model(images))  # without a classifier this is the same
    sizes = backbone.sizes
    assert features.pooled.shape == (2, sizes.width)
    shapes = [(2, channels, side // stride, side // stride) for channels, stride in _maps(sizes)]
    assert [tuple(found.shape) for found in features.maps][:-1] == shapes[:-1]
    assert features.maps[-1].shape[:2] == shapes[-1][:2]  # levit rounds its last map up
    places = features.maps[-1].shape[2] * features.maps[-1].shape[3]
    assert features.tokens.shape == (2, sizes.prefix_tokens + places, sizes.token_width)


def _maps(sizes: object) -> list[tuple[int, int]]:
    return list(zip(sizes.channels, sizes.strides, strict=True))  # type: ignore[attr-defined]


@torch.no_grad()
def test_tokens_lie_row_by_row_like_the_last_map() -> None:
    for name in ("test_resnet", "swin_tiny_patch4_window7_224", "vit_small_patch14_reg4_dinov2"):
        side = FAMILIES.get(name, 64)
        backbone = _backbone(name, side)
        features = backbone(torch.randn(1, 3, side, side), {"maps", "tokens"})
        last = features.maps[-1].flatten(2).transpose(1, 2)
        tokens = features.tokens[:, backbone.sizes.prefix_tokens :]
        if name.startswith("swin"):  # its last map comes before the final norm
            last = backbone.model.norm(last)
        torch.testing.assert_close(tokens, last)


def test_prefix_tokens_and_class_tokens_are_stated() -> None:
    found = {
        name: (_backbone(name).sizes.prefix_tokens, _backbone(name).sizes.class_token)
        for name in ("vit_small_patch14_reg4_dinov2", "test_vit", "deit_tiny_distilled_patch16_224", "test_resnet")
    }
    assert list(found.values()) == [(5, True), (1, True), (2, True), (0, False)]


def test_each_forward_runs_once_however_much_is_wanted() -> None:
    backbone = _backbone("test_resnet")
    calls = []
    backbone.model.conv1.register_forward_hook(lambda *_: calls.append(1))
    backbone(torch.randn(2, 3, 32, 32), {"pooled", "maps", "tokens"})
    assert len(calls) == 1


def test_one_kind_of_features_is_the_same_as_all_at_once() -> None:
    backbone, images = _backbone("test_efficientnet"), torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        every = backbone(images, {"pooled", "maps", "tokens"})
        torch.testing.assert_close(backbone.pooled(images), every.pooled)
        torch.testing.assert_close(backbone.tokens(images), every.tokens)
        for one, other in zip(backbone.maps(images), every.maps, strict=True):
            torch.testing.assert_close(one, other)


def test_tresnet_l_has_the_four_maps_of_the_paper() -> None:
    backbone = TimmBackbone("tresnet_l")
    assert backbone.channels == (76, 152, 1216, 2432)
    assert backbone.sizes.strides == (4, 8, 16, 32)
    assert backbone.width == 2432
    assert (backbone.mean, backbone.std) == ((0.0,) * 3, (1.0,) * 3)
    with torch.no_grad():
        maps = backbone.eval().maps(torch.randn(1, 3, 64, 64))
    assert [tuple(found.shape[1:]) for found in maps] == [(76, 16, 16), (152, 8, 8), (1216, 4, 4), (2432, 2, 2)]


def test_the_width_is_that_before_the_classifier() -> None:
    backbone = _backbone("mobilenetv3_small_050")
    assert (backbone.width, backbone.sizes.token_width) == (1024, 288)


@pytest.mark.parametrize("side", [32, 96])
def test_a_vision_transformer_at_other_sizes(side: int) -> None:
    backbone = TimmBackbone("test_vit", image_size=side).eval()
    assert backbone.image_size == (side, side)
    assert backbone.pooled(torch.randn(1, 3, side, side)).shape == (1, 64)
    assert backbone.maps(torch.randn(1, 3, side, side))[0].shape == (1, 64, side // 16, side // 16)


def test_a_dynamic_vision_transformer_takes_any_size_and_gives_the_fixed_one_at_its_own() -> None:
    torch.manual_seed(1)
    fixed = TimmBackbone("test_vit", image_size=96).eval()
    torch.manual_seed(1)
    dynamic = TimmBackbone("test_vit", image_size=96, dynamic=True).eval()
    images = torch.randn(1, 3, 96, 96)
    with torch.no_grad():
        torch.testing.assert_close(fixed.pooled(images), dynamic.pooled(images))
        assert dynamic.maps(torch.randn(1, 3, 64, 128))[0].shape == (1, 64, 4, 8)
    assert dynamic.image_size is None


def test_a_height_and_a_width() -> None:
    backbone = TimmBackbone("test_vit", image_size=(32, 64)).eval()
    assert backbone.maps(torch.randn(1, 3, 32, 64))[0].shape == (1, 64, 2, 4)


@pytest.mark.parametrize("name", ["test_vit", "test_resnet", "test_convnext", "test_efficientnet", "tresnet_m"])
def test_grey_images(name: str) -> None:
    backbone = _backbone(name, 32, channels=1)
    assert backbone.pooled(torch.randn(2, 1, 32, 32)).shape == (2, backbone.width)
    assert len(backbone.mean) == len(backbone.std) == 1


def test_map_indices_pick_other_maps() -> None:
    assert TimmBackbone("test_vit", map_indices=[0, 2]).channels == (64, 64)
    assert TimmBackbone("test_resnet", map_indices=[-1]).sizes.strides == (32,)
    with pytest.raises(UserError, match="it has maps 0 to 4"):
        TimmBackbone("test_resnet", map_indices=[7])


def test_drop_path_reaches_the_blocks() -> None:
    rates = [module.drop_prob for module in TimmBackbone("test_convnext", drop_path=0.4).modules() if _drops(module)]
    assert max(rates) == pytest.approx(0.4)
    with pytest.raises(UserError, match="'densenet121' can't set drop_path; leave drop_path out"):
        TimmBackbone("densenet121", drop_path=0.1)


def _drops(module: torch.nn.Module) -> bool:
    return type(module).__name__ == "DropPath"


@pytest.mark.parametrize("name", ["test_resnet", "densenet121"])
@torch.no_grad()
def test_hooks_find_the_maps_of_models_that_give_none(name: str) -> None:
    backbone, images = _backbone(name), torch.randn(1, 3, 64, 64)
    final, maps = hooked(backbone.model, images, backbone.map_indices, name)
    torch.testing.assert_close(final, backbone.model.forward_features(images))
    assert [found.shape[1] for found in maps] == list(backbone.channels)
    assert not any(module._forward_hooks for module in backbone.model.modules())


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: TimmBackbone("resnett18"), "unknown backbone 'resnett18'. Did you mean 'resnet18'?"),
        (lambda: TimmBackbone("resnet18.a1_in1"), "Did you mean 'a1_in1k'?"),
        (
            lambda: TimmBackbone("test_vit", image_size=100),
            "patches of 16x16, which 100x100 is no multiple of; take 96",
        ),
        (lambda: TimmBackbone("mixer_s32_224", dynamic=True), "can't set dynamic"),
        (lambda: TimmBackbone("test_vit")(torch.zeros(1, 3, 32, 32)), "takes 160x160 images and got 32x32"),
        (lambda: TimmBackbone("test_vit", dynamic=True)(torch.zeros(1, 3, 30, 32)), "no multiple of; take 32x32"),
        (lambda: TimmBackbone("mobilenetv5_300m_enc"), "take the variant without '_enc'"),
        (lambda: TimmBackbone("pit_ti_224")(torch.zeros(1, 3, 224, 224), {"tokens"}), "no single set of tokens"),
        (lambda: TimmBackbone("test_resnet")(torch.zeros(1, 1, 32, 32)), "build it with channels=1"),
        (lambda: TimmBackbone("test_resnet")(torch.zeros(1, 3, 32, 32), {"map"}), "Did you mean 'maps'?"),
    ],
)
def test_mistakes_are_told_in_a_sentence(build: object, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        build()  # type: ignore[operator]
