"""Backbone and head together: features once, frozen parts stand still, classes change, weights return."""

import copy
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from longtail.errors import UserError
from longtail.models.backbones.building import build_backbone
from longtail.models.class_changes import replace_head, reset_head, resize_head
from longtail.models.classifier import Classifier, FrozenNorm, freeze, unfreeze
from longtail.models.features import Features
from longtail.models.heads.base import class_rows
from longtail.models.heads.building import build_head
from longtail.models.weights.saving import load_weights, read_metadata, save_weights

IMAGES = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def _model(head: str = "linear", **options: object) -> Classifier:
    backbone = build_backbone("test_resnet", weights=None)
    return Classifier(backbone, build_head(head, backbone.sizes, 3, **options))


@pytest.mark.parametrize("head", ["linear", "two_branch"])
def test_logits_and_features_come_from_one_forward(head: str) -> None:
    model, calls = _model(head).eval(), []
    model.backbone.register_forward_hook(lambda *_: calls.append(1))
    logits, features = model(IMAGES, with_features=True)
    assert len(calls) == 1
    torch.testing.assert_close(logits, model(IMAGES))
    torch.testing.assert_close(features.pooled, model.backbone.pooled(IMAGES))


def test_predictions_of_a_cosine_head_are_scaled() -> None:
    model = _model("cosine").eval()
    torch.testing.assert_close(model.predict_logits(IMAGES), 30 * model(IMAGES))


@pytest.mark.parametrize(("frozen_bn", "drifts"), [("eval", False), ("train", True)])
def test_a_frozen_backbone_learns_nothing_and_its_statistics_stand_still_or_drift(
    frozen_bn: FrozenNorm, drifts: bool
) -> None:
    model = _model()
    freeze(model, "backbone", frozen_bn=frozen_bn)
    before = copy.deepcopy(model.state_dict())
    model.train()
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.5)
    model(IMAGES).square().sum().backward()
    optimizer.step()
    changed = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    statistics = {name for name in changed if "running" in name or "batches" in name}
    assert bool(statistics) is drifts
    assert changed - statistics == {"head.weight", "head.bias"}
    assert model.head.training


def test_no_graph_is_kept_through_a_frozen_backbone_unless_the_image_asks() -> None:
    model = _model()
    freeze(model, "backbone")
    assert not model(IMAGES, with_features=True)[1].pooled.requires_grad
    image = IMAGES.clone().requires_grad_()
    model(image).sum().backward()
    assert image.grad is not None
    unfreeze(model, "backbone")
    model.train()
    assert model.backbone.training
    assert all(p.requires_grad for p in model.parameters())
    assert model(IMAGES, with_features=True)[1].pooled.requires_grad


def test_a_frozen_head_and_copies() -> None:
    model = _model("lws")
    freeze(model, "head")
    assert not any(p.requires_grad for p in model.head.parameters())
    other = copy.deepcopy(model).train()
    assert not other.head.training
    unfreeze(other, "head")
    assert [n for n, p in other.head.named_parameters() if p.requires_grad] == ["scale"]
    assert not any(p.requires_grad for p in model.head.parameters())
    with pytest.raises(UserError, match="not neck, eval"):
        freeze(model, "neck")  # type: ignore[arg-type]


def test_reset_starts_the_head_anew_and_nothing_else() -> None:
    model = _model()
    before = copy.deepcopy(model.state_dict())
    reset_head(model)
    changed = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed == {"head.weight", "head.bias"}


@pytest.mark.parametrize("head", ["linear", "cosine", "tau_norm", "lws", "nearest_class_mean", "two_branch"])
def test_classes_keep_their_rows_by_name(head: str) -> None:
    model = _model(head).eval()
    for name, tensor in model.head.state_dict().items():
        if name in model.head.class_rows:
            tensor.copy_(torch.randn(tensor.shape).abs())
    grads = {name: tensor.requires_grad for name, tensor in model.head.named_parameters()}
    logits, old = model(IMAGES), copy.deepcopy(model.head.state_dict())
    resize_head(model, ["a", "b", "c"], ["c", "new", "a"])
    found = model(IMAGES)
    torch.testing.assert_close(found[:, [0, 2]], logits[:, [2, 0]])
    assert model.head.num_classes == found.shape[1] == 3
    assert grads == {name: tensor.requires_grad for name, tensor in model.head.named_parameters()}
    for name in model.head.class_rows:
        torch.testing.assert_close(model.head.state_dict()[name][0], old[name][2])
    resize_head(model, ["c", "new", "a"], ["a"])
    torch.testing.assert_close(model(IMAGES), logits[:, :1])


def test_rows_that_are_no_classes() -> None:
    assert class_rows(["a", "b"], ["b", "x"]) == [1, None]
    for rows in ([3], [], [-1]):
        with pytest.raises(UserError, match="can't be resized"):
            _model().head.resize(rows)


def test_another_head_takes_over_the_trained_weights() -> None:
    model = _model().eval()
    logits = model(IMAGES)
    replace_head(model, "lws", keep=True)
    torch.testing.assert_close(model(IMAGES), logits)
    assert not model.head.training
    replace_head(model, "tau_norm", keep=True, tau=0.0, bias=True)
    torch.testing.assert_close(model(IMAGES), logits)
    replace_head(model, "linear")
    assert not torch.equal(model(IMAGES), logits)


class _Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Linear(3, 3)
        self.two = nn.Linear(3, 3)
        self.two.weight = self.one.weight
        self.turned = nn.Parameter(torch.randn(2, 4).T)


def test_weights_round_trip_exactly(tmp_path: Path) -> None:
    for build in (_model, lambda: _model("nearest_class_mean"), _Tied):
        model, other = build(), build()
        save_weights(model, tmp_path / "w.safetensors", metadata={"head": "linear"})
        load_weights(other, tmp_path / "w.safetensors")
        _same(model.state_dict(), other.state_dict())
    assert other.two.weight is other.one.weight  # type: ignore[union-attr]
    assert read_metadata(tmp_path / "w.safetensors")["head"] == "linear"


def _same(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    save_weights(_model(), tmp_path / "w.safetensors")
    with pytest.raises(UserError, match="is not of this model"):
        load_weights(_model("cosine"), tmp_path / "w.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(b"x")
    with pytest.raises(UserError, match="no whole safetensors"):
        load_weights(_model(), tmp_path / "broken.safetensors")
    with pytest.raises(UserError, match="no weights file"):
        load_weights(_model(), tmp_path / "absent.safetensors")


def test_features_that_were_not_asked_for_are_an_error() -> None:
    for name in ("pooled", "maps", "tokens"):
        with pytest.raises(ValueError, match=f"hold no {name}"):
            getattr(Features(), name)
