"""k-NN, the linear probe and signs of collapse, against loops, scikit-learn and cases that are plain."""

import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from longtail.errors import UserError
from longtail.pretrain.collapse import alarm, effective_rank, entropies
from longtail.pretrain.knn import knn_scores
from longtail.pretrain.linear_probe import linear_probe_scores
from longtail.pretrain.monitor import Labelled, embed, feature_measures
from longtail.pretrain.sources import as_source
from longtail.pretrain.starting import start_from


def _data(rows: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(rows, 6, generator=generator)
    targets = (features[:, :3] + 0.5 * torch.randn(rows, 3, generator=generator) > 0.5).float()
    return features, targets


def test_knn_is_the_weighted_share_of_known_neighbours() -> None:
    (known, targets), (asked, _) = _data(30, 0), _data(4, 1)
    targets[::4, 1] = torch.nan
    found = knn_scores(known, targets, asked, k=5, chunk=3)
    unit = known / known.norm(dim=1, keepdim=True)
    for m in range(4):
        cosines = (unit @ (asked[m] / asked[m].norm())).tolist()
        near = sorted(range(30), key=lambda i: -cosines[i])[:5]
        for c in range(3):
            pairs = [(math.exp(cosines[i] / 0.07), float(targets[i, c])) for i in near if not targets[i, c].isnan()]
            share = sum(w * t for w, t in pairs) / sum(w for w, _ in pairs) if pairs else math.nan
            assert float(found[m, c]) == pytest.approx(share, rel=1e-4, abs=1e-6, nan_ok=True)


def test_the_linear_probe_is_logistic_regression() -> None:
    (known, targets), (asked, _) = _data(200, 0), _data(20, 1)
    targets[:50, 2] = torch.nan
    found = linear_probe_scores(known, targets, asked, c=0.3)
    mean, std = known.mean(0), known.std(0, correction=0)
    for c in range(3):
        fine = ~targets[:, c].isnan()
        model = LogisticRegression(C=0.3, tol=1e-8, max_iter=1000)
        model.fit(((known - mean) / std)[fine].numpy(), targets[fine, c].numpy())
        expected = model.decision_function(((asked - mean) / std).numpy())
        np.testing.assert_allclose(found[:, c].numpy(), expected, atol=2e-3)


def test_effective_rank_from_a_line_to_a_ball() -> None:
    line = torch.arange(10.0)[:, None] * torch.ones(1, 5)
    assert effective_rank(line) == pytest.approx(1, abs=1e-3)
    assert effective_rank(torch.ones(10, 5)) <= 1
    cross = torch.cat([torch.eye(5), -torch.eye(5)])
    assert effective_rank(cross) == pytest.approx(5, rel=1e-6)


def test_entropies_and_what_they_are_told_by() -> None:
    same, spread, own = torch.zeros(8, 4), torch.eye(4).repeat(2, 1) * 0, torch.eye(4).repeat(2, 1)
    same[:, 0] = 1
    fine = {"rank": 5.0, "entropy": entropies(own, 0.02)[0], "sharpness": entropies(own, 0.02)[1]}
    assert fine["entropy"] == pytest.approx(1)
    assert alarm(fine) is None
    one = entropies(same, 0.02)
    assert "same few prototypes" in str(alarm({"rank": 5.0, "entropy": one[0], "sharpness": one[1]}))
    flat = entropies(spread, 0.02)
    assert "tell images not apart" in str(alarm({"rank": 5.0, "entropy": flat[0], "sharpness": flat[1]}))
    assert "effective rank is 1.0" in str(alarm(fine | {"rank": 1.0}))


def test_good_features_have_a_high_map_and_labels_unknown_to_all_do_not_count() -> None:
    (train, targets), (valid, truth) = _data(200, 0), _data(80, 1)
    both = torch.cat([torch.cat([targets, truth]), torch.full((280, 1), torch.nan)], 1).numpy()
    labelled = Labelled(np.zeros((280, 4, 4, 1), np.uint8), both, np.arange(200), np.arange(200, 280))
    good = feature_measures(train, valid, labelled)
    bad = feature_measures(torch.randn(200, 6), torch.randn(80, 6), labelled)
    assert good["knn_map"] > bad["knn_map"] + 0.2
    assert good["linear_map"] > bad["linear_map"] + 0.2


def test_embedding_resizes_any_depth_and_keeps_the_mode() -> None:
    backbone = start_from("test_vit", "none", image_size=32, channels=1)
    pixels = np.random.default_rng(0).integers(0, 256, (5, 40, 40, 1), dtype=np.uint8)
    backbone.train()
    found = embed(backbone, as_source(pixels), np.array([4, 0]), 32)
    deep = embed(backbone, as_source(pixels.astype(np.uint16) * 257), np.array([4, 0]), 32)
    assert backbone.training
    assert found.shape == (2, 64)
    torch.testing.assert_close(found, deep, rtol=0.02, atol=0.02)


@pytest.mark.parametrize(
    ("train", "valid", "told"),
    [([0, 1], [1, 2], "row 1 is in the monitor's"), ([], [1], "one of both is empty")],
)
def test_rows_that_judge_are_not_learned_from(train: list[int], valid: list[int], told: str) -> None:
    with pytest.raises(UserError, match=told):
        Labelled(np.zeros((3, 4, 4, 1), np.uint8), np.zeros((3, 1)), np.array(train), np.array(valid))
    with pytest.raises(UserError, match=r"targets of shape \(3,\)"):
        Labelled(np.zeros((3, 4, 4, 1), np.uint8), np.zeros(3), np.array([0]), np.array([1]))
