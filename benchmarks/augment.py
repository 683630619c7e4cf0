"""How fast batches are augmented, beside what is usual; prints a table and writes results/augment.json.

Run: python benchmarks/augment.py [--quick]. Batches of 64 made images of 224 px, grey and colour, on one thread, from
uint8 pixels in memory to one normalised float32 batch `(64, C, 224, 224)`. Variants take turns in one process (the
order is turned around every second round), and a ratio is the median of the rounds' ratios, with the lowest and
highest beside it. Seconds are the process's own: on one thread those of the wall less what other programs took.

`simple`: flips (half the images each), 5 holes of 5 % in half the images, normalise. `geometric`: also a rotation of
up to 15 degrees and a random resized crop (75 to 100 % of the area) in every image, both bilinear.

- torchvision v2 on PIL images, as in its examples; the holes are plain slice fills (torchvision has no cutout of
  several holes, and five of its RandomErasing would be slower).
- Albumentations (2.0.8, its last version), where it is installed.
- longtail's `Augment`. Training lets go of a batch before it needs the next but one, so its memory is used again;
  `longtail, fresh memory` keeps every batch.
"""

import argparse
import importlib.util
import json
import os
import platform
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

import cv2
import numpy as np
import torch
import torchvision
import torchvision.transforms.v2 as tv
from PIL import Image

from longtail.augment import Augment

SIZE, BATCH, HOLES, SIDE = 224, 64, 5, round(224 * 0.05)
RESULTS = Path(__file__).parent / "results" / "augment.json"
SIMPLE = ["hflip", "vflip", {"cutout": {"holes": HOLES, "fraction": 0.05}}]
MOVES = [{"rotate": {"degrees": 15, "probability": 1}}, {"random_resized_crop": {"scale": [0.75, 1]}}]
Variant = Callable[[], torch.Tensor]


def made_pixels(channels: int) -> np.ndarray:
    """Smooth images with some grain `(BATCH, SIZE, SIZE, channels)`."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(30, 225, (BATCH, 14, 14, channels), dtype=np.uint8)
    smooth = np.stack([cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC) for image in coarse])
    grain = rng.normal(0, 6, (BATCH, SIZE, SIZE, channels))
    return np.clip(smooth.reshape(grain.shape) + grain, 0, 255).astype(np.uint8)


def torchvision_variant(pixels: np.ndarray, geometric: bool) -> Variant:
    channels = pixels.shape[3]
    images = [Image.fromarray(image if channels == 3 else image[..., 0]) for image in pixels]
    moves = [
        tv.RandomRotation(15, interpolation=tv.InterpolationMode.BILINEAR),
        tv.RandomResizedCrop(SIZE, scale=(0.75, 1)),
    ]
    to_float = [tv.ToImage(), holes, tv.ToDtype(torch.float32, scale=True)]
    transform = tv.Compose(
        [
            tv.RandomHorizontalFlip(),
            tv.RandomVerticalFlip(),
            *(moves if geometric else []),
            *to_float,
            tv.Normalize([0.485] * channels, [0.229] * channels),
        ]
    )
    return lambda: torch.stack([transform(image) for image in images])


def holes(image: torch.Tensor) -> torch.Tensor:
    """Cutout for torchvision: slices of the uint8 tensor."""
    if random.random() < 0.5:
        for _ in range(HOLES):
            y, x = random.randrange(SIZE), random.randrange(SIZE)
            image[:, max(0, y - SIDE // 2) : y + SIDE // 2 + 1, max(0, x - SIDE // 2) : x + SIDE // 2 + 1] = 0
    return image


def albumentations_variant(pixels: np.ndarray, geometric: bool) -> Variant:
    import albumentations as al

    moves = [al.Rotate(15, p=1), al.RandomResizedCrop((SIZE, SIZE), scale=(0.75, 1), p=1)]
    transform = al.Compose(
        [
            al.HorizontalFlip(),
            al.VerticalFlip(),
            *(moves if geometric else []),
            al.CoarseDropout((HOLES, HOLES), (SIDE, SIDE), (SIDE, SIDE)),
            al.Normalize([0.485] * pixels.shape[3], [0.229] * pixels.shape[3]),
            al.ToTensorV2(),
        ]
    )
    return lambda: torch.stack([transform(image=image)["image"] for image in pixels])


def longtail_variant(pixels: np.ndarray, geometric: bool, keep: int = 1) -> Variant:
    steps = [*SIMPLE[:2], *(MOVES if geometric else []), SIMPLE[2]]
    augment, rows = Augment(steps, mean=0.485, std=0.229, seed=0), np.arange(BATCH)
    kept, epoch = [], iter(range(10**9))

    def work() -> torch.Tensor:
        kept.append(augment(pixels, rows, next(epoch)))
        if len(kept) > keep:
            return kept.pop(0)
        return kept[-1]

    return work


def variants(channels: int, geometric: bool) -> dict[str, Variant]:
    pixels = made_pixels(channels)
    found = {"torchvision v2 on PIL": torchvision_variant(pixels, geometric)}
    if importlib.util.find_spec("albumentations"):
        found["Albumentations"] = albumentations_variant(pixels, geometric)
    found["longtail, fresh memory"] = longtail_variant(pixels, geometric, keep=8)
    found["longtail"] = longtail_variant(pixels, geometric)
    return found


def rounds(works: dict[str, Variant], count: int) -> dict[str, list[float]]:
    """Seconds a batch of each variant in each round, after one round that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for number in range(-1, count):
        for name in list(works) if number % 2 else list(reversed(works)):
            start = time.process_time()
            for _ in range(3):
                assert works[name]().shape[0] == BATCH
            if number >= 0:
                seconds[name].append((time.process_time() - start) / 3)
    return seconds


def compare(seconds: dict[str, list[float]], base: str) -> dict[str, Any]:
    """Images per second, and how many times as fast as `base`: median [lowest, highest] of the rounds."""
    found = {}
    for name, taken in seconds.items():
        ratios = [slow / fast for slow, fast in zip(seconds[base], taken, strict=True)]
        found[name] = {
            "images_per_second": round(BATCH / statistics.median(taken), 1),
            "times": round(statistics.median(ratios), 2),
            "lowest": round(min(ratios), 2),
            "highest": round(max(ratios), 2),
        }
    return found


def against(seconds: dict[str, list[float]], other: str) -> dict[str, float] | str:
    """How many times as fast longtail is as `other`."""
    if other not in seconds:
        return "not installed"
    ratios = [slow / fast for slow, fast in zip(seconds[other], seconds["longtail"], strict=True)]
    return {
        "times": round(statistics.median(ratios), 2),
        "lowest": round(min(ratios), 2),
        "highest": round(max(ratios), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few rounds; writes nothing")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    result: dict[str, Any] = {}
    for work, geometric in (("simple", False), ("geometric", True)):
        for colour, channels in (("grey", 1), ("colour", 3)):
            seconds = rounds(variants(channels, geometric), 3 if quick else 15)
            found = compare(seconds, "torchvision v2 on PIL")
            found["longtail against Albumentations"] = against(seconds, "Albumentations")
            result[f"{work}, {colour}"] = found
            show(f"{work}, {colour}", found)
    if not quick:
        versions = {"torchvision": torchvision.__version__, "opencv": cv2.__version__, "torch": torch.__version__}
        where = {
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            **versions,
        }
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps({**result, "where": where}, indent=2) + "\n", encoding="utf-8")


def show(title: str, found: dict[str, Any]) -> None:
    print(f"\n{title}")
    for name, facts in found.items():
        if isinstance(facts, str):
            print(f"  {name:32} {facts}")
            continue
        rate = f"{facts['images_per_second']:>10,.0f} images/s" if "images_per_second" in facts else " " * 19
        print(f"  {name:32} {rate} {facts['times']:>7.2f}x [{facts['lowest']}..{facts['highest']}]")


if __name__ == "__main__":
    main()
