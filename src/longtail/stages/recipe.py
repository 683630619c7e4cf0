"""The recipe's schema: a task, a model, a graph of stages, and how to predict. Strict: an unknown key is an error.

Component names and settings are checked against the real signatures in `binding_parts.py`; names of stages against each
other in `graph.py`. Everything here is plain data, and importing it imports no torch.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from longtail.stages.component import Component, NamedPart

Names = Annotated[list[str], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)]
Components = Annotated[list[Component], BeforeValidator(lambda value: value if isinstance(value, list) else [value])]
Size = Annotated[int, Field(ge=1, le=4096)]
Share = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    """A section of a recipe."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class Model(Part):
    """What is trained. `weights`: pretrained, packaged, none or a file (`~`, relative to the recipe)."""

    backbone: str = "resnet18"
    head: Component = NamedPart("linear")
    weights: str = "pretrained"
    channels: Literal["auto", 1, 3] = "auto"  # auto: as the prepared images are
    drop_path: Share = 0.0
    levels: list[int] | None = None  # stage maps by timm's indices (map_indices)
    mean: float | list[float] | None = None  # of pixels in [0, 1]; None: the backbone's own
    std: float | list[float] | None = None


class Images(Part):
    """How files become pixels, the same for all stages of a recipe."""

    resize: Literal["squash", "pad", "crop"] = "squash"
    window: str = "file"
    on_bad: Literal["stop", "skip", "blank"] = "stop"


class Balance(Part):
    """`per_class` rows of each class: all of it and further copies, or a draw; drawn once, with the recipe's seed."""

    per_class: Annotated[int, Field(ge=1)]


class Oversample(Part):
    """Rows of labels that `judged_by` finds hard, that is with a validation AP below `below_ap`, come twice."""

    below_ap: Share
    judged_by: str
    copies: Annotated[int, Field(ge=2)] = 2  # how often such a row comes in all
    once: bool = True  # a row with several such labels: once more, not once more for each


class HandOver(Part):
    """What a stage takes from the one it starts `from`, beside the backbone's weights."""

    head: Literal["keep", "reset"] = "keep"
    momentum: bool = False  # the optimiser's state too
    ema: bool = True  # the averaged weights, where the parent kept some


class Lora(Part):
    """Low-rank updates (Hu et al. 2022) of the backbone's linear layers whose names end in one of `targets`."""

    rank: Annotated[int, Field(ge=1)] = 8
    alpha: Annotated[float, Field(gt=0)] = 16.0
    dropout: Share = 0.0
    targets: Names = ["qkv", "proj"]  # of a vision transformer's attention; fc1 and fc2 are its MLP's


class Trainable(Part):
    """What trains, where `all` or `head` does not say it."""

    layers: list[str] | None = None  # dotted names (prefixes) of modules; the head is named `head`
    last_blocks: int | None = None  # the last n blocks of the backbone, and the head
    lora: Lora | None = None  # low-rank updates of the backbone, and the head


class Rates(Part):
    """Learning rates that differ by layer, as factors of the optimiser's."""

    layer_decay: Annotated[float, Field(gt=0, le=1)] | None = None  # each block nearer the input times this
    backbone: Annotated[float, Field(ge=0)] = 1.0
    head: Annotated[float, Field(ge=0)] = 1.0


class Ema(Part):
    """An exponential moving average of the weights, which is then what is judged and kept."""

    decay: Annotated[float, Field(gt=0, lt=1)] = 0.9998
    warmup: bool = True  # min(decay, (1 + step) / (10 + step))


class Best(Part):
    """Keep the epoch that is best by a validation metric."""

    best: str
    direction: Literal["max", "min", "auto"] = "auto"


class EarlyStop(Part):
    """Stop when `keep`'s metric has not become better for `patience` validations."""

    patience: Annotated[int, Field(ge=1)]
    at_least: Annotated[float, Field(ge=0)] = 0.0  # smaller gains count as none


class Search(Part):
    """Train with each of some values of one setting, keep the best by `keep`'s metric, each stage on its own.

    `refit`: train once more, on train + val, with the value and for the epochs that were best.
    """

    values: dict[str, list[Any]]  # dotted setting of the stage: values, such as {optimizer.adamw.lr: [...]}
    refit: bool = False


PREDICTING = ("train", "soup")  # kinds of stages with a classifier


class Stage(Part):
    """One node of the graph; see `docs/recipes.md` for every key."""

    kind: str = "train"  # train, pretrain, synthesize, ... (longtail.stages.kinds)
    parent: str | None = Field(default=None, alias="from")
    model: dict[str, Any] = {}  # what differs from the recipe's model
    # Data
    image_size: Size = 224
    batch_size: Annotated[int, Field(ge=1)] = 64  # over all processes and micro-batches
    micro_batch: Annotated[int, Field(ge=1)] | Literal["auto"] | None = "auto"
    epochs: Annotated[int, Field(ge=0)] | None = None
    steps: Annotated[int, Field(ge=0)] | None = None  # in place of epochs
    rows: Names = ["train"]  # splits that it trains on; [train, val] has no validation
    drop_classes: list[str | int] | Literal["head", "medium", "tail", "largest"] | None = None  # largest: one class
    keep_classes: list[str | int] | Literal["head", "medium", "tail", "largest"] | None = None
    dropped: Literal["mask", "new_head"] = "mask"  # what becomes of dropped classes' logits in this stage
    balance: Balance | None = None
    oversample: Oversample | None = None
    add: Names = []  # synthesize stages whose images come on top
    sampler: Component = NamedPart("instance")
    augment: list[Any] = []  # as longtail.augment.build_steps takes it
    mix: Component | None = None
    paste: dict[str, Any] | None = None  # findings pasted in the batch: probability, and settings of lesion_paste
    # Learning
    loss: Components | None = None  # several: their sum; `weight`, `from` and `until` (fractions) are the term's own
    class_weights: str | list[float] | None = None  # for losses that take class_weight
    defer: Share = 0.0  # fraction of the training from which on class_weights count (deferred re-weighting)
    train: Literal["all", "head"] | Trainable = "all"
    hand_over: HandOver = HandOver()
    frozen_bn: Literal["eval", "train"] = "eval"
    optimizer: Component = NamedPart("adamw")
    schedule: Component = NamedPart("cosine")
    rates: Rates = Rates()
    ema: Ema | None = None
    clip: Annotated[float, Field(gt=0)] | None = None  # norm of the gradient
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    compile: bool = False
    # Judging
    keep: Best | Literal["last"] = "last"
    early_stop: EarlyStop | None = None
    validate_every: Annotated[int, Field(ge=1)] = 1
    search: Search | None = None
    cache: Literal["auto", "on", "off"] = "auto"  # features of a frozen backbone computed once
    cached_views: Annotated[int, Field(ge=1)] = 1  # augmented copies of each image in that cache
    picture: Literal["pca", "tsne", "none"] = "pca"  # of validation features, for the report
    method: Component | None = None  # what a pretrain, synthesize or soup stage does, such as {dinov2: {...}}

    @property
    def predicts(self) -> bool:
        """Whether the stage ends with a classifier."""
        return self.kind in PREDICTING


class Predict(Part):
    """How predictions come from stages; components are of `longtail.predict`."""

    ensemble: Names = []  # stages; empty: the last one of the graph
    merge: Component = NamedPart("mean")
    tta: list[Any] = ["identity"]
    tta_merge: Literal["probabilities", "logits"] = "probabilities"  # what is averaged over those views
    views: Component | None = None
    study: Component | None = None
    keep_images: bool = False  # with a study rule: a row for each image all the same
    thresholds: Component | None = None
    calibration: Component | None = None


class Recipe(Part):
    """A whole recipe, `defaults` merged into its stages."""

    recipe: str
    task: Literal["multilabel", "singlelabel"] | None = None  # None: as the manifest
    about: str = ""  # what it reproduces, what it needs, what to expect
    model: Model = Model()
    images: Images = Images()
    defaults: dict[str, Any] = {}
    stages: dict[str, Stage]
    predict: Predict = Predict()
    folds: Annotated[int, Field(ge=2)] | None = None  # k-fold runs; None: the manifest's own train and val
    smoke: dict[str, Any] = {}  # overrides by dotted path for --smoke, beyond the usual ones
