"""One tiny trained run for this room's tests: an ensemble of two stages, and one that reads images' data sets."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import torch
from made_data import made_manifest

from longtail.stages.fitting import fit

RECIPE = """\
recipe: two
task: multilabel
about: Two small stages.
model: {backbone: resnet10t, weights: none}
defaults: {epochs: 1, batch_size: 8, loss: bce, keep: last}
stages:
  small: {image_size: 32}
  large: {from: small, image_size: 40}
  sourced: {image_size: 32, model: {head: {pyramid-sum: {levels: [4]}}}}
predict: {ensemble: [small, large], tta: [identity, hflip], calibration: platt}
"""


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The run and its manifest."""
    folder = tmp_path_factory.mktemp("export")
    manifest = made_manifest(folder, images=32)
    pd.read_csv(manifest, dtype=str).assign(source=["here", "there"] * 16).to_csv(manifest, index=False)
    recipe = folder / "r.yaml"
    recipe.write_text(RECIPE, encoding="utf-8")
    return fit(str(recipe), manifest, out=folder / "run"), manifest
