"""`longtail list ...`: one table or one entry, alike for every room."""

import pytest

from longtail.cli import run


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["heads", "cosine"], ["paper: Cao et al. 2019", "python: longtail.models.heads.cosine.CosineHead"]),
        (["augmentations", "cutout"], ["kind: pixels", "  holes: int = 5"]),
        (["augmentations", "remix"], ["code: zhangyongshun/BagofTricks-LT", "  kappa: float = 3.0"]),
        (["samplers", "power"], ["code: classifier-balancing", "  power: float = 0.5"]),
        (["datasets", "nih"], ["publication: Wang et al. 2017, NIH ChestX-ray14", "  root: Path"]),
        (["tta", "shift"], ["  x: float = 0.05", "python: longtail.predict.tta.resampled_views.shift_view"]),
        (["ensembles", "weighted"], ["paper: Caruana et al. 2004", "  rounds: int = 20"]),
        (["soups", "uniform"], ["code: mlfoundations/model-soups", "  weights: list[float] | None = None"]),
        (["views", "frontal_replaces_lateral"], ["paper: Yamagishi & Hanaoka 2023"]),
        (["studies", "view_weights"], ["  frontal: float = 7", "  lateral: float = 3"]),
        (["submissions", "isic2018"], ["publication: Codella et al. 2019"]),
        (["losses", "longtail.losses.focal.focal_loss"], ["python: longtail.losses.focal.focal_loss"]),
    ],
)
def test_all_about_one(words: list[str], shown: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", *words]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert set(shown) <= set(lines)


@pytest.mark.parametrize(
    ("words", "guess"),
    [
        (["augmentations", "mixupp"], "mixup"),
        (["augmentations", "hflipp"], "hflip"),
        (["heads", "cosin"], "cosine"),
        (["submissions", "isic2019"], "isic2018"),
    ],
)
def test_an_unknown_name_is_told(words: list[str], guess: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", *words]) == 2
    assert f"Did you mean '{guess}'?" in capsys.readouterr().err


def test_sources_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "losses"]) == 0
    assert "kaidic/LDAM-DRW" in capsys.readouterr().out
