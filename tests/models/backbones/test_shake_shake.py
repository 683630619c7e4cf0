"""Shake-Shake against a plain re-statement on its state dict, with gradients mixed by the detach trick."""

import copy
import io

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from longtail.cli import run
from longtail.errors import UserError
from longtail.models import shake_shake_26_2x32d
from longtail.models.backbones.building import build_backbone
from longtail.models.backbones.shake_shake import shake, shake_mixed
from longtail.models.classifier import Classifier
from longtail.models.heads.building import build_head

State = dict[str, Tensor]


def _mixed(first: Tensor, second: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """The same without a custom function: the gradient flows through the beta mix only, the value is alpha's."""
    backward = beta * first + (1 - beta) * second
    return backward + (alpha * first + (1 - alpha) * second - backward).detach()


def _norm(x: Tensor, s: State, name: str, training: bool) -> Tensor:
    return functional.batch_norm(
        x,
        s[f"{name}.running_mean"].clone(),
        s[f"{name}.running_var"].clone(),
        s[f"{name}.weight"],
        s[f"{name}.bias"],
        training,
    )


def _branch(x: Tensor, s: State, name: str, stride: int, training: bool) -> Tensor:
    x = functional.conv2d(functional.relu(x), s[f"{name}.0.weight"], stride=stride, padding=1)
    x = functional.relu(_norm(x, s, f"{name}.1", training))
    return _norm(functional.conv2d(x, s[f"{name}.3.weight"], padding=1), s, f"{name}.4", training)


def _skip(x: Tensor, s: State, name: str, stride: int, training: bool) -> Tensor:
    x, moved = functional.relu(x), torch.zeros_like(x)
    moved[:, :, 1:, 1:] = x[:, :, :-1, :-1]
    halves = [
        functional.conv2d(x, s[f"{name}.straight.weight"], stride=stride),
        functional.conv2d(moved, s[f"{name}.shifted.weight"], stride=stride),
    ]
    return _norm(torch.cat(halves, 1), s, f"{name}.norm", training)


def _reference(images: Tensor, s: State, blocks: int, training: bool) -> list[Tensor]:
    """Stage maps after the last ReLU."""
    x = _norm(functional.conv2d(images, s["stem.0.weight"], padding=1), s, "stem.1", training)
    maps = []
    for stage in range(3):
        for block in range(blocks):
            name, stride = f"stages.{stage}.{block}", 2 if stage and not block else 1
            one, two = (_branch(x, s, f"{name}.{each}", stride, training) for each in ("first", "second"))
            half = torch.full((2, len(x), 1, 1, 1), 0.5, dtype=x.dtype)
            alpha, beta = torch.rand(2, len(x), 1, 1, 1).to(x) if training else half
            way = x if block else _skip(x, s, f"{name}.skip", stride, training)
            x = way + _mixed(one, two, alpha, beta)
        maps.append(functional.relu(x))
    return maps


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("size", [(16, 16), (13, 10)])
def test_features_and_gradients_against_the_restatement(training: bool, size: tuple[int, int]) -> None:
    backbone = shake_shake_26_2x32d(channels=1, width=4, depth=14).double().train(training)
    state = {name: tensor.detach().clone() for name, tensor in backbone.state_dict().items()}
    leaves = {n: state[n].requires_grad_() for n, _ in backbone.named_parameters()}
    images = torch.randn(3, 1, *size, dtype=torch.float64)
    torch.manual_seed(1)
    features = backbone(images, {"pooled", "maps", "tokens"})
    torch.manual_seed(1)
    maps = _reference(images, state, 2, training)
    torch.testing.assert_close(features.maps, maps)
    torch.testing.assert_close(features.pooled, maps[-1].mean((2, 3)))
    torch.testing.assert_close(features.tokens[:, 1], maps[-1][:, :, 0, 1])
    assert [m.shape[1] for m in maps] == list(backbone.channels)
    wanted = torch.autograd.grad(maps[-1].square().mean() + maps[0].mean(), list(leaves.values()))
    (features.maps[-1].square().mean() + features.maps[0].mean()).backward()
    for (name, parameter), gradient in zip(backbone.named_parameters(), wanted, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, msg=name)


def test_forward_takes_alpha_and_backward_beta_image_by_image() -> None:
    x, y = (torch.randn(2, 3, 2, 2, requires_grad=True) for _ in range(2))
    alpha, beta = torch.tensor([0.2, 0.9]).view(2, 1, 1, 1), torch.tensor([0.7, 0.1]).view(2, 1, 1, 1)
    out, grad = shake_mixed(x, y, alpha, beta), torch.randn(2, 3, 2, 2)
    out.backward(grad)
    for b, (a, c) in enumerate([(0.2, 0.7), (0.9, 0.1)]):
        torch.testing.assert_close(out[b], a * x[b] + (1 - a) * y[b])
        torch.testing.assert_close(x.grad[b], c * grad[b])  # type: ignore[index]
        torch.testing.assert_close(y.grad[b], (1 - c) * grad[b])  # type: ignore[index]
    torch.testing.assert_close(shake(x, y, training=False), 0.5 * x + 0.5 * y)


def test_numbers_differ_between_images_and_between_the_passes() -> None:
    ones, zeros = torch.ones(500, 1, 1, 1, requires_grad=True), torch.zeros(500, 1, 1, 1)
    alpha = shake(ones, zeros, training=True)
    alpha.sum().backward()
    beta, alpha = ones.grad.flatten(), alpha.detach().flatten()  # type: ignore[union-attr]
    for numbers in (alpha, beta):
        assert 0 <= numbers.min() < 0.05 < 0.95 < numbers.max() <= 1
        assert numbers.unique().numel() > 490
    assert torch.corrcoef(torch.stack([alpha, beta]))[0, 1].abs() < 0.2


@pytest.mark.parametrize(("channels", "total"), [(3, 2_923_162), (1, 2_922_874)])
def test_parameters_as_published(channels: int, total: int) -> None:
    backbone = build_backbone("shake_shake_26_2x32d", weights="none", channels=channels, image_size=56)
    model = Classifier(backbone, build_head("linear", backbone.sizes, 10))
    assert sum(p.numel() for p in model.parameters()) == total
    assert backbone.name == "shake_shake_26_2x32d"


@pytest.mark.parametrize("head", ["linear", "two_branch"])
def test_it_trains_in_bf16_under_autocast_with_the_houses_heads(head: str) -> None:
    backbone = shake_shake_26_2x32d(channels=1, width=8, depth=8)
    model = Classifier(backbone, build_head(head, backbone.sizes, 4)).train()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(torch.randn(4, 1, 14, 14))
    functional.cross_entropy(logits.float(), torch.arange(4)).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


def test_it_exports_and_the_program_returns() -> None:
    backbone = shake_shake_26_2x32d(channels=1, width=4, depth=8)
    model = Classifier(backbone, build_head("linear", backbone.sizes, 3)).eval()
    images = torch.randn(5, 1, 20, 20)
    batch = torch.export.Dim("batch", min=2, max=64)
    program = torch.export.export(model, (images[:2],), dynamic_shapes={"images": {0: batch}})
    kept = io.BytesIO()
    torch.export.save(program, kept)
    kept.seek(0)
    torch.testing.assert_close(torch.export.load(kept).module()(images), model(images))


def test_copies_shake_alike_from_one_seed_and_eval_is_still() -> None:
    model = shake_shake_26_2x32d(width=4, depth=8)
    other, images = copy.deepcopy(model), torch.randn(2, 3, 8, 8)
    found = []
    for each in (model, other):
        torch.manual_seed(5)
        found.append(each.pooled(images))
    assert torch.equal(*found)
    assert not torch.equal(model.pooled(images), found[0])
    model.eval()
    assert torch.equal(model.pooled(images), model.pooled(images))


def test_a_checkpointed_block_repeats_its_numbers() -> None:
    block = shake_shake_26_2x32d(width=4, depth=8).stages[0]
    maps, gradients = torch.randn(3, 16, 6, 6, requires_grad=True), []
    for through in (block, lambda x: torch.utils.checkpoint.checkpoint(block, x, use_reentrant=False)):
        torch.manual_seed(3)
        gradients.append(torch.autograd.grad(through(maps).square().sum(), maps)[0])
    torch.testing.assert_close(*gradients)


def test_what_cannot_be_built_or_taken_is_told() -> None:
    for options, message in [
        ({"depth": 25}, "6n \\+ 2"),
        ({"width": 3}, "even width"),
        ({"drop_path": 0.1}, "leave drop_path out"),
    ]:
        with pytest.raises(UserError, match=message):
            shake_shake_26_2x32d(**options)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="channels=1"):
        shake_shake_26_2x32d(width=4, depth=8)(torch.zeros(1, 1, 8, 8))


def test_it_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "backbones", "shake*"]) == 0
    assert "shake_shake_26_2x32d" in capsys.readouterr().out
