"""Parameters without a gradient are found from the graph, and finding them changes nothing."""

from pathlib import Path
from typing import Any

import pytest
import torch
from made_jobs import made_job
from torch import nn

from longtail.models import HEADS
from longtail.models.heads.linear import LinearHead
from longtail.running.processes import World
from longtail.stages.batch import Batch
from longtail.stages.inputs import image_inputs
from longtail.stages.learner import Learner
from longtail.stages.precision import chosen_precision
from longtail.stages.setting_up import set_up
from longtail.stages.unused import every_gradient


@HEADS.register("forgetful")
class ForgetfulHead(LinearHead):
    """Trains a token that it never reads, as some backbones do."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.token = nn.Parameter(torch.zeros(1))


def looked_at(tmp_path: Path, **settings: Any) -> tuple[bool, Learner]:
    job = made_job(tmp_path, **settings)
    precision = chosen_precision("fp32", torch.device("cpu"), "small", 12)
    work = set_up(job, image_inputs(job, precision, World()), precision, World())
    learner = work.learner
    assert isinstance(learner, Learner)
    return every_gradient(learner, work.batches.make(0, 0)), learner


@pytest.mark.parametrize(
    ("settings", "every"),
    [
        ({}, True),
        ({"single": True, "loss": "ldam"}, True),
        ({"mix": "mixup"}, True),
        ({"single": True, "head": "two_branch"}, True),
        ({"head": "forgetful"}, False),
        ({"single": True, "loss": ["cross_entropy", "supcon"]}, False),  # no pair, no gradient
        ({"loss": ["bce", {"bce": {"from": 0.5}}]}, False),
    ],
)
def test_what_gets_a_gradient_in_every_step(tmp_path: Path, settings: dict[str, Any], every: bool) -> None:
    assert looked_at(tmp_path, **settings)[0] == every


def test_looking_changes_nothing(tmp_path: Path) -> None:
    _, learner = looked_at(tmp_path)
    batch = Batch(torch.rand(8, 1, 12, 12), torch.ones(8, 3))
    before = {name: tensor.clone() for name, tensor in learner.state_dict().items()}
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    assert every_gradient(learner.eval(), batch)
    assert torch.equal(torch.rand(3), expected)
    assert not learner.training
    assert before.keys() == learner.state_dict().keys()
    assert all(torch.equal(tensor, before[name]) for name, tensor in learner.state_dict().items())
