"""A batch in parts has the gradient of the whole batch, unknown labels and weighted means included."""

from pathlib import Path
from typing import Any

import pytest
import torch
from made_jobs import made_job

from longtail.errors import UserError
from longtail.running.processes import World
from longtail.stages.batch import Batch
from longtail.stages.inputs import image_inputs
from longtail.stages.micro_batches import out_of_memory
from longtail.stages.precision import Precision
from longtail.stages.setting_up import set_up
from longtail.stages.trainable import set_trainable
from longtail.stages.training import Training

FP32 = Precision("fp32", False, torch.device("cpu"))


def begun(folder: Path, **settings: Any) -> Training:
    job = made_job(folder, backbone="small_plain", **settings)
    set_trainable(job.model, job.settings.train, job.settings.frozen_bn)
    work = set_up(job, image_inputs(job, FP32, World()), FP32, World())
    work.model.train()
    return work


def gradients(work: Training) -> tuple[float, dict[str, torch.Tensor]]:
    loss = work.micro(work.batches.make(0, 1), work._clear)
    return float(loss), {n: p.grad for n, p in work.learner.named_parameters() if p.grad is not None}


CASES: list[dict[str, Any]] = [
    {},
    {"loss": "asymmetric"},
    {"loss": ["bce", {"distribution_balanced": {"weight": 0.3}}]},
    {"mix": "cutmix"},
    {"head": {"pyramid-sum": {"levels": [4, 3]}}},
    {"single": True},
    {"single": True, "class_weights": "inverse"},
    {"single": True, "loss": "ldam", "class_weights": "inverse"},
    {"single": True, "loss": "cb_focal"},
    {"single": True, "mix": "remix", "class_weights": "inverse"},
    {"single": True, "loss": ["cross_entropy", {"center": {"update": "gradient", "weight": 0.01}}]},
]


@pytest.mark.parametrize("settings", CASES)
@pytest.mark.parametrize("size", [3, 1])
def test_parts_have_the_gradient_of_the_whole(tmp_path: Path, settings: dict[str, Any], size: int) -> None:
    loss, whole = gradients(begun(tmp_path, micro_batch=None, **settings))
    in_parts, parts = gradients(begun(tmp_path, micro_batch=size, **settings))
    assert in_parts == pytest.approx(loss, rel=1e-5)
    assert whole.keys() == parts.keys()
    for name in whole:
        torch.testing.assert_close(parts[name], whole[name], rtol=1e-4, atol=1e-6)


def test_the_mean_of_parts_would_be_another(tmp_path: Path) -> None:
    """The made batch has so unequal unknowns that counting them matters."""
    work = begun(tmp_path, micro_batch=None)
    batch = work.batches.make(0, 1)
    with torch.no_grad():
        plain = torch.stack([work.learner(part) for part in batch.parts(3)]).mean()
        assert abs(plain - work.learner(batch)) > 1e-5


def test_both_streams_in_parts(tmp_path: Path) -> None:
    def frozen(work: Training) -> Training:
        work.model.eval()  # the branches have BatchNorm
        return work

    _, whole = gradients(frozen(begun(tmp_path, single=True, head="two_branch", micro_batch=None)))
    _, parts = gradients(frozen(begun(tmp_path, single=True, head="two_branch", micro_batch=3)))
    for name in whole:
        torch.testing.assert_close(parts[name], whole[name], rtol=1e-4, atol=1e-6)


def test_memory_that_runs_out_halves_the_micro_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = begun(tmp_path)
    real = type(work.learner).forward

    def short(self: Any, batch: Batch, shares: Any = None) -> Any:
        if len(batch) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return real(self, batch, shares)

    monkeypatch.setattr(type(work.learner), "forward", short)
    loss, found = gradients(work)
    assert work.micro.size == 2
    monkeypatch.undo()
    expected, whole = gradients(begun(tmp_path, micro_batch=None))
    assert loss == pytest.approx(expected, rel=1e-5)
    for name in whole:
        torch.testing.assert_close(found[name], whole[name], rtol=1e-4, atol=1e-6)


def test_a_given_size_is_not_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = begun(tmp_path, micro_batch=4)

    def short(*_: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(type(work.learner), "forward", short)
    with pytest.raises(torch.OutOfMemoryError):
        gradients(work)


def test_losses_of_pairs_stay_whole(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="compares the images of a batch"):
        begun(tmp_path, single=True, loss=["cross_entropy", {"supcon": {"projection": [4]}}], micro_batch=4)


def test_out_of_memory_is_known_by_its_words() -> None:
    assert out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"))
    assert out_of_memory(MemoryError())
    assert not out_of_memory(RuntimeError("shapes differ"))
