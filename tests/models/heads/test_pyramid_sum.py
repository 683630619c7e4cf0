"""The pyramid-sum head against one `nn.Linear` for each level, and TResNet-L's published shapes."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from longtail.cli import run
from longtail.errors import UserError
from longtail.models.backbones.building import build_backbone
from longtail.models.backbones.shake_shake import shake_shake_26_2x32d
from longtail.models.class_changes import resize_head
from longtail.models.classifier import Classifier
from longtail.models.features import Features, FeatureSizes
from longtail.models.heads.building import build_head
from longtail.models.heads.pyramid_sum import PyramidSumHead, mean_of_probabilities

CHANNELS = (3, 5, 6, 8, 10)  # five maps: the first is no level
SIZES = FeatureSizes(width=10, channels=CHANNELS)


def _features(source: Tensor | None = None) -> Features:
    return Features(maps=[torch.randn(4, c, 32 // 2**i, 32 // 2**i) for i, c in enumerate(CHANNELS)], source=source)


def _linears(head: PyramidSumHead, widths: Sequence[int]) -> list[nn.Linear]:
    """The head's classifiers as modules of their own."""
    found, start = [], 0
    for place, width in enumerate(widths):
        linear = nn.Linear(width, head.num_classes)
        linear.weight.data = head.weight.detach()[:, start : start + width].clone()
        linear.bias.data = head.bias.detach()[:, place].clone()
        found.append(linear)
        start += width
    assert start == head.weight.shape[1]
    return found


@pytest.mark.parametrize("levels", [(4,), (4, 2), (2, 4, 3), (4, 3, 2, 1)])
@pytest.mark.parametrize("sources", [0, 2])
def test_each_level_is_a_linear_classifier_of_its_own(levels: tuple[int, ...], sources: int) -> None:
    head = PyramidSumHead(SIZES, 7, levels=levels, sources=sources)
    features = _features(torch.tensor([1, 0, -1, 1]))
    one_hot = torch.tensor([[0.0, 1.0], [1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])[:, :sources]
    used = sorted(levels)
    linears = _linears(head, [CHANNELS[level] + sources for level in used])
    found = head.level_logits(features)
    assert found.shape == (len(levels), 4, 7)
    for place, (level, linear) in enumerate(zip(used, linears, strict=True)):
        pooled = functional.adaptive_avg_pool2d(features.maps[level], 1).flatten(1)
        torch.testing.assert_close(found[place], linear(torch.cat([pooled, one_hot], 1)))
    torch.testing.assert_close(head(features), sum(found) / len(levels))
    summed = PyramidSumHead(SIZES, 7, levels=levels, sources=sources, combine="sum")
    summed.load_state_dict(head.state_dict())
    torch.testing.assert_close(summed(features), found.sum(0))


@pytest.mark.parametrize("sources", [0, 3])
def test_concatenated_levels_are_one_linear_classifier(sources: int) -> None:
    head = PyramidSumHead(SIZES, 4, variant="concat", levels=(4, 3), sources=sources, combine="learned")
    features = _features(torch.tensor([0, 1, 2, 2]))
    hot = torch.eye(3)[[0, 1, 2, 2]][:, :sources]
    joined = torch.cat([features.maps[3].mean((2, 3)), hot, features.maps[4].mean((2, 3)), hot], 1)
    assert head.level_logits(features).shape == (1, 4, 4)
    torch.testing.assert_close(head(features), joined @ head.weight.T + head.bias[:, 0])
    assert head.shares is None


def test_combinations() -> None:
    logits = torch.randn(3, 4, 5, dtype=torch.float64).float()
    for activation, function in (("sigmoid", torch.sigmoid), ("softmax", lambda x: x.softmax(-1))):
        mean = mean_of_probabilities(logits, activation)  # type: ignore[arg-type]
        torch.testing.assert_close(function(mean), torch.stack([function(x) for x in logits]).mean(0))
    extreme = mean_of_probabilities(torch.tensor([[[-200.0, 200.0]], [[-200.0, 300.0]]]), "sigmoid")
    assert extreme.isfinite().all()
    head = PyramidSumHead(SIZES, 5, combine="mean_of_probabilities")
    torch.testing.assert_close(head.combined(logits).sigmoid(), logits.sigmoid().mean(0))
    learned = PyramidSumHead(SIZES, 5, combine="learned")
    torch.testing.assert_close(learned.combined(logits), logits.mean(0))  # starts as the mean
    assert learned.shares is not None
    learned.shares.data = torch.tensor([0.5, 0.2, 0.3]).log()
    torch.testing.assert_close(learned.combined(logits), 0.5 * logits[0] + 0.2 * logits[1] + 0.3 * logits[2])


def test_the_loss_is_the_sum_of_the_levels_losses() -> None:
    head, features = PyramidSumHead(SIZES, 5), _features()
    target = torch.randint(0, 2, (4, 5)).float()
    wanted = sum(nn.MultiLabelSoftMarginLoss()(level, target) for level in head.level_logits(features))
    loss = functional.binary_cross_entropy_with_logits
    torch.testing.assert_close(head.level_loss(features, target, loss), wanted)
    learned = PyramidSumHead(SIZES, 5, combine="learned")
    learned.load_state_dict({**head.state_dict(), "shares": torch.tensor([0.1, 0.0, 0.3])})
    plain = torch.autograd.grad(head.level_loss(features, target, loss), head.weight)[0]
    learned.level_loss(features, target, loss).backward()
    torch.testing.assert_close(learned.weight.grad, plain)
    assert learned.shares is not None
    assert learned.shares.grad is not None
    assert learned.shares.grad.abs().sum() > 0


def test_the_top_down_path_against_the_restatement() -> None:
    head, features = PyramidSumHead(SIZES, 5, fpn=6, levels=(4, 2)), _features()
    state = {name.removeprefix("fpn."): tensor for name, tensor in head.state_dict().items()}

    def convolved(x: Tensor, name: str, padding: int) -> Tensor:
        return functional.conv2d(x, state[f"{name}.0.weight"], state[f"{name}.0.bias"], padding=padding)

    coarse = convolved(features.maps[4], "inner_blocks.1", 0)
    fine = convolved(features.maps[2], "inner_blocks.0", 0) + coarse.repeat_interleave(4, 2).repeat_interleave(4, 3)
    pooled = [convolved(x, f"layer_blocks.{i}", 1).mean((2, 3)) for i, x in enumerate((fine, coarse))]
    for found, linear, level in zip(head.level_logits(features), _linears(head, [6, 6]), pooled, strict=True):
        torch.testing.assert_close(found, linear(level))


def test_tresnet_l_gives_the_papers_table() -> None:
    backbone = build_backbone("tresnet_l", weights="none").eval().to("meta")  # older timm can't build on meta
    model = Classifier(backbone, build_head("pyramid-sum", backbone.sizes, 26, levels=[4, 3, 2, 1])).to("meta")
    images = torch.empty(2, 3, 448, 448, device="meta")
    maps = backbone.maps(images)[-4:]
    assert model(images).shape == (2, 26)
    assert [m.shape[1] for m in maps] == [76, 152, 1216, 2432]
    assert [m.shape[2] for m in maps] == [112, 56, 28, 14]
    assert sum(p.numel() for p in model.head.parameters()) == 26 * (76 + 152 + 1216 + 2432 + 4)


@pytest.mark.parametrize("name", ["test_vit", "test_resnet", "test_convnext", "shake"])
@pytest.mark.parametrize("fpn", [None, 8])
def test_any_backbone_trains_with_it_under_autocast(name: str, fpn: int | None) -> None:
    options = {"weights": "none", "image_size": 32 if name == "test_vit" else None}
    backbone = (
        shake_shake_26_2x32d(width=4, depth=8) if name == "shake" else build_backbone(name, **options)  # type: ignore[arg-type]
    )
    head = build_head("pyramid-sum", backbone.sizes, 3, sources=2, fpn=fpn)
    model, images, source = Classifier(backbone, head).train(), torch.randn(4, 3, 32, 32), torch.tensor([0, 1, 1, -1])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits, features = model(images, with_features=True, source=source)
        assert isinstance(model.head, PyramidSumHead)
        loss = model.head.level_loss(features, torch.ones(4, 3), functional.binary_cross_entropy_with_logits)
    loss.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.head.parameters())
    assert model.eval().predict_logits(images, source=source).shape == logits.shape
    torch.testing.assert_close(model(images), model(images, source=torch.full((4,), -1)))  # as exported ones are asked
    with pytest.raises(UserError, match="built for 2 sources and got none"):
        model.train()(images)


def test_chosen_blocks_of_a_plain_vit_are_levels() -> None:
    backbone = build_backbone("test_vit", weights="none", image_size=32, map_indices=[1, 3, 5]).eval()
    head = PyramidSumHead(backbone.sizes, 3, levels=(4, 2))
    images = torch.randn(2, 3, 32, 32)
    blocks = backbone.model.forward_intermediates(  # type: ignore[operator, union-attr]
        images, indices=[1, 5], norm=True, output_fmt="NLC", intermediates_only=True
    )
    found = head.level_logits(backbone(images, {"maps"}))
    for level, linear, tokens in zip(found, _linears(head, [64, 64]), blocks, strict=True):
        torch.testing.assert_close(level, linear(tokens.mean(1)))


@pytest.mark.parametrize("options", [{}, {"fpn": 6, "combine": "learned"}, {"variant": "concat", "sources": 2}])
def test_classes_keep_their_rows_and_reset_forgets(options: dict[str, object]) -> None:
    backbone = shake_shake_26_2x32d(width=4, depth=8)
    model = Classifier(backbone, build_head("pyramid-sum", backbone.sizes, 3, **options)).eval()
    images, source = torch.randn(4, 3, 16, 16), torch.zeros(4, dtype=torch.long)
    logits = model(images, source=source)
    resize_head(model, ["a", "b", "c"], ["c", "new", "d", "a"])
    torch.testing.assert_close(model(images, source=source)[:, [0, 3]], logits[:, [2, 0]])
    before = {name: tensor.clone() for name, tensor in model.head.state_dict().items()}
    model.head.reset()
    for name, tensor in model.head.state_dict().items():
        if "bias" not in name and name != "shares":
            assert not torch.equal(tensor, before[name]), name


def test_it_exports() -> None:
    backbone = shake_shake_26_2x32d(width=4, depth=8)
    model = Classifier(backbone, build_head("pyramid-sum", backbone.sizes, 3, fpn=4)).eval()
    images = torch.randn(2, 3, 16, 16)
    program = torch.export.export(model, (images,))
    torch.testing.assert_close(program.module()(images), model(images))


def test_mistakes_are_told() -> None:
    for options, message in [
        ({"levels": (5,)}, "are the levels [1, 2, 3, 4], 4 the last"),
        ({"levels": (4, 4)}, "name each once"),
        ({"levels": ()}, "name each once"),
        ({"combine": "men"}, "Did you mean 'mean'?"),
        ({"sources": -1}, "sources -1"),
        ({"activation": "tanh"}, "Valid: sigmoid, softmax"),
    ]:
        with pytest.raises(UserError) as told:
            build_head("pyramid-sum", SIZES, 3, **options)  # type: ignore[arg-type]
        assert message in str(told.value)
    with pytest.raises(UserError, match=r"are the levels \[2, 3, 4\]"):
        build_head("pyramid-sum", FeatureSizes(width=4, channels=(1, 2, 3)), 3, levels=[1])
    with pytest.raises(UserError, match=r"are the levels \[\]"):
        build_head("pyramid-sum", FeatureSizes(width=4), 3)


def test_it_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "heads"]) == 0
    assert "pyramid-sum" in capsys.readouterr().out.replace("\n", "")
    assert isinstance(build_head("pyramid_sum", SIZES, 3), PyramidSumHead)  # either spelling
