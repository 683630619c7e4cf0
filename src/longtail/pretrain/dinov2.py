"""DINOv2: a student answers, of hidden patches and small views, what a slowly following teacher says of whole ones.

Oquab et al., "DINOv2: learning robust visual features without supervision", TMLR 2024; public code
facebookresearch/dinov2 @b8931f7 `train/ssl_meta_arch.py` (Apache-2.0), described, not copied. Loss: DINO on class
features, iBOT on hidden patches, KoLeo on each large view's features.

`step` does everything of one step. It draws nothing from a running generator: views, masks and drop path are functions
of (seed, step, process), so `state_dict`, flat tensors that safetensors can hold, is all that a resume needs to end
with the same bits. Under `torch.distributed` the student is wrapped in DistributedDataParallel and prototypes are
centred over all processes.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from longtail.errors import UserError
from longtail.models.backbones.base import Backbone
from longtail.pretrain import METHODS
from longtail.pretrain.centring import sinkhorn_knopp
from longtail.pretrain.crops import Crops, MultiCrop
from longtail.pretrain.dino import dino_loss
from longtail.pretrain.groups import parameter_groups, set_rates
from longtail.pretrain.ibot import ibot_loss
from longtail.pretrain.koleo import koleo_loss
from longtail.pretrain.masking import block_masks
from longtail.pretrain.networks import Answers, Branch
from longtail.pretrain.questions import Questions
from longtail.pretrain.schedules import Rates, rates
from longtail.pretrain.settings import Dinov2Settings
from longtail.pretrain.sources import Pixels, Rows
from longtail.pretrain.starting import start_from
from longtail.running.optimizer_state import optimizer_tensors, take_optimizer
from longtail.running.processes import place

Levels = tuple[tuple[float, ...], tuple[float, ...]]  # mean and standard deviation of pixels, by channel


@METHODS.register("dinov2", paper="Oquab et al. 2024", code="facebookresearch/dinov2")
class Dinov2:
    """Student, teacher, optimiser and the step count of one training; `steps_per_epoch` scales the schedules."""

    def __init__(
        self,
        settings: Dinov2Settings,
        *,
        channels: int,
        steps_per_epoch: int,
        seed: int = 0,
        device: torch.device | str = "cpu",
        threads: int = 1,
        levels: Levels | None = None,
    ) -> None:
        self.settings, self.levels = settings, levels
        self.steps_per_epoch, self.seed = steps_per_epoch, seed
        self.device, self.taken = torch.device(device), 0
        here = place()
        self.rank, self.world = here.rank, here.size
        # Order of initialisation, the same on every process: (1) backbone, (2) DINO head, (3) iBOT head; then the
        # teacher is the student's copy.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.student = Branch(self._backbone(settings.weights, settings.drop_path, channels), settings)
            self.teacher = Branch(self._backbone("none", 0.0, channels), settings)
        self.teacher.load_state_dict(self.student.state_dict())
        self.teacher.requires_grad_(False)
        self.student.to(self.device)
        self.teacher.to(self.device)
        self.wrapped: nn.Module = self.student
        if self.world > 1:
            self.wrapped = nn.parallel.DistributedDataParallel(self.student)
        backbone = self.teacher.trunk.backbone
        self.crops = MultiCrop(
            settings, mean=backbone.mean, std=backbone.std, seed=seed, device=self.device, threads=threads
        )
        self.groups = parameter_groups(self.student, settings)
        self.optimizer = torch.optim.AdamW([dict(group) for group in self.groups], fused=True)

    @property
    def steps(self) -> int:
        """How many steps the whole training has."""
        return self.settings.epochs * self.steps_per_epoch

    @property
    def rates(self) -> Rates:
        """The learning rate and the like of the next step."""
        return rates(self.settings, self.taken, self.steps_per_epoch, self.settings.batch_size * self.world)

    def step(self, pixels: Pixels, rows: Rows) -> dict[str, Tensor]:
        """One step on the images `rows` with their pixels `(B, H, W, C)`; gives the parts of the loss."""
        now = self.rates
        crops, masks = self.crops(pixels, rows, self.taken), self._masks(len(rows))
        with self._own_numbers():
            parts = self._backward(self.asked(crops, masks, now.teacher_temperature))
        self._learn(now)
        self._follow(now.momentum)
        self.taken += 1
        return parts

    @torch.no_grad()
    def asked(self, crops: Crops, masks: Tensor | None, temperature: float) -> Questions:
        """What the teacher says of the large views; `masks` `(2 B, T)` are true at patches hidden from the student."""
        at_once = len(crops.large) if self.settings.micro_batch is None else 2 * self.settings.micro_batch
        views = torch.split(crops.large, at_once)
        hidden = [None] * len(views) if masks is None else torch.split(masks, at_once)
        with self._precision():
            told: list[Answers] = [
                self.teacher(view, None, mask, False) for view, mask in zip(views, hidden, strict=True)
            ]
        classes = sinkhorn_knopp(torch.cat([each.large for each in told]), temperature)
        said = [each.patches for each in told if each.patches is not None]
        return Questions(crops, masks, classes, sinkhorn_knopp(torch.cat(said), temperature) if said else None)

    def losses(self, asked: Questions) -> dict[str, Tensor]:
        """The parts of the loss and their weighted sum, `loss`."""
        settings = self.settings
        with self._precision():
            said: Answers = self.wrapped(asked.crops.large, asked.crops.small, asked.masks, True)
        small = () if said.small is None else said.small.chunk(settings.local_crops)
        wanted = asked.classes.chunk(2)
        parts = {"dino": dino_loss(said.large.chunk(2), small, wanted, settings.student_temperature)}
        if said.patches is not None and asked.patches is not None and asked.masks is not None:
            parts["ibot"] = ibot_loss(said.patches, asked.patches, asked.masks, settings.student_temperature)
        parts["koleo"] = torch.stack([koleo_loss(view) for view in said.features.chunk(2)]).sum()
        weights = {"dino": settings.dino_weight, "ibot": settings.ibot_weight, "koleo": settings.koleo_weight}
        return {"loss": torch.stack([weights[name] * part for name, part in parts.items()]).sum(), **parts}

    def backbone_state(self) -> dict[str, Tensor]:
        """The teacher's backbone under the names that `build_backbone(name, weights=FILE)` reads."""
        backbone = self.teacher.trunk.backbone
        inner: nn.Module = getattr(backbone, "model", backbone)
        return {name: tensor.detach().cpu().contiguous() for name, tensor in inner.state_dict().items()}

    def state_dict(self) -> dict[str, Tensor]:
        """Everything that the next steps depend on, by flat names."""
        state = {f"student.{name}": tensor for name, tensor in self.student.state_dict().items()}
        state |= {f"teacher.{name}": tensor for name, tensor in self.teacher.state_dict().items()}
        return {"taken": torch.tensor(self.taken), **state, **optimizer_tensors(self.optimizer)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take what `state_dict` of a training with the same settings gave."""

        def below(prefix: str) -> dict[str, Tensor]:
            return {name[len(prefix) :]: value for name, value in state.items() if name.startswith(prefix)}

        try:
            self.student.load_state_dict(below("student."))
            self.teacher.load_state_dict(below("teacher."))
        except RuntimeError as error:
            told = " ".join(str(error).split())[:300]
            raise UserError(f"the saved state is of other settings of dinov2 ({told}); use the same ones.") from error
        take_optimizer(self.optimizer, state)
        self.taken = int(state["taken"])

    def _backbone(self, weights: Any, drop_path: float, channels: int) -> Backbone:
        backbone = start_from(
            self.settings.backbone,
            weights,
            image_size=self.settings.global_size,
            channels=channels,
            drop_path=drop_path,
            positions=self.settings.positions,
        )
        if self.levels is not None:
            backbone.mean, backbone.std = self.levels
        return backbone

    def _masks(self, images: int) -> Tensor | None:
        """`(2 images, T)` for the large views; None where nothing asks for patches."""
        if self.settings.ibot_weight == 0 or self.student.trunk.mask_token is None:
            return None
        side = self.settings.global_size // self.student.trunk.backbone.sizes.strides[-1]
        rng = np.random.default_rng([self.seed, self.taken, self.rank])
        settings = self.settings
        masks = block_masks(
            rng, 2 * images, (side, side), probability=settings.mask_probability, ratio=settings.mask_ratio
        )
        return torch.from_numpy(masks).to(self.device)

    def _own_numbers(self) -> AbstractContextManager[None]:
        """Random numbers of this step and process for drop path, without touching anyone else's."""
        there = [self.device] if self.device.type == "cuda" else []
        return _seeded(there, int(np.random.SeedSequence([self.seed, self.taken, self.rank]).generate_state(1)[0]))

    def _precision(self) -> AbstractContextManager[Any]:
        chosen = self.settings.precision
        half = chosen == "bf16" or (chosen == "auto" and self.device.type == "cuda")
        return torch.autocast(self.device.type, torch.bfloat16, enabled=half)

    def _backward(self, asked: Questions) -> dict[str, Tensor]:
        """Leave the step's gradients in the student, part by part; gives the parts of the loss."""
        self.optimizer.zero_grad(set_to_none=True)
        total: dict[str, Tensor] = {}
        parts = list(asked.parts(self.settings.micro_batch))
        for number, part in enumerate(parts, start=1):
            share = len(part) / len(asked)
            with self._sharing(number == len(parts)):
                found = {name: value * share for name, value in self.losses(part).items()}
                found["loss"].backward()  # type: ignore[no-untyped-call]
            total = {name: total.get(name, 0) + value.detach() for name, value in found.items()}
        return total

    def _sharing(self, last: bool) -> AbstractContextManager[Any]:
        """Processes share their gradients once, with the last part."""
        return nullcontext() if last or self.world == 1 else self.wrapped.no_sync()  # type: ignore[operator]

    def _learn(self, now: Rates) -> None:
        set_rates(self.optimizer.param_groups, now)
        for part in self.student.children():  # backbone and heads each for itself, as the public code does
            nn.utils.clip_grad_norm_(part.parameters(), self.settings.clip)
        self.optimizer.step()

    @torch.no_grad()
    def _follow(self, momentum: float) -> None:
        """Move the teacher towards the student."""
        pairs = list(zip(self.teacher.parameters(), self.student.parameters(), strict=True))
        torch._foreach_lerp_([t for t, _ in pairs], [s.detach() for _, s in pairs], 1 - momentum)


class _seeded(AbstractContextManager[None]):  # noqa: N801  # used like a function
    def __init__(self, devices: list[torch.device], seed: int) -> None:
        self.fork, self.seed = torch.random.fork_rng(devices=devices), seed

    def __enter__(self) -> None:
        self.fork.__enter__()
        torch.manual_seed(self.seed)

    def __exit__(self, *error: Any) -> None:
        self.fork.__exit__(*error)
