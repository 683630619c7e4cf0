"""Study fusion: a study's prediction depends on its own views, on all of them, and on nothing else."""

import math

import pytest
import torch

from longtail.errors import UserError
from longtail.models.study_fusion import StudyFusion, pack_studies, sinusoidal_places


def _fusion() -> StudyFusion:
    return StudyFusion(6, 5, views=2, dim=16, layers=2, heads=4, hidden=32).eval()


def _batch() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    present = torch.tensor([[True, True, False], [True, True, True], [True, False, False]])
    return torch.randn(3, 3, 6, 4, 4), present, torch.tensor([[0, 1, -1], [1, 0, 1], [0, -1, -1]])


@torch.no_grad()
def test_other_studies_and_padding_change_nothing() -> None:
    fusion, (maps, present, view) = _fusion(), _batch()
    found = fusion(maps, present, view)
    changed = maps.clone()
    changed[1:] = torch.randn(2, 3, 6, 4, 4) * 9
    changed[0, 2] = float("nan")  # padding may hold anything
    torch.testing.assert_close(fusion(changed, present, view)[0], found[0])
    torch.testing.assert_close(fusion(maps[:1, :2], present[:1, :2], view[:1, :2])[0], found[0])


@torch.no_grad()
def test_every_view_and_its_kind_count_and_their_order_does_not() -> None:
    fusion, (maps, present, view) = _fusion(), _batch()
    found = fusion(maps, present, view)
    for place in range(3):
        changed = maps.clone()
        changed[1, place] += 1
        assert not torch.allclose(fusion(changed, present, view)[1], found[1])
    assert not torch.allclose(fusion(maps, present, 1 - view)[1], found[1])
    order = [2, 0, 1]
    torch.testing.assert_close(fusion(maps[1:2, order], present[1:2, order], view[1:2, order])[0], found[1])
    assert fusion(maps, present).shape == (3, 5)  # no kinds known


def test_training_reaches_every_part() -> None:
    fusion, (maps, present, view) = _fusion().train(), _batch()
    fusion(maps, present, view).square().sum().backward()
    for name, parameter in fusion.named_parameters():
        assert parameter.grad is not None or name == "decoder.queries", name


def test_places_are_sines_and_cosines() -> None:
    found = sinusoidal_places(8, 3, 5)
    for y in range(3):
        for x in range(5):
            expected = [math.sin(y), math.cos(y), math.sin(y / 100), math.cos(y / 100)]
            expected += [math.sin(x), math.cos(x), math.sin(x / 100), math.cos(x / 100)]
            torch.testing.assert_close(found[:, y, x], torch.tensor(expected), rtol=1e-4, atol=1e-5)


def test_packing_images_into_studies() -> None:
    rows, study = torch.arange(6.0)[:, None], torch.tensor([7, 3, 7, 9, 7, 3])
    packed, present, numbers = pack_studies(rows, study)
    assert numbers.tolist() == [3, 7, 9]
    assert packed[..., 0].tolist() == [[1, 5, 0], [0, 2, 4], [3, 0, 0]]
    assert present.tolist() == [[True, True, False], [True, True, True], [True, False, False]]
    assert pack_studies(rows, study, most=2)[0][..., 0].tolist() == [[1, 5], [0, 2], [3, 0]]


def test_refusals() -> None:
    with pytest.raises(UserError, match="dim 18"):
        StudyFusion(6, 5, dim=18)
    fusion, (maps, present, view) = _fusion(), _batch()
    with pytest.raises(UserError, match="without any view"):
        fusion(maps, present & False, view)
