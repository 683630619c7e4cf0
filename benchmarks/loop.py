"""What the training loop costs and gains, beside what is usual; prints a table and writes results/loop.json.

Run: python benchmarks/loop.py [--quick]. Variants take turns in one process on one thread (the order is turned around
every second round); a ratio is the median of the rounds' ratios, with the lowest and highest beside it. Seconds are the
process's own: on one thread those of the wall less what other programs took.

- overhead: resnet18, 64 px, batches of 64, AdamW: our step (progress, rates, losses kept, random numbers seeded, looks
  at the clock) beside a bare PyTorch loop over the same batches with the same model and precision.
- end to end: images a second of our loop from prepared pixels beside the usual script: JPEG files of 1024 px opened by
  PIL, torchvision transforms, a DataLoader, fp32. Half of the gain is bf16 where the processor has it.
- small: a CNN of two convolutions at 28 px beside Lightning's Trainer with loss and metric logged, where it is
  installed (it is no dependency).
- loading: 28 px images with crop and flip, without a model, beside PIL per item in a DataLoader.
"""

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import pandas as pd
import torch
import torchvision.transforms as tv
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset

from longtail.data.images.prepared import prepare
from longtail.data.manifest import Manifest, from_states
from longtail.models import BACKBONES
from longtail.models.backbones.base import Backbone
from longtail.models.features import Features, FeatureSizes
from longtail.running.processes import World
from longtail.stages.inputs import image_inputs
from longtail.stages.job import TrainJob
from longtail.stages.loading_models import build_model
from longtail.stages.pacing import Pacing
from longtail.stages.precision import chosen_precision, cpu_has_bf16
from longtail.stages.recipe import Stage
from longtail.stages.setting_up import set_up
from longtail.stages.training import Training

RESULTS = Path(__file__).parent / "results" / "loop.json"
LABELS = tuple(f"label{i}" for i in range(26))
CPU = torch.device("cpu")


def made_images(folder: Path, count: int, size: int, kind: str) -> Manifest:
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True)
    for i in range(count):
        coarse = Image.fromarray(rng.integers(0, 255, (size // 16, size // 16), dtype=np.uint8))
        coarse.resize((size, size), Image.Resampling.BICUBIC).save(folder / f"{i}.{kind}")
    table = pd.DataFrame({"image": [f"{i}.{kind}" for i in range(count)]})
    return from_states(table, LABELS, (rng.random((count, len(LABELS))) < 0.1).astype(np.float32), folder)


class TwoConvolutions(Backbone):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.name, self.licence, self.image_size = "two_convolutions", "", None
        self.sizes, self.mean, self.std = FeatureSizes(64), (0.5,) * channels, (0.25,) * channels
        self.layers = small_layers(channels)

    def forward(self, images: torch.Tensor, wants: Any = None) -> Features:  # noqa: ARG002
        return Features(pooled=self.layers(images))


def small_layers(channels: int) -> nn.Sequential:
    first, second = nn.Conv2d(channels, 32, 3, padding=1), nn.Conv2d(32, 64, 3, padding=1)
    pool = nn.MaxPool2d(2)
    return nn.Sequential(first, nn.ReLU(), pool, second, nn.ReLU(), pool, nn.AdaptiveAvgPool2d(1), nn.Flatten())


@BACKBONES.register("two_convolutions")
def two_convolutions(*, channels: int, image_size: Any, drop_path: float) -> Backbone:  # noqa: ARG001
    """Two convolutions, for small images."""
    return TwoConvolutions(channels)


def training(manifest: Manifest, folder: Path, backbone: str, size: int, **settings: Any) -> Training:
    torch.manual_seed(0)
    model = build_model({"backbone": backbone, "weights": "none"}, LABELS, 1, size)
    rows = np.arange(len(manifest))
    job = TrainJob(
        name="bench",
        settings=Stage(**{"image_size": size, "batch_size": 64, "epochs": 1000, **settings}),
        task="multilabel",
        labels=LABELS,
        prepared=prepare(manifest, size, store=folder, channels=1),
        targets=manifest.targets,
        train_rows=rows,
        valid_rows=rows[:0],
        active=np.ones(len(LABELS), dtype=bool),
        model=model,
        mean=model.backbone.mean,
        std=model.backbone.std,
        folder=folder / "run",
        seed=0,
    )
    precision = chosen_precision(job.settings.precision, CPU, backbone, size)
    work = set_up(job, image_inputs(job, precision, World()), precision, World())
    work.model.train()
    return work


def our_loop(work: Training) -> Callable[[int], None]:
    pace = Pacing(lambda *_: None, work.plan.total, 64)

    def run(steps: int) -> None:
        while steps > 0:
            work.objective.set_epoch(work.epoch)
            pace.epoch_begins(work.done)
            for batch in work.batches.epoch(work.epoch, work.step, min(work.plan.per_epoch, work.step + steps)):
                work.learn(batch)
                pace.look(work.done)
                pace.checkpoint_due(within_epoch=True)
                steps -= 1
            if work.step == work.plan.per_epoch:
                work.epoch, work.step = work.epoch + 1, 0

    return run


def bare_loop(work: Training) -> Callable[[int], None]:
    """The same model, batches and precision, and nothing else."""
    optimizer = torch.optim.AdamW(work.model.parameters(), lr=1e-3, fused=True)
    loss_of = nn.BCEWithLogitsLoss()
    place = [0]

    def run(steps: int) -> None:
        while steps > 0:
            epoch, step = divmod(place[0], work.plan.per_epoch)
            for batch in work.batches.epoch(epoch, step, min(work.plan.per_epoch, step + steps)):
                optimizer.zero_grad(set_to_none=True)
                with work.precision.autocast():
                    logits = work.model(batch.images)
                loss_of(logits.float(), batch.target).backward()
                optimizer.step()
                steps -= 1
                place[0] += 1

    return run


class Files(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """The usual data set: a file opened, decoded and transformed for each item."""

    def __init__(self, manifest: Manifest, transform: Callable[[Any], torch.Tensor], mode: str = "RGB") -> None:
        self.paths, self.targets = manifest.image_paths, torch.from_numpy(manifest.targets)
        self.transform, self.mode = transform, mode

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, torch.Tensor]:
        with Image.open(self.paths[i]) as image:
            return self.transform(image.convert(self.mode)), self.targets[i]


def usual_script(manifest: Manifest, size: int) -> Callable[[int], None]:
    transform = tv.Compose([tv.Resize((size, size)), tv.RandomHorizontalFlip(), tv.ToTensor(), tv.Normalize(0.5, 0.25)])
    loader = DataLoader(Files(manifest, transform), batch_size=64, shuffle=True, drop_last=True)
    torch.manual_seed(0)
    model = build_model({"backbone": "resnet18", "weights": "none"}, LABELS, 3, size).train()
    optimizer, loss_of = torch.optim.AdamW(model.parameters(), lr=1e-3), nn.BCEWithLogitsLoss()

    def run(steps: int) -> None:
        while steps > 0:
            for images, targets in loader:
                optimizer.zero_grad()
                loss = loss_of(model(images), targets)
                loss.backward()
                optimizer.step()
                loss.item()
                steps -= 1
                if steps == 0:
                    break

    return run


def our_loading(work: Training) -> Callable[[int], None]:
    def run(steps: int) -> None:
        for step in range(steps):
            work.batches.make(step // work.plan.per_epoch, step % work.plan.per_epoch)

    return run


def pil_loading(manifest: Manifest) -> Callable[[int], None]:
    crop = tv.RandomResizedCrop(28, scale=(0.75, 1.0))
    transform = tv.Compose([crop, tv.RandomHorizontalFlip(), tv.ToTensor(), tv.Normalize(0.5, 0.25)])
    loader = DataLoader(Files(manifest, transform, "L"), batch_size=64, shuffle=True, drop_last=True)

    def run(steps: int) -> None:
        while steps > 0:
            for _ in loader:
                steps -= 1
                if steps == 0:
                    break

    return run


def lightning_fit(work: Training) -> Callable[[int], None] | None:
    """Lightning's Trainer on batches in memory, loss and metric logged at each step."""
    try:
        import lightning as pl
        import torchmetrics
    except ImportError:
        return None
    batches = [work.batches.make(0, step) for step in range(work.plan.per_epoch)]

    class Module(pl.LightningModule):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = nn.Sequential(small_layers(1), nn.Linear(64, len(LABELS)))
            self.metric = torchmetrics.classification.MultilabelAccuracy(len(LABELS))

        def training_step(self, batch: Any, _: int) -> torch.Tensor:
            logits = self.model(batch[0])
            loss = nn.functional.binary_cross_entropy_with_logits(logits, batch[1])
            self.metric(logits, batch[1].int())
            self.log_dict({"loss": loss, "metric": self.metric})
            return loss

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.AdamW(self.parameters(), lr=1e-3)

    loader = DataLoader([(batch.images, batch.target) for batch in batches], batch_size=None)  # type: ignore[arg-type]

    def run(steps: int) -> None:
        options = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
        quiet = {"enable_model_summary": False, "accelerator": "cpu", "max_epochs": -1, "max_steps": steps}
        pl.Trainer(**options, **quiet).fit(Module(), loader)

    return run


def compared(ours: Callable[[int], None], usual: Callable[[int], None], steps: int, rounds: int) -> dict[str, Any]:
    """Seconds a step of both, and how many times as fast ours is."""
    variants = {"ours": ours, "usual": usual}
    for run in variants.values():
        run(2)
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for turn in range(rounds):
        for name in list(variants) if turn % 2 else list(variants)[::-1]:
            began = time.process_time()
            variants[name](steps)
            seconds[name].append((time.process_time() - began) / steps)
    ratios = [usual / ours for ours, usual in zip(seconds["ours"], seconds["usual"], strict=True)]
    return {
        "ours_ms": 1e3 * statistics.median(seconds["ours"]),
        "usual_ms": 1e3 * statistics.median(seconds["usual"]),
        "ratio": statistics.median(ratios),
        "from": min(ratios),
        "to": max(ratios),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, nothing is written")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    rounds, found = (2 if quick else 7), {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        large = made_images(folder / "large", 128, 1024, "jpg")
        small = made_images(folder / "small", 1024, 28, "png")
        work = training(large, folder / "a", "resnet18", 64)
        bare = bare_loop(training(large, folder / "a", "resnet18", 64))
        found["overhead: resnet18, 64 px (at least 0.97)"] = compared(our_loop(work), bare, 3, rounds)
        work = training(large, folder / "a", "resnet18", 64, augment=["hflip"])
        usual = usual_script(large, 64)
        found["end to end: resnet18, 64 px (at least 2)"] = compared(our_loop(work), usual, 2, rounds)
        work = training(small, folder / "b", "two_convolutions", 28, augment=["hflip"])
        bare = bare_loop(training(small, folder / "b", "two_convolutions", 28, augment=["hflip"]))
        found["overhead: small CNN, 28 px"] = compared(our_loop(work), bare, 40, rounds)
        if fit := lightning_fit(work):
            found["small CNN, 28 px, and Lightning (at least 1.7)"] = compared(our_loop(work), fit, 150, rounds)
        else:
            print("small CNN and Lightning: skipped, lightning is not installed here")
        work = training(small, folder / "b", "two_convolutions", 28, augment=["hflip", "random_resized_crop"])
        loading = compared(our_loading(work), pil_loading(small), 32, rounds)
        found["loading: 28 px, crop and flip (at least 30)"] = loading
    for what, row in found.items():
        print(f"{what:50} {row['usual_ms']:9.2f} ms {row['ours_ms']:9.2f} ms {row['ratio']:7.2f}", end=" ")
        print(f"[{row['from']:.2f}..{row['to']:.2f}]")
    told = {"torch": torch.__version__, "machine": platform.machine(), "bf16": cpu_has_bf16(), "cores": os.cpu_count()}
    print(told)
    if not quick:
        RESULTS.write_text(json.dumps({"machine": told, "results": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
