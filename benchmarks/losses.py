"""Every registered loss, forward and backward, beside torch's binary cross-entropy and cross-entropy.

    python benchmarks/losses.py [--rounds 25] [--calls 40] [--out FILE.json] [--quick]

A batch of 256: logits of 40 labels, or features of 128 numbers; one thread. All losses run in turn within each round,
in reverse order every second round. Times are processor time, which other processes disturb less; a ratio is the median
of the rounds' ratios, with the lowest and highest beside it.

"allowed" is 1.5 times torch's binary cross-entropy plus what the loss's own mathematics needs: the passes in `NEEDS`,
forward and derivative together, each timed by itself in the same rounds as one torch call without autograd. Every
multi-label loss needs four passes more than torch's: to find, count, fill and weigh the unknown targets.
"""

import argparse
import inspect
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from longtail.files import write_json
from longtail.losses import LOSSES

ROWS, LABELS, WIDTH = 256, 40, 128
BCE, CE = "torch BCE-with-logits", "torch cross_entropy"
COUNTS = [int(30_000 * 0.87**i) + 1 for i in range(LABELS)]
CONTEXT = {"class_counts": COUNTS, "num_rows": 60_000, "num_classes": LABELS, "feature_dim": WIDTH}
OPTIONS: dict[str, dict[str, Any]] = {"supcon": {"projection": ()}, "ldam": {"normalized": True}}
NEEDS: dict[str, dict[str, int]] = {
    "bce": {"pass": 4},
    "soft_margin": {"pass": 7},
    "ldam_multilabel": {"pass": 8},
    "multilabel_logit_adjustment": {"pass": 5},
    "sigmoid_focal": {"sigmoid": 1, "pass": 26},
    "asymmetric": {"sigmoid": 1, "log": 1, "pass": 30},
    "weighted_asymmetric": {"sigmoid": 1, "log": 1, "pass": 32},
    "hill": {"sigmoid": 2, "pass": 24},
    "splc": {"sigmoid": 2, "logsigmoid": 1, "choice": 2, "pass": 36},
    "distribution_balanced": {"sigmoid": 3, "logsigmoid": 1, "sum": 1, "pass": 36},
    "two_way": {"exp": 4, "sum": 10, "choice": 2, "pass": 30},
    "cross_entropy": {"softmax": 2},
    "balanced_softmax": {"softmax": 2, "pass": 1},
    "logit_adjustment": {"softmax": 2, "pass": 1},
    "focal": {"softmax": 2, "pass": 8},
    "cb_focal": {"sigmoid": 1, "pass": 26},
    "label_aware_smoothing": {"softmax": 2, "pass": 6},
    "ldam": {"softmax": 2, "pass": 6},
    "seesaw": {"softmax": 3, "pass": 8},
    "center": {"feature pass": 8},
    "triplet": {"feature product": 3, "pair pass": 14},
    "view_consistency": {"sigmoid": 1, "study product": 2, "pair pass": 4, "pass": 16},
    "supcon": {"feature product": 3, "pair exp": 2, "pair pass": 16},
}


def losses() -> dict[str, tuple[str, Callable[[], None]]]:
    """Task and one step, forward and backward, of every loss and of the two of torch."""
    torch.manual_seed(0)
    logits = torch.randn(ROWS, LABELS).clamp(-1, 1).requires_grad_()
    features = torch.randn(ROWS, WIDTH).requires_grad_()
    many = (torch.rand(ROWS, LABELS) < 0.1).float()
    one, pairs = torch.randint(LABELS, (ROWS,)), torch.arange(ROWS) // 2  # labels; studies of two images
    steps = {
        BCE: ("multilabel", step(functional.binary_cross_entropy_with_logits, logits, many)),
        CE: ("singlelabel", step(functional.cross_entropy, logits, one)),
    }
    for name, entry in LOSSES.load().items():
        module, task = made(name, entry.function), entry.facts["task"].split(",")[0]
        inputs = features if module.needs == "features" else logits
        target = pairs if module.needs == "studies" else one if task == "singlelabel" else many
        steps[name] = (task, step(module, inputs, target))
    return steps


def made(name: str, constructor: Callable[..., nn.Module]) -> nn.Module:
    parameters = inspect.signature(constructor).parameters
    options = {key: value for key, value in OPTIONS.get(name, {}).items() if key in parameters}
    loss = constructor(**{key: value for key, value in CONTEXT.items() if key in parameters}, **options)
    if hasattr(loss, "set_epoch"):
        loss.set_epoch(10)  # past any switch
    return loss


def step(loss: Callable[[Tensor, Tensor], Tensor], inputs: Tensor, target: Tensor) -> Callable[[], None]:
    def run() -> None:
        inputs.grad = None
        loss(inputs, target).backward()

    return run


def passes() -> dict[str, Callable[[], Any]]:
    """What `NEEDS` counts."""
    entries, other = torch.randn(ROWS, LABELS), torch.rand(ROWS, LABELS)
    features, pairs = torch.randn(ROWS, WIDTH), torch.randn(ROWS, ROWS)
    return {
        "pass": lambda: (entries * other, 1 - entries, torch.addcmul(entries, other, other)),  # counted as three
        "sum": lambda: entries.sum(dim=1),
        "exp": lambda: torch.exp(entries),
        "sigmoid": lambda: torch.sigmoid(entries),
        "log": lambda: torch.log(other),
        "logsigmoid": lambda: functional.logsigmoid(entries),
        "choice": lambda: torch.where(other > 0.5, entries, other),
        "softmax": lambda: torch.log_softmax(entries, dim=1),
        "feature pass": lambda: features * features,
        "feature product": lambda: features @ features.T,
        "study product": lambda: pairs @ entries,
        "pair pass": lambda: pairs * pairs,
        "pair exp": lambda: torch.exp(pairs),
    }


def timed(calls: dict[str, Callable[[], Any]], rounds: int, count: int) -> dict[str, list[float]]:
    """Microseconds of processor time per call in each round, all in turn."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    for i in range(-1, rounds):  # one round to warm up
        for name in list(calls)[:: 1 if i % 2 else -1]:
            start = time.process_time()
            for _ in range(count):
                calls[name]()
            if i >= 0:
                found[name].append((time.process_time() - start) / count * 1e6)
    return found


def middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def against(values: list[float], base: list[float]) -> dict[str, float]:
    ratios = [a / b for a, b in zip(values, base, strict=True)]
    return {"times": round(middle(ratios), 2), "lowest": round(min(ratios), 2), "highest": round(max(ratios), 2)}


def allowed(name: str, found: dict[str, list[float]]) -> float | None:
    """1.5 plus the stated passes, in units of torch's binary cross-entropy: the median over the rounds."""
    if name not in NEEDS:
        return None
    extra = [sum(found[key][i] * n for key, n in NEEDS[name].items()) for i in range(len(found[BCE]))]
    return round(1.5 + middle([a / b for a, b in zip(extra, found[BCE], strict=True)]), 2)


def results(rounds: int, count: int) -> dict[str, dict[str, Any]]:
    steps = losses()
    found = timed({name: run for name, (_, run) in steps.items()} | passes(), rounds, count)
    found["pass"] = [value / 3 for value in found["pass"]]
    table: dict[str, dict[str, Any]] = {}
    for name, (task, _) in steps.items():
        facts = {"task": task, "microseconds": round(middle(found[name]), 1), "bce": against(found[name], found[BCE])}
        if task == "singlelabel":
            facts["ce"] = against(found[name], found[CE])
        if name in LOSSES.entries:
            limit = allowed(name, found)
            facts |= {"allowed": limit, "within": limit and facts["bce"]["times"] <= limit}
            facts["needs"] = ", ".join(f"{n} {key}" for key, n in NEEDS.get(name, {}).items())
        table[name] = facts
    return table | {"one call": {name: round(middle(found[name]), 1) for name in passes()}}


def show(table: dict[str, dict[str, Any]]) -> None:
    print(f"{'loss':28} {'us':>7} {'x BCE':>6} {'':>14} {'allowed':>8}  {'x CE':>5}  needs beyond 1.5 BCE")
    for name, facts in table.items():
        if "bce" not in facts:
            continue
        ratio, limit = facts["bce"], facts.get("allowed")
        spread = f"[{ratio['lowest']}..{ratio['highest']}]"
        ce = f"{facts['ce']['times']:.2f}" if "ce" in facts else ""
        flag = "" if facts.get("within", True) else "  SLOW"
        print(
            f"{name:28} {facts['microseconds']:7.1f} {ratio['times']:6.2f} {spread:>14} {limit or '':>8}  {ce:>5}"
            f"  {facts.get('needs', '')}{flag}"
        )
    print("one call, microseconds:", ", ".join(f"{name} {value}" for name, value in table["one call"].items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--calls", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "losses.json")
    parser.add_argument("--quick", action="store_true", help="few rounds; writes nothing")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    table = results(3 if asked.quick else asked.rounds, 5 if asked.quick else asked.calls)
    show(table)
    if not asked.quick:
        where = {"machine": platform.machine(), "cores": os.cpu_count(), "torch": torch.__version__}
        where["others' load"] = round(os.getloadavg()[0] - 1, 1)  # ratios spread when this is high
        batch = {"rows": ROWS, "labels": LABELS, "features": WIDTH, "threads": 1, "rounds": asked.rounds}
        write_json(asked.out, {"benchmark": "losses", "batch": batch, "results": table, "where": where})
        print(f"written to {asked.out}")


if __name__ == "__main__":
    main()
