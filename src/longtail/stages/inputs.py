"""What a stage's model reads: images through the whole model, or cached features through its head."""

from dataclasses import dataclass, field, replace
from typing import Any

from longtail.models.classifier import Classifier
from longtail.models.heads.base import Head
from longtail.running.processes import World
from longtail.stages.job import TrainJob
from longtail.stages.precision import Precision
from longtail.stages.readers import Reader, build_reader, level_steps


@dataclass(frozen=True, eq=False)
class Inputs:
    """The model that is trained (perhaps only the job's head), and readers of its inputs."""

    model: Classifier
    train: Reader
    second: Reader  # of the second stream: other augmentation of the same rows
    valid: Reader
    facts: dict[str, Any] = field(default_factory=dict)
    ahead: bool = True  # whether the next batch is worth a thread

    def with_head(self, head: Head) -> "Inputs":
        """The same features for another head."""
        model = Classifier(self.model.backbone, head)
        model.train(self.model.training)
        return replace(self, model=model)


def image_inputs(job: TrainJob, precision: Precision, world: World, *, hold: bool = True) -> Inputs:
    """Images, augmented as the stage says."""
    steps, hold = list(job.settings.augment), hold and world.size == 1
    train, second = (
        build_reader(job.prepared, steps, precision, mean=job.mean, std=job.std, seed=seed, hold=hold, paste=job.paste)
        for seed in (job.seed, second_seed(job.seed))
    )
    valid = build_reader(job.prepared, level_steps(steps), precision, mean=job.mean, std=job.std)
    ahead = precision.device.type == "cuda" or bool(steps) or job.paste is not None
    return Inputs(job.model, train, second, valid, ahead=ahead)


def second_seed(seed: int) -> int:
    """The seed of the second stream: unrelated to the first one's."""
    return seed + 1_000_003
