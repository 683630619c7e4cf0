"""Heads of studies: what a study's images are given depends on all of them, on their views, and on no other study."""

from typing import Any

import pytest
import torch

from longtail.errors import UserError
from longtail.models import build_head
from longtail.models.features import Features, FeatureSizes

SIZES = FeatureSizes(6, token_width=6, prefix_tokens=1, class_token=True)
OPTIONS: dict[str, dict[str, Any]] = {
    "study-fusion": {"dim": 16, "heads": 4, "hidden": 16, "layers": 1},
    "study-concat": {},
}
STUDY, VIEW = torch.tensor([7, 3, 7, -1, 3, -1]), torch.tensor([0, 0, 1, 0, 2, 0])


def head_of(name: str, classes: int = 5) -> Any:
    torch.manual_seed(0)
    return build_head(name, SIZES, classes, **OPTIONS[name]).eval()


def features(tokens: torch.Tensor, study: Any = STUDY, view: Any = VIEW) -> Features:
    return Features(pooled=tokens[:, 0], tokens=tokens, study=study, view=view)


@pytest.mark.parametrize("name", list(OPTIONS))
@torch.no_grad()
def test_a_study_is_read_whole_and_nothing_else(name: str) -> None:
    head, tokens = head_of(name), torch.randn(6, 10, 6)
    found = head(features(tokens))
    assert torch.equal(found[0], found[2])
    assert torch.equal(found[1], found[4])
    assert not torch.allclose(found[3], found[5])  # no known study: each alone
    changed = tokens.clone()
    changed[[1, 3, 4, 5]] = torch.randn(4, 10, 6) * 9
    torch.testing.assert_close(head(features(changed))[[0, 2]], found[[0, 2]])
    for row in (0, 2):
        changed = tokens.clone()
        changed[row] += torch.randn(10, 6)
        assert not torch.allclose(head(features(changed))[0], found[0])
    order = torch.tensor([4, 2, 0, 5, 1, 3])
    torch.testing.assert_close(head(features(tokens[order], STUDY[order], VIEW[order])), found[order])
    assert not torch.allclose(head(features(tokens, view=1 - VIEW.clamp(max=1)))[0], found[0])
    torch.testing.assert_close(head(features(tokens, None))[3], found[3])


@pytest.mark.parametrize("name", list(OPTIONS))
def test_classes_change_and_it_starts_anew(name: str) -> None:
    head, tokens = head_of(name), torch.randn(6, 10, 6)
    found = head(features(tokens))
    head.resize([4, 0, None])
    torch.testing.assert_close(head(features(tokens))[:, :2], found[:, [4, 0]])
    before = {key: value.clone() for key, value in head.named_parameters()}
    head.reset()
    assert any(not torch.equal(before[key], value) for key, value in head.named_parameters())
    head.train()(features(tokens)).square().sum().backward()
    assert all(p.grad is not None for key, p in head.named_parameters() if p.requires_grad)


def test_the_mean_of_each_kind_of_view() -> None:
    head, tokens = head_of("study-concat"), torch.randn(3, 2, 6)
    with torch.no_grad():
        head.absent.normal_()
    found = head(features(tokens, torch.tensor([1, 1, 1]), torch.tensor([0, 0, 2])))
    pooled = tokens[:, 0]
    expected = torch.cat([pooled[:2].mean(0), head.absent[1], pooled[2]]) @ head.linear.weight.T + head.linear.bias
    torch.testing.assert_close(found, expected.expand(3, -1))


def test_what_it_cannot_read() -> None:
    with pytest.raises(UserError, match="no square"):
        head_of("study-fusion")(features(torch.randn(6, 8, 6)))
    for name in OPTIONS:
        with pytest.raises(UserError, match="1 or more"):
            build_head(name, SIZES, 5, images=0)
