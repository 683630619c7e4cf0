"""All settings of DINOv2 pre-training, with the defaults of CheXFound's ViT-L/16 (methods B16, B17)."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from longtail.errors import UserError, unknown_name

Positions = Literal["interpolate", "drop"]
Look = Literal["grey", "colour"]
Precision = Literal["auto", "fp32", "bf16"]
OnCollapse = Literal["warn", "stop"]


@dataclass(frozen=True, kw_only=True)
class Dinov2Settings:
    """What is trained, on which crops, with which losses and how long; lengths are in epochs.

    `weights` is where to start: `none`, `pretrained` (the hub) or a file: DINOv2's, CheXFound's, RAD-DINO's, or an own
    teacher's, also of another image size. Position embeddings are then interpolated, or begin anew (`positions: drop`).
    `batch_size` is per process; the learning rate is for 1,024 images a step and scales by the square root.
    """

    backbone: str = "vit_large_patch16_reg4_swiglu"
    weights: str | Path | None = "none"
    positions: Positions = "interpolate"
    drop_path: float = 0.4

    global_size: int = 224
    local_size: int = 96
    local_crops: int = 8
    global_scale: tuple[float, float] = (0.32, 1.0)
    local_scale: tuple[float, float] = (0.05, 0.32)
    look: Look = "grey"  # of radiographs: levels only; colour as DINOv2's
    flip: float = 0.5  # of a left-right flip; 0 where the side matters
    solarize: float = 0.2  # of the second global crop

    epochs: int = 100
    steps_per_epoch: int | None = 2500  # none: as many as show every image once
    batch_size: int = 64
    micro_batch: int | None = None  # images at once, where not all of a batch fit into memory
    learning_rate: float = 2e-4
    learning_rate_end: float = 1e-6
    warmup_epochs: float = 10
    weight_decay: float = 0.04
    weight_decay_end: float = 0.2
    layer_decay: float = 0.9  # each layer below the last learns at this share of the rate of the one above
    patch_embed_rate: float = 0.2
    clip: float = 3.0
    freeze_last_layer_epochs: float = 1

    momentum: float = 0.994
    momentum_end: float = 1.0
    student_temperature: float = 0.1
    teacher_temperature: float = 0.07
    teacher_temperature_start: float = 0.04
    temperature_warmup_epochs: float = 30

    dino_weight: float = 1.0
    ibot_weight: float = 3.0
    koleo_weight: float = 0.1
    shared_head: bool = False
    prototypes: int = 131_072
    head_layers: int = 3
    head_hidden: int = 2048
    head_bottleneck: int = 384
    mask_probability: float = 0.5
    mask_ratio: tuple[float, float] = (0.1, 0.5)

    precision: Precision = "auto"  # bf16 on a GPU, fp32 on a CPU
    on_collapse: OnCollapse = "warn"  # or stop, when what is watched shows a collapse

    def __post_init__(self) -> None:
        for name in ("global_scale", "local_scale", "mask_ratio"):  # YAML has lists
            object.__setattr__(self, name, tuple(getattr(self, name)))
        self._check_choices()
        self._check_numbers()

    def as_facts(self) -> dict[str, Any]:
        """All settings that count for what is learned, as JSON holds them."""
        facts = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        del facts["on_collapse"]
        if self.micro_batch is None:
            del facts["micro_batch"]
        return facts | {"weights": None if self.weights is None else str(self.weights)}

    def _check_choices(self) -> None:
        said = {"positions": Positions, "look": Look, "precision": Precision, "on_collapse": OnCollapse}
        for name, choices in said.items():
            if getattr(self, name) not in get_args(choices):
                raise unknown_name(name, str(getattr(self, name)), get_args(choices), "the settings of dinov2")

    def _check_numbers(self) -> None:
        positive = ("global_size", "local_size", "epochs", "batch_size", "prototypes", "head_hidden", "head_bottleneck")
        for name in (*positive, "head_layers", "student_temperature", "teacher_temperature"):
            _require(getattr(self, name) > 0, name, getattr(self, name), "write a number above 0")
        _require(self.teacher_temperature_start > 0, "teacher_temperature_start", self.teacher_temperature_start, "> 0")
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name.endswith(("_weight", "_epochs", "_crops", "_decay", "_rate")):
                _require(value >= 0, field.name, value, "write 0 or more")
        for name in ("drop_path", "flip", "solarize", "momentum", "momentum_end", "mask_probability"):
            _require(0 <= getattr(self, name) <= 1, name, getattr(self, name), "write a number from 0 to 1")
        for name in ("global_scale", "local_scale", "mask_ratio"):
            pair = getattr(self, name)
            fine = len(pair) == 2 and 0 < pair[0] <= pair[1] <= 1
            _require(fine, name, list(pair), "write [lowest, highest] within 0 and 1")
        _require(self.clip > 0, "clip", self.clip, "write a number above 0")
        _require(self.micro_batch is None or self.micro_batch > 0, "micro_batch", self.micro_batch, "write 1 or more")
        _require(self.steps_per_epoch is None or self.steps_per_epoch > 0, "steps_per_epoch", 0, "write 1 or more")
        if self.dino_weight + self.ibot_weight == 0:
            raise UserError("dino_weight and ibot_weight of dinov2 are both 0, so nothing is learned; raise one.")


def _require(fine: bool, name: str, value: object, valid: str) -> None:
    if not fine:
        raise UserError(f"'{name}' of dinov2 is {value}; {valid}.")
