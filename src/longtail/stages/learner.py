"""Model and objective as one module, so that DistributedDataParallel sees a forward that ends in the loss."""

from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from longtail.models.classifier import Classifier
from longtail.running.processes import World, agreed
from longtail.stages.batch import Batch
from longtail.stages.objective import Objective
from longtail.stages.precision import Precision


class Learner(nn.Module):
    """A batch to its loss, in the stage's precision."""

    def __init__(self, model: Classifier, objective: Objective, precision: Precision) -> None:
        super().__init__()
        self.model, self.objective, self._precision = model, objective, precision

    def forward(self, batch: Batch, shares: Tensor | None = None) -> Tensor:
        """The loss of a batch, or of a micro-batch that is `shares` of one."""
        with self._precision.autocast():
            loss: Tensor = self.objective(self.model, batch, shares)
        return loss


def shared(learner: Learner, world: World, *, look: bool) -> nn.Module:
    """The learner, with gradients averaged over all processes where there are several.

    `look` for parameters without a gradient in each step, if any process must.
    """
    if world.size == 1:
        return learner
    return DistributedDataParallel(learner, find_unused_parameters=agreed(look, world))
