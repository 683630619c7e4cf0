"""Every shipped head and test-time view exports, with a free batch size, and gives what the model gives."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from longtail.errors import UserError
from longtail.export.bundling import _require_single_images
from longtail.export.formats import format_named
from longtail.export.formats.torch_file import torch_format
from longtail.export.network import PixelsToProbabilities
from longtail.models import HEADS
from longtail.predict.tta import TTA
from longtail.stages.loaded_stage import LoadedStage
from longtail.stages.loading_models import build_model

LABELS = tuple("abcde")
_RNG = np.random.default_rng(0)


class Means(torch.nn.Module):
    """A model in no time: the means of five bands."""

    def predict_logits(self, images: torch.Tensor) -> torch.Tensor:
        return images.unflatten(2, (4, -1)).mean((1, 3, 4)).repeat(1, 2)[:, :5]


def _stage(head: Any = "linear", task: str = "multilabel", dropped: int | None = None) -> LoadedStage:
    torch.manual_seed(0)
    model = build_model({"backbone": "resnet10t", "weights": "none", "head": head}, LABELS, 1, 32).eval()
    active = torch.tensor([i != dropped for i in range(len(LABELS))])
    return LoadedStage(model, LABELS, task, 32, 1, (0.4,), (0.3,), "squash", "file", active, "x")  # type: ignore[arg-type]


def _pixels(count: int) -> np.ndarray:
    return _RNG.integers(0, 256, (count, 32, 32, 1), dtype=np.uint8)


def _exported(network: PixelsToProbabilities, path: Path):  # type: ignore[no-untyped-def]
    kind = torch_format()
    kind.write(network, _pixels(2), path)
    return kind.open(path, 0)


_OF_STUDIES = [name for name, entry in HEADS.load().items() if getattr(entry.function, "of_studies", False)]


@pytest.mark.parametrize(
    "head", [*sorted(set(HEADS.load()) - set(_OF_STUDIES)), {"pyramid-sum": {"sources": 2}}], ids=str
)
def test_every_head_exports(head: Any, tmp_path: Path) -> None:
    network = PixelsToProbabilities(_stage(head)).eval()
    run = _exported(network, tmp_path / "n.pt2")
    for count in (1, 5):
        pixels = _pixels(count)
        with torch.no_grad():
            np.testing.assert_allclose(run(pixels), network(torch.from_numpy(pixels)).numpy(), atol=1e-5)


@pytest.mark.parametrize("head", sorted(_OF_STUDIES))
def test_heads_of_studies_say_why_not(head: str) -> None:
    told = r"the head of stage 'last' reads all images of a study.*longtail predict RUN.*export RUN --stage NAME"
    with pytest.raises(UserError, match=told):
        _require_single_images({"last": _stage(head)})


def test_every_view_exports(tmp_path: Path) -> None:
    stage = replace(_stage(), model=Means())  # type: ignore[arg-type]
    network = PixelsToProbabilities(stage, sorted(TTA.load()), "logits").eval()
    run = _exported(network, tmp_path / "n.pt2")
    pixels = _pixels(3)
    with torch.no_grad():
        np.testing.assert_allclose(run(pixels), network(torch.from_numpy(pixels)).numpy(), atol=1e-5)


def test_a_dropped_class_is_never_predicted() -> None:
    network = PixelsToProbabilities(_stage(task="singlelabel", dropped=2)).eval()
    with torch.no_grad():
        found = network(torch.from_numpy(_pixels(4)))
    assert (found[:, 2] == 0).all()
    torch.testing.assert_close(found.sum(1), torch.ones(4))


def test_a_part_whose_shapes_follow_the_batch_says_why_not(tmp_path: Path) -> None:
    class Odd(torch.nn.Module):
        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            return torch.zeros(len(pixels), 5) if len(pixels) == 2 else torch.ones(1, 5)

    with pytest.raises(UserError, match="cannot follow the batch size"):
        _exported(Odd(), tmp_path / "n.pt2")  # type: ignore[arg-type]


def test_formats_are_listed() -> None:
    assert format_named("openvino").suffix == ".xml"
    with pytest.raises(UserError, match="Valid: onnx, openvino, torch"):
        format_named("tflite")
