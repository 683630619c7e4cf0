"""What a small network learns from phantoms, and how fast they are drawn.

    python benchmarks/phantoms.py

Two training sets of equal size: the long tail as it is, and one where every finding has the same prevalence. Both
networks are judged on one balanced test set of other patients, so their numbers compare label by label: the long tail
leaves its rare findings unlearnt, and the same network learns them when it is given examples. About six minutes on
two cores. Writes benchmarks/results/phantoms.json.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads stall a shared machine

import json
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.metrics import average_precision_score, roc_auc_score
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, pad

from longtail.data.phantom import findings, phantoms
from longtail.data.phantom.writing import Settings, _Painter

PATIENTS, SIZE, EPOCHS, SEEDS, BALANCED = 1500, 64, 8, (0, 1, 2), 0.12
T_95 = 4.303  # Student's t for three seeds: 2 degrees of freedom, two-sided 95 %
HEAD, TAIL = 500, 100  # training images: more than 500 is head, fewer than 100 tail


def load(out: Path, patients: int, seed: int, prevalence: float | None):
    """Frontal films `(N, 1, S, S)` uint8 and states `(N, C)` without 'No Finding'."""
    shares = {f.name: prevalence for f in findings()} if prevalence else None
    made = phantoms(out, patients=patients, size=SIZE, seed=seed, prevalence=shares, workers=1)
    frontal = made.select(made.column("view") != "LATERAL")
    images = np.stack([np.asarray(Image.open(path)) for path in frontal.image_paths])
    return torch.from_numpy(images[:, None]), torch.from_numpy(frontal.targets[:, 1:])


def network(labels: int) -> nn.Module:
    """Four strided convolutions: 6 million multiplications a film."""
    widths = (1, 24, 48, 96, 128)
    blocks: list[nn.Module] = []
    for a, b in pairwise(widths):
        blocks += [nn.Conv2d(a, b, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(True)]
    return nn.Sequential(*blocks, nn.Flatten(), nn.Dropout(0.2), nn.Linear(128 * 16, labels))


def shifted(batch: torch.Tensor) -> torch.Tensor:
    dx, dy = torch.randint(0, 7, (2,)).tolist()
    return pad(batch, (3, 3, 3, 3), mode="replicate")[:, :, dy : dy + SIZE, dx : dx + SIZE]


def normal(images: torch.Tensor) -> torch.Tensor:
    return images.float().div_(64).sub_(2)


def train(images: torch.Tensor, targets: torch.Tensor, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    model, batch = network(targets.shape[1]), 64
    steps = EPOCHS * (len(images) // batch)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(images))[: len(images) // batch * batch].split(batch):
            loss = binary_cross_entropy_with_logits(model(shifted(normal(images[rows]))), targets[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval()


@torch.no_grad()
def scores(model: nn.Module, images: torch.Tensor, targets: torch.Tensor) -> np.ndarray:
    """AP and AUROC per label, `(2, C)`."""
    logits = torch.cat([model(normal(part)) for part in images.split(256)]).numpy()
    states = targets.numpy()
    return np.array(
        [
            [f(states[:, i], logits[:, i]) for i in range(states.shape[1])]
            for f in (average_precision_score, roc_auc_score)
        ]
    )


def interval(values: np.ndarray) -> tuple[float, float]:
    """Mean over seeds and the half width of its 95 % interval."""
    return float(values.mean()), float(T_95 * values.std(ddof=1) / np.sqrt(len(values)))


def drawing_speed(folder: Path, size: int, rounds: int = 5, patients: int = 40) -> list[float]:
    """Images per second of process time, PNG writing included, in each round."""
    (folder / "images").mkdir(parents=True)
    painter = _Painter(folder, Settings(patients, size, 0))
    painter(0)
    rates = []
    for _ in range(rounds):
        start = time.process_time()
        drawn = sum(len(painter(number)) for number in range(patients))
        rates.append(drawn / (time.process_time() - start))
    return rates


def main() -> None:
    torch.set_num_threads(2)
    names = [f.name for f in findings()]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        speed = {size: drawing_speed(folder / f"speed{size}", size) for size in (64, 128)}
        for size, rates in speed.items():
            low, high = min(rates), max(rates)
            print(f"drawing at {size} px: median {np.median(rates):.0f} [{low:.0f}..{high:.0f}] images/s/core")
        tail = load(folder / "tail", PATIENTS, 0, None)
        even = load(folder / "even", PATIENTS, 1, BALANCED)
        test = load(folder / "test", PATIENTS // 2, 2, BALANCED)
    print(f"training films {len(tail[0])} (long tail), {len(even[0])} (balanced); test films {len(test[0])}")
    results = {}
    for kind, data in (("long tail", tail), ("balanced", even)):
        results[kind] = np.stack([scores(train(*data, seed), *test) for seed in SEEDS])  # (seeds, 2, C)
    report(names, tail[1].sum(0).numpy(), even[1].sum(0).numpy(), test[1].mean(0).numpy(), results, speed)


def report(names, counts, even_counts, base, results, speed) -> None:
    columns = f"{'count':>7}{'AP':>7}{'AUROC':>7}"
    print(f"\n{'finding':24}{columns}  |{columns}   (chance AP {base.mean():.2f})")
    rows = []
    for i, name in enumerate(names):
        tail, even = (results[kind].mean(axis=0)[:, i] for kind in ("long tail", "balanced"))
        print(
            f"{name:24}{counts[i]:7.0f}{tail[0]:7.2f}{tail[1]:7.2f}  |{even_counts[i]:7.0f}{even[0]:7.2f}{even[1]:7.2f}"
        )
        row = {"finding": name, "count": int(counts[i]), "ap": float(tail[0]), "auroc": float(tail[1])}
        rows.append(
            {
                **row,
                "balanced_count": int(even_counts[i]),
                "balanced_ap": float(even[0]),
                "balanced_auroc": float(even[1]),
            }
        )
    groups = {"head": counts > HEAD, "medium": (counts >= TAIL) & (counts <= HEAD), "tail": counts < TAIL}
    means = {}
    for group, members in groups.items():
        for kind, values in results.items():
            for m, metric in enumerate(("AP", "AUROC")):
                mean, half = interval(values[:, m][:, members].mean(axis=1))
                means[f"{group} {kind} {metric}"] = {"labels": int(members.sum()), "mean": mean, "half_width_95": half}
                print(f"{group:7}({members.sum()} labels) {kind:10} {metric:6}{mean:.3f} +- {half:.3f}")
    out = Path(__file__).parent / "results" / "phantoms.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(
        json.dumps({"drawing_images_per_second_core": speed, "findings": rows, "groups": means}, indent=2) + "\n"
    )
    print(out, file=sys.stderr)


if __name__ == "__main__":
    main()
