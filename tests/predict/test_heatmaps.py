"""Heat maps: shapes, range, the label's own, brightest where the network truly looks; nothing of the model changes."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from longtail.errors import UserError
from longtail.models import Classifier, build_backbone, build_head
from longtail.models.heads.ml_decoder import MLDecoder
from longtail.predict.heatmaps import (
    ModelHeatMaps,
    _query_weights,
    grad_cam,
    heatmaps,
    larger,
    query_attention,
    suited_method,
    token_attribution,
)


def _model(backbone: str = "resnet10t", head: str = "linear", size: int | None = None, **options: object) -> Classifier:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    made = build_backbone(backbone, weights=None, image_size=size)
    return Classifier(made, build_head(head, made.sizes, 4, **options)).eval()


def _vit(head: str = "linear", **options: object) -> Classifier:
    return _model("test_vit", head, **options)


def _images(count: int = 2, size: int = 96) -> torch.Tensor:
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("model", "size", "method", "shape"),
    [
        (lambda: _model(), 96, "grad_cam", (3, 3)),
        (lambda: _model("test_efficientnet"), 96, "grad_cam", None),
        (lambda: _model("test_vit"), 160, "token_attribution", (10, 10)),
        (lambda: _model("resnet10t", "ml-decoder", dim=16, heads=2, hidden=8), 96, "query_attention", (3, 3)),
    ],
)
def test_each_kind_of_model_has_its_method(model, size, method, shape) -> None:
    built = model()
    assert suited_method(built) == method
    maps = heatmaps(built, _images(size=size), [0, 3])
    assert maps.shape[0] == 2
    assert shape is None or tuple(maps.shape[1:]) == shape
    assert float(maps.min()) == 0
    assert float(maps.max()) <= 1 + 1e-6
    assert not maps.requires_grad


def test_grad_cam_is_the_weighted_map_of_its_definition() -> None:
    """Against autograd by hand on the stage map of a ResNet with a linear head on mean-pooled features."""
    model, images = _model(), _images(1)
    features = model.backbone.maps(images)[-1].detach()
    slope = model.head.weight[2].detach() / features[0, 0].numel()  # d logit / d map: the weight, spread by the mean
    expected = (slope[:, None, None] * features[0]).sum(0).relu()
    found = grad_cam(model, images, torch.tensor([2]))[0].detach()
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


def test_the_brightest_place_is_where_a_network_that_sees_brightness_must_look() -> None:
    model = _model()
    images = torch.zeros(1, 3, 96, 96)
    images[..., 64:, :32] = 3.0
    energy = model.backbone.maps(images)[-1].detach()
    with torch.no_grad():
        model.head.weight[1] = energy[0, :, 2, 0] - energy[0, :, 0, 2]
    best = int(heatmaps(model, images, [1])[0].argmax())
    assert divmod(best, 3) == (2, 0)


def test_token_attribution_is_the_labels_own_and_leaves_the_model_alone() -> None:
    model, images = _vit(), _images(2, 160)
    before = [getattr(m, "fused_attn", None) for m in model.modules()]
    one, two = heatmaps(model, images, [0, 0]), heatmaps(model, images, [1, 1])
    assert not torch.allclose(one, two)
    assert [getattr(m, "fused_attn", None) for m in model.modules()] == before
    assert all(parameter.grad is None for parameter in model.parameters())
    alone = heatmaps(model, images[1:], [0])
    torch.testing.assert_close(alone[0], one[1], rtol=1e-3, atol=1e-4)


def test_token_attribution_against_the_rule_written_out() -> None:
    model, images = _vit(), _images(1, 160)
    blocks = [m for m in model.backbone.modules() if hasattr(m, "attn_drop") and hasattr(m, "fused_attn")]
    seen: list[torch.Tensor] = []
    for block in blocks:
        block.fused_attn = False
        block.attn_drop.register_forward_hook(lambda _, __, out: seen.append(out))
    logit = model.predict_logits(images.requires_grad_())[0, 3]
    slopes = torch.autograd.grad(logit, seen)
    tokens = seen[0].shape[-1]
    relevance = np.eye(tokens)
    for attention, slope in zip(seen, slopes, strict=True):
        weighted = np.maximum((attention * slope).detach().numpy()[0], 0).mean(0)
        relevance = relevance + weighted @ relevance
    prefix = model.backbone.sizes.prefix_tokens
    expected = relevance[0, prefix:]
    found = token_attribution(model, images.detach(), torch.tensor([3]))[0].detach().numpy().ravel()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)


def test_rollout_is_the_same_for_every_label() -> None:
    model, images = _vit(), _images(1, 160)
    first, second = (heatmaps(model, images, [label], "attention_rollout") for label in (0, 3))
    torch.testing.assert_close(first, second)


def test_query_attention_is_what_the_decoder_computes() -> None:
    """Against the softmax of each head written out, with and without masked tokens."""
    model = _model("resnet10t", "ml-decoder", dim=16, heads=2, hidden=8)
    assert isinstance(model.head, MLDecoder)
    layer = model.head.layers[0]
    memory = torch.randn(1, 9, 16)
    queries = model.head.queries[None]
    weights = _query_weights(layer, queries, memory)
    torch.testing.assert_close(weights.sum(-1), torch.ones(1, 4))
    asked = layer.query(layer.before(2 * queries))
    key = layer.key_value(memory)[..., :16]
    by_hand = sum((asked[0, :, part] @ key[0, :, part].T / 8**0.5).softmax(-1) for part in (slice(0, 8), slice(8, 16)))
    torch.testing.assert_close(weights[0], by_hand / 2)
    half = torch.arange(9)[None] < 4  # tokens that may be read
    masked = _query_weights(layer, queries, memory, half)
    torch.testing.assert_close(masked[..., :4], _query_weights(layer, queries, memory[:, :4]))
    assert not masked[..., 4:].any()
    found = query_attention(model, _images(1), torch.tensor([2]))
    assert tuple(found.shape) == (1, 3, 3)


def test_a_frozen_model_and_one_in_training_work_and_stay_so() -> None:
    from longtail.models import freeze

    model = _model()
    freeze(model, "backbone")
    model.train()
    assert float(heatmaps(model, _images(1), [0]).max()) >= 0
    assert model.training


def test_wrong_methods_are_told() -> None:
    with pytest.raises(UserError, match="Did you mean 'grad_cam'"):
        heatmaps(_model(), _images(1), [0], "gradcam")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="needs the head 'ml-decoder'"):
        heatmaps(_model(), _images(1), [0], "query_attention")
    with pytest.raises(UserError, match="take the heat map method grad_cam"):
        heatmaps(_model(), _images(1), [0], "token_attribution")


def test_by_file_and_label(tmp_path: Path) -> None:
    Image.new("L", (60, 40), 90).save(tmp_path / "a.png")
    maps = ModelHeatMaps(_model(), ["x", "y", "z", "w"], tmp_path, 96)
    found = maps("a.png", "z")
    assert found is not None
    assert found.shape == (3, 3)
    assert found.dtype == np.float32
    assert maps("a.png", "unheard of") is None
    assert maps("missing.png", "x") is None


def test_larger() -> None:
    assert larger(torch.rand(2, 3, 3), (12, 9)).shape == (2, 12, 9)
