"""How fast images get from file to pixels, beside what is usual; prints a table and writes results/images.json.

Run: python benchmarks/images.py [--quick]. Variants take turns in one process (the order is turned around every second
round), and a ratio is the median of the rounds' ratios, with the lowest and highest beside it.

1. `original`, `original_fine`: made radiograph-like grey JPEGs of 2500 x 2048 (about 1.1 MB; Pillow's default quality
   75 with strong noise, and quality 95 with weak noise, where unpacking the file takes more of the time) to 224 x 224
   on one thread: longtail's read + decode + resize, against Pillow's
   `open(path).convert("RGB").resize((224, 224), BILINEAR)`. The difference is to Pillow's full decode as grey.
2. `threads`: the same with what `prepare` does besides (content hash), on two threads against one.
3. `batches`: one shuffled epoch in batches of 64 of 224 px images as uint8 tensors: `Prepared.rows`, grey, against a
   torch DataLoader (num_workers=0) over 224 px JPEG files, each read by Pillow as RGB, as training code mostly does;
   and against the same DataLoader reading grey.
"""

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from longtail.data.images.decode import read_file, read_pixels
from longtail.data.images.prepare_work import make_from_file
from longtail.data.images.prepared import Prepared, prepare
from longtail.data.images.prepared_store import PixelKey
from longtail.data.images.resize import resize
from longtail.data.manifest import from_states

HEIGHT, WIDTH, SIZE, BATCH = 2500, 2048, 224, 64
RESULTS = Path(__file__).parent / "results" / "images.json"


def radiograph(seed: int, height: int = HEIGHT, width: int = WIDTH, noise: float = 10.5) -> np.ndarray:
    """Smooth anatomy (low frequencies, ribs, lungs) under fine noise."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(40, 215, (12, 10), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    ribs = 18 * np.sin(40 * y + 12 * (x - 0.5) ** 2)
    lungs = -50 * sum(np.exp(-(((x - cx) / 0.14) ** 2) - ((y - 0.45) / 0.26) ** 2) for cx in (0.3, 0.7))
    grain = noise * rng.standard_normal((height, width), dtype=np.float32)
    return np.clip(smooth + ribs + lungs + grain, 0, 255).astype(np.uint8)


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def rounds(variants: dict[str, Callable[[], object]], count: int) -> dict[str, list[float]]:
    """Seconds of each variant in each round, after one round that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for number in range(-1, count):
        order = list(variants) if number % 2 else list(reversed(variants))
        for name in order:
            taken = timed(variants[name])
            if number >= 0:
                seconds[name].append(taken)
    return seconds


def compare(seconds: dict[str, list[float]], base: str, images: int) -> dict[str, Any]:
    """Images per second, and how many times as fast as `base`: median [lowest, highest] of the rounds."""
    found = {}
    for name, taken in seconds.items():
        ratios = [slow / fast for slow, fast in zip(seconds[base], taken, strict=True)]
        found[name] = {
            "images_per_second": round(images / statistics.median(taken), 1),
            "times": round(statistics.median(ratios), 2),
            "lowest": round(min(ratios), 2),
            "highest": round(max(ratios), 2),
        }
    return found


def pillow(mode: str, path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert(mode).resize((SIZE, SIZE), Image.Resampling.BILINEAR))


def longtail_pixels(path: Path) -> np.ndarray:
    """Read, decode and resize, as the other variants do."""
    found = read_pixels(read_file(path), path, at_least=SIZE)
    return resize(found.pixels, SIZE, original=found.original)


def prepared_pixels(path: Path) -> np.ndarray:
    """Read, hash, decode and resize: all that `prepare` does for an image but writing it."""
    pixels = make_from_file(PixelKey(SIZE))(path, ()).pixels
    assert pixels is not None
    return pixels


def originals(folder: Path, images: int, count: int, quality: int, noise: float) -> dict[str, Any]:
    paths = [folder / f"original{quality}-{i}.jpg" for i in range(images)]
    for i, path in enumerate(paths):
        Image.fromarray(radiograph(i, noise=noise)).save(path, quality=quality)
    variants = {
        "Pillow RGB + bilinear": partial(pillow, "RGB"),
        "Pillow grey + bilinear": partial(pillow, "L"),
        "longtail": longtail_pixels,
    }
    seconds = rounds({name: partial(each, work, paths) for name, work in variants.items()}, count)
    result = compare(seconds, "Pillow RGB + bilinear", images)
    gaps = [longtail_pixels(path)[..., 0].astype(float) - pillow("L", path) for path in paths]
    result["longtail"]["mean_difference"] = round(float(np.mean(np.abs(gaps))), 3)
    result["longtail"]["largest_difference"] = float(np.max(np.abs(gaps)))
    result["file_MB"] = round(statistics.mean(path.stat().st_size for path in paths) / 1e6, 2)
    return result


def each(work: Callable[[Path], object], paths: list[Path]) -> None:
    for path in paths:
        work(path)


def threads(folder: Path, count: int) -> dict[str, Any]:
    paths = sorted(folder.glob("original75-*.jpg")) * 2

    def pooled(workers: int) -> None:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(prepared_pixels, paths))

    return compare(
        rounds({"1 thread": partial(pooled, 1), "2 threads": partial(pooled, 2)}, count), "1 thread", len(paths)
    )


class JpegFolder(Dataset):
    """A usual data set: one file for each item."""

    def __init__(self, paths: list[Path], mode: str) -> None:
        self.paths, self.mode = paths, mode

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        with Image.open(self.paths[index]) as image:
            pixels = np.array(image.convert(self.mode))
        return torch.from_numpy(pixels if pixels.ndim == 3 else pixels[..., None])


def batches(folder: Path, images: int, count: int) -> dict[str, Any]:
    names = [f"small{i}.jpg" for i in range(images)]
    for i, name in enumerate(names):
        Image.fromarray(radiograph(i, SIZE, SIZE)).save(folder / name, quality=85)
    import pandas as pd

    manifest = from_states(pd.DataFrame({"image": names}), ["any"], np.ones((images, 1)), folder)
    prepared = prepare(manifest, SIZE, store=folder / "store")
    paths = [folder / name for name in names]
    variants = {
        "DataLoader, Pillow RGB": partial(loaded, paths, "RGB"),
        "DataLoader, Pillow grey": partial(loaded, paths, "L"),
        "longtail Prepared.rows": partial(gathered, prepared),
    }
    return compare(rounds(variants, count), "DataLoader, Pillow RGB", images)


def loaded(paths: list[Path], mode: str) -> None:
    for batch in DataLoader(JpegFolder(paths, mode), batch_size=BATCH, shuffle=True, num_workers=0):
        assert batch.dtype == torch.uint8


def gathered(prepared: Prepared) -> None:
    order = np.random.default_rng().permutation(len(prepared))
    for start in range(0, len(order), BATCH):
        torch.from_numpy(prepared.rows(order[start : start + BATCH]))


def show(title: str, result: dict[str, Any]) -> None:
    print(f"\n{title}" + (f" ({result['file_MB']} MB a file)" if "file_MB" in result else ""))
    for name, facts in result.items():
        if isinstance(facts, dict):
            gap = f"  mean difference {facts['mean_difference']}" if "mean_difference" in facts else ""
            rate, spread = facts["images_per_second"], f"[{facts['lowest']}..{facts['highest']}]"
            print(f"  {name:26} {rate:>12,.1f} images/s  {facts['times']:>7.2f}x {spread}{gap}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few images and rounds; writes nothing")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result = {
            "original": originals(folder, 3 if quick else 12, 3 if quick else 9, 75, 10.5),
            "original_fine": originals(folder, 3 if quick else 12, 3 if quick else 9, 95, 2.1),
            "threads": threads(folder, 3 if quick else 9),
            "batches": batches(folder, 256 if quick else 2000, 3 if quick else 9),
        }
    titles = {
        "original": f"A {HEIGHT} x {WIDTH} JPEG to {SIZE} x {SIZE}, quality 75, one thread",
        "original_fine": "The same at JPEG quality 95",
        "threads": "Preparing them (quality 75), by threads",
        "batches": f"{SIZE} px images in random batches of {BATCH}",
    }
    for part, title in titles.items():
        show(title, result[part])
    if not quick:
        RESULTS.parent.mkdir(exist_ok=True)
        machine = {"machine": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version()}
        RESULTS.write_text(json.dumps({**result, "where": machine}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
