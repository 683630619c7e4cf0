"""Self-supervision on phantoms: does DINOv2 on a small vision transformer learn anything in minutes on a CPU?

    python benchmarks/pretrain.py [--patients 2000] [--epochs 60] [--seeds 1] [--out FILE.json] [--quick]

Made radiographs of 64 pixels, split by patient; the labels of no image are seen in training, and no pixel of the
patients judged by. Judged by k-NN (20 neighbours, cosine) and a linear probe from the training patients' labels: mean
average precision over the labels that have positives and negatives among the judged rows. Beside it the same of the
untrained network, of raw pixels (less their mean image), and the labels' mean prevalence, which is chance. `pooled` is
the class token, which is what monitors and recipes read; `places` are all patch tokens side by side, which say where
something is, as pixels do. Intervals resample patients.

Settings were chosen on other patients (data seed 7): some 15 trials of crops, jitter, rates, weights of the losses,
momentum, and patches, none as long as what is reported.
"""

import argparse
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from longtail.augment.composition import Augment
from longtail.data import Manifest, phantoms, prepare
from longtail.evaluate import bootstrap, compare
from longtail.files import write_json
from longtail.predict import Predictions
from longtail.pretrain import Labelled, knn_scores, linear_probe_scores, phantom_settings, pretrain, start_from
from longtail.pretrain.settings import Dinov2Settings

SIZE = 64
DEVELOPMENT, REPORTED = 7, 8  # seeds of made patients
PAIRS = (
    ("untrained, pooled", "trained, pooled"),
    ("pixels", "trained, pooled"),
    ("untrained, places", "trained, places"),
    ("pixels", "trained, places"),
)


def chosen_settings(**changes: Any) -> Dinov2Settings:
    """What did best in the trials."""
    chosen = {"backbone": "vit_micro_patch16", "batch_size": 64, "learning_rate": 0.004, "prototypes": 1024}
    return phantom_settings(**{**chosen, **changes})


def data(patients: int, folder: Path, seed: int = DEVELOPMENT) -> tuple[Any, Labelled, np.ndarray]:
    """Prepared pixels, the labelled rows (7 of 10 patients to learn from), and the patient of each row."""
    manifest = phantoms(folder / "phantoms", patients=patients, size=SIZE, seed=seed)
    prepared = prepare(manifest, SIZE, channels=1, store=folder / "store")
    patient = manifest.table["patient"].astype(str).to_numpy()
    names = np.unique(patient)
    learning = np.isin(patient, np.random.default_rng(0).permutation(names)[: int(0.7 * len(names))])
    rows = np.arange(len(patient))
    return prepared, Labelled(prepared, manifest.targets, rows[learning], rows[~learning]), patient


def judged(train: torch.Tensor, valid: torch.Tensor, labelled: Labelled, patient: np.ndarray) -> dict[str, Any]:
    """Mean average precision of both probes with the bootstrap's interval over patients, and the k-NN's scores."""
    targets = torch.from_numpy(labelled.targets[labelled.train].astype(np.float32))
    truth, who = labelled.targets[labelled.valid].astype(float), patient[labelled.valid]
    found: dict[str, Any] = {}
    for name, scores in (
        ("knn", knn_scores(train, targets, valid, k=labelled.k)),
        ("linear", linear_probe_scores(train, targets, valid)),
    ):
        interval = bootstrap(truth, scores.double().numpy(), "ap", groups=who, resamples=500, seed=0)
        found[name] = {"map": interval.mean, "low": interval.mean_low, "high": interval.mean_high}
        if name == "knn":
            found["scores"] = scores.float().numpy()
    return found


def differences(manifest: Manifest, rows: np.ndarray, scores: dict[str, list[np.ndarray]]) -> dict[str, Any]:
    """k-NN mAP of each pair, the second less the first, resampling patients; seeds are averaged."""
    judges, ids = manifest.select(rows), manifest.table[["image", "patient"]].iloc[rows].reset_index(drop=True)
    made = {
        name: [Predictions(ids, manifest.labels, np.clip(each, 0, 1), "image", {"task": "multilabel"}) for each in some]
        for name, some in scores.items()
    }
    told = {}
    for first, second in PAIRS:
        found = compare({first: made[first], second: made[second]}, judges, resamples=500).to_json()
        told[f"{second} - {first}"] = found["pairs"][0]["mean"]["number"]
    return told


def pixels(source: Any, rows: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(source.rows(rows).reshape(len(rows), -1).astype(np.float32))


def untrained(settings: Dinov2Settings, seed: int) -> Any:
    torch.manual_seed(seed)
    return start_from(settings.backbone, "none", image_size=SIZE, channels=1)


def measure(settings: Dinov2Settings, patients: int, seeds: int, folder: Path) -> dict[str, Any]:
    source, labelled, patient = data(patients, folder, REPORTED)
    manifest = Manifest.load(folder / "phantoms" / "manifest.csv")
    raw = [pixels(source, rows) for rows in (labelled.train, labelled.valid)]
    centre = raw[0].mean(0)
    truth = labelled.targets[labelled.valid].astype(float)
    found: dict[str, Any] = {
        "rows": {"train": len(labelled.train), "valid": len(labelled.valid), "labels": truth.shape[1]},
        "chance": float(np.nanmean(truth[:, (truth == 1).any(0)])),
        "pixels": judged(raw[0] - centre, raw[1] - centre, labelled, patient),
        "untrained": [],
        "trained": [],
        "seconds": [],
    }
    for seed in range(seeds):
        backbone = untrained(settings, seed)
        found["untrained"].append(probe(backbone, source, labelled, patient))
        began = time.perf_counter()
        done = pretrain(source, settings, folder / f"run-{seed}", rows=labelled.train, seed=seed, device="cpu")
        found["seconds"].append(round(time.perf_counter() - began, 1))
        backbone.load_file(done.weights)
        found["trained"].append(probe(backbone, source, labelled, patient))
    scores = {"pixels": [found["pixels"].pop("scores")]}
    for what in ("untrained", "trained"):
        for part in ("pooled", "places"):
            scores[f"{what}, {part}"] = [each[part].pop("scores") for each in found[what]]
    return {**found, "differences": differences(manifest, labelled.valid, scores)}


def probe(backbone: Any, source: Any, labelled: Labelled, patient: np.ndarray) -> dict[str, Any]:
    """Of the class token, and of all patch tokens side by side."""
    train, valid = (tokens(backbone, source, rows) for rows in (labelled.train, labelled.valid))
    return {
        "pooled": judged(train[:, 0], valid[:, 0], labelled, patient),
        "places": judged(train[:, 1:].flatten(1), valid[:, 1:].flatten(1), labelled, patient),
    }


@torch.no_grad()
def tokens(backbone: Any, source: Any, rows: np.ndarray) -> torch.Tensor:
    """`(N, T, D)`, the class token first."""
    plain = Augment([], mean=backbone.mean, std=backbone.std, seed=0, size=SIZE)
    backbone.eval()
    parts = np.array_split(rows, -(-len(rows) // 64))
    return torch.cat([backbone(plain(source.rows(part), part, 0), {"tokens"}).tokens for part in parts])


def show(found: dict[str, Any]) -> None:
    print(f"{found['rows']}, chance {found['chance']:.3f}, {found['seconds']} s of training")
    rows = [("raw pixels", found["pixels"])]
    for what in ("untrained", "trained"):
        for i, each in enumerate(found[what]):
            rows += [(f"{what}, seed {i}, {part}", each[part]) for part in ("pooled", "places")]
    for name, each in rows:
        cells = [f"{each[p]['map']:.3f} [{each[p]['low']:.3f}, {each[p]['high']:.3f}]" for p in ("knn", "linear")]
        print(f"{name:26} k-NN mAP {cells[0]}   linear mAP {cells[1]}")
    for name, each in found["differences"].items():
        print(f"{name}: {each['value']:.3f} [{each['low']:.3f}, {each['high']:.3f}]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "pretrain.json")
    parser.add_argument("--quick", action="store_true", help="a few seconds, to see that it runs; writes nothing")
    told = parser.parse_args()
    torch.set_num_threads(told.threads)
    patients, epochs = (40, 1) if told.quick else (told.patients, told.epochs)
    settings = chosen_settings(epochs=epochs)
    with tempfile.TemporaryDirectory() as folder:
        found = measure(settings, patients, told.seeds, Path(folder))
    show(found)
    if not told.quick:
        machine = {"processor": platform.processor(), "threads": told.threads, "torch": torch.__version__}
        write_json(told.out, {"settings": settings.as_facts(), "patients": patients, "machine": machine, **found})


if __name__ == "__main__":
    main()
