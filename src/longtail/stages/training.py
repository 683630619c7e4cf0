"""A training under way: all that changes while it runs, one step of it, and its checkpoints."""

import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from longtail.errors import UserError
from longtail.models.classifier import Classifier
from longtail.models.weights.saving import save_weights
from longtail.running.checkpoint import read_checkpoint, write_checkpoint
from longtail.running.log import Log
from longtail.running.module_state import module_tensors, take_module
from longtail.running.optimizer_state import optimizer_tensors, start_momentum, take_optimizer
from longtail.running.processes import World, send_buffers
from longtail.stages.batch import Batch
from longtail.stages.batches import Batches
from longtail.stages.draws import Plan
from longtail.stages.ema import Average
from longtail.stages.job import TrainJob
from longtail.stages.keeping import Keeper
from longtail.stages.micro_batches import MicroBatches
from longtail.stages.objective import Objective
from longtail.stages.precision import Precision
from longtail.stages.trainable import without_updates
from longtail.stages.validation import Metrics, Validator

CHECKPOINT = "checkpoint.safetensors"
MOMENTUM = "momentum.safetensors"


@dataclass(eq=False)
class Training:
    """The parts of a training, and where it stands: `step` steps of `epoch` (from 0) are done."""

    job: TrainJob
    world: World
    precision: Precision
    model: Classifier
    objective: Objective
    learner: nn.Module
    optimizer: torch.optim.Optimizer | None
    rate: Callable[[int], float]
    lr: float
    average: Average[Classifier] | None
    scaler: torch.amp.GradScaler | None
    batches: Batches
    plan: Plan
    micro: MicroBatches
    validator: Validator | None
    keeper: Keeper
    log: Log
    epoch: int = 0
    step: int = 0
    seconds: float = 0.0  # trained before this process began
    usual: float | None = None  # the first losses' mean
    losses: Tensor = field(init=False)  # of the epoch so far, on the device
    best: dict[str, Tensor] = field(default_factory=dict)  # the kept weights, when they are not the last
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.losses = torch.zeros(max(self.plan.per_epoch, 1), device=self.precision.device)
        self._trained = [p for group in self._groups() for p in group["params"]]

    @property
    def judged(self) -> Classifier:
        """The model that is validated and kept: the averaged one where there is one."""
        return self.model if self.average is None else self.average.model

    @property
    def done(self) -> int:
        """Steps taken in all."""
        return min(self.epoch * self.plan.per_epoch + self.step, self.plan.total)  # the last epoch may be cut short

    def learn(self, batch: Batch) -> None:
        """One step; nothing here waits for the device."""
        done, settings = self.done, self.job.settings
        assert self.optimizer is not None
        self.objective.set_progress(done / max(self.plan.total, 1))
        self._seed(done)
        self._set_rate(done)
        self._clear()
        self.losses[self.step] = self.micro(batch, self._clear)
        if self.scaler is not None and settings.clip is not None:
            self.scaler.unscale_(self.optimizer)
        if settings.clip is not None:
            nn.utils.clip_grad_norm_(self._trained, settings.clip, foreach=True)
        if self.scaler is None:
            self.optimizer.step()
        else:
            self.scaler.step(self.optimizer)
            self.scaler.update()
        if self.average is not None:
            self.average.update(done)
        self.step += 1

    def keep(self) -> None:
        """Remember the judged model's weights as the best so far."""
        self.best = {
            name: tensor.detach().to("cpu", copy=True) for name, tensor in module_tensors("kept", self.judged).items()
        }
        if self.average is not None:
            raw = module_tensors("raw", self.model).items()
            self.best |= {name: tensor.detach().to("cpu", copy=True) for name, tensor in raw}

    def save(self, path: Path) -> None:
        """Write a checkpoint, the best weights before it in a file of their own."""
        if not self.world.first:
            return
        best = self._best_file()
        if self.best and not best.exists():
            write_checkpoint(best, self.best, {})
        tensors = {
            **module_tensors("model", self.model),
            **module_tensors("objective", self.objective),
            "losses": self.losses[: self.step],
        }
        if self.average is not None:
            tensors |= module_tensors("average", self.average.model)
        if self.optimizer is not None:
            tensors |= optimizer_tensors(self.optimizer)
        write_checkpoint(path, tensors, self._state())
        for other in path.parent.glob("checkpoint-best-*.safetensors"):
            if other != best:
                other.unlink(missing_ok=True)

    def resume(self, path: Path) -> bool:
        """Go on from a checkpoint, where there is one."""
        found = read_checkpoint(path)
        if found is None:
            self.log.cut(0)
            return False
        tensors, state = found
        take_module("model", self.model, tensors, path)
        take_module("objective", self.objective, tensors, path)
        if self.average is not None:
            take_module("average", self.average.model, tensors, path)
        if self.optimizer is not None:
            take_optimizer(self.optimizer, tensors)
        if self.scaler is not None:
            self.scaler.load_state_dict(state["scaler"])
        self.epoch, self.step, self.seconds, self.usual = (state[k] for k in ("epoch", "step", "seconds", "usual"))
        self.losses[: self.step] = tensors["losses"].to(self.losses.device)
        self.micro.parts = max(state["parts"], self.micro.parts)
        self.keeper.take(state["keeper"])
        best = read_checkpoint(self._best_file()) if state["has_best"] else None
        self.best = {} if best is None else best[0]
        self.log.cut(state["log_size"])
        return True

    def take_momentum(self, folder: Path) -> int:
        """Start from the optimiser state of the finished stage in `folder`; how many parameters had one."""
        found = read_checkpoint(folder / MOMENTUM)
        if found is None:
            raise UserError(
                f"stage '{self.job.name}' starts with its parent's momentum, and '{folder}' has none: that stage"
                f" trained nothing, or its {MOMENTUM} was removed; write hand_over: {{momentum: false}}, or remove that"
                " folder to train the parent anew."
            )
        if self.optimizer is None:
            return 0
        taken = take_optimizer(self.optimizer, found[0])
        start_momentum(self.optimizer)
        return taken

    def finish(self, model: Classifier, folder: Path) -> None:
        """Put the kept weights in place and write them, as the weights of `model` (of which self's may be a part)."""
        if self.best:
            take_module("kept", self.judged, self.best, self._best_file())
        if self.average is not None:
            raw = self.best or module_tensors("raw", self.model)
            take_module("raw", self.model, raw, self._best_file())
            if self.world.first:
                save_weights(without_updates(deepcopy(model)), folder / "raw.safetensors")
            take_module("average", self.model, module_tensors("average", self.average.model), folder)
        without_updates(model)
        if self.world.first:
            if self.job.keep_momentum and self.optimizer is not None:
                write_checkpoint(folder / MOMENTUM, optimizer_tensors(self.optimizer), {})
            save_weights(model, folder / "weights.safetensors")

    def _state(self) -> dict[str, Any]:
        return {
            "epoch": self.epoch,
            "step": self.step,
            "seconds": self.seconds + time.monotonic() - self.began,
            "usual": self.usual,
            "parts": self.micro.parts,
            "keeper": self.keeper.state(),
            "has_best": bool(self.best),
            "log_size": self.log.size(),
            "scaler": None if self.scaler is None else self.scaler.state_dict(),
        }

    def _best_file(self) -> Path:
        return self.job.folder / f"checkpoint-best-{self.keeper.epoch}.safetensors"

    def _set_rate(self, done: int) -> None:
        factor = self.rate(done) / self.lr if self.lr else 0.0
        for group in self._groups():
            group["lr"] = group["base_lr"] * factor

    def _groups(self) -> list[dict[str, Any]]:
        return [] if self.optimizer is None else self.optimizer.param_groups

    def _clear(self) -> None:
        for parameter in self._trained:
            parameter.grad = None

    def _seed(self, done: int) -> None:
        """Dropout and the like depend on seed, step and process alone, so a resumed training draws the same."""
        name = f"{self.job.seed}/{done}/{self.world.rank}".encode()
        number = int.from_bytes(blake2b(name, digest_size=8).digest(), "little") >> 1
        torch.default_generator.manual_seed(number)
        if self.precision.device.type == "cuda":
            torch.cuda.manual_seed(number)


def judge_all(works: Sequence[Training], on_batch: Callable[[int], None]) -> list[Metrics | None]:
    """The metrics of each judged model, where there are validation rows; all works validate on the same."""
    validator = works[0].validator if works else None
    if validator is None:
        return [None] * len(works)
    for work in works:
        send_buffers(work.judged, work.world)
    return [*validator.side_by_side([work.judged for work in works], on_batch)]
