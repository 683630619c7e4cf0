"""What becomes of damaged tables, recipes and images, and of killed commands: thousands of times by the command line.

    python benchmarks/robustness.py --manifests 1200 --recipes 800 --images 2000 --prepares 100 --fits 100 [--seed 0]

- Manifests, with the YAML and boxes beside them, and recipes are mutated (`hostile/tables.py`, `hostile/recipes.py`)
  and go through the verbs that read them. Each command must end with a result, or with sentences and exit status 2.
- Image files (PNG, JPEG, TIFF, WebP, BMP, DICOM; `hostile/images.py`) stand in tables of 25 and a few sound ones; each
  file must be used or be counted as unusable, and the sound ones used.
- `data prepare` and `fit` are killed at random moments until they have ended by themselves (`hostile/kills.py`): what
  they then made must be, bit for bit, what an undisturbed run makes, and nothing finished may be made twice.

A breach is: a traceback, another exit status than 0 and 2, one of 2 without a sentence, a warning of Python's own,
control characters or an endless line on the terminal, code run from a file, more than 10 s of processor time or 1.5
GiB, a known mistake that is not told. It is printed, its files are kept, and the exit status is 1. The same seed does
the same damage (the moments of kills are the machine's). Commands run in a fork of a process that has imported
everything (`hostile/forked.py`); `--fresh N` runs N mutated manifests in processes of their own too, and compares
status and output. Parts with a count of 0 keep their earlier results in benchmarks/results/robustness.json. Half an
hour of a core in all; `--manifests 20 --recipes 20 --images 40 --prepares 3 --fits 3 --fresh 0` take two minutes.
Uploads: `robustness_serve.py`.
"""

import argparse
import json
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from hostile.forked import CommandLine, ForkServer
from hostile.images import mutated_images
from hostile.kills import killed_fits, killed_prepares
from hostile.recipes import mutated_recipes
from hostile.tables import mutated_manifests, same_when_fresh

from longtail.files import write_json

RESULTS = Path(__file__).parent / "results" / "robustness.json"
Part = Callable[[CommandLine, Path, range, str], dict[str, Any]]
MEASURES = ("slowest_cpu_s", "largest_mib", "seconds", "files_compared")
PARTS: dict[str, tuple[Part, int]] = {
    "manifests": (mutated_manifests, 1200),
    "recipes": (mutated_recipes, 800),
    "images": (mutated_images, 2000),
    "prepares": (killed_prepares, 100),
    "fits": (killed_fits, 100),
    "fresh": (same_when_fresh, 10),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, (_, usual) in PARTS.items():
        parser.add_argument(f"--{name}", type=int, default=usual, metavar="N")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="commands at once")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="longtail-robustness-"))
    found = {}
    with ForkServer() as server:
        lines = [CommandLine(server, folder / f"commands{job}") for job in range(asked.jobs)]
        for name, (part, _) in PARTS.items():
            if count := getattr(asked, name):
                found[name] = shared(part, lines, folder / name, count, f"{asked.seed} {name}")
                print(name, json.dumps(found[name], indent=1), flush=True)
    breaches = sum(part["breaches"] for part in found.values())
    write(asked.out, found, asked.seed)
    print(f"{breaches} breaches; kept: {folder}" if breaches else "no breach")
    if not breaches:
        shutil.rmtree(folder)
    return int(breaches > 0)


def shared(part: Part, lines: list[CommandLine], home: Path, count: int, seed: str) -> dict[str, Any]:
    """A part's cases, dealt out to as many command lines."""
    began = time.monotonic()

    def work(job: int) -> dict[str, Any]:
        (home / str(job)).mkdir(parents=True)
        return part(lines[job], home / str(job), range(job, count, len(lines)), seed)

    with ThreadPoolExecutor(len(lines)) as pool:
        done = list(pool.map(work, range(min(count, len(lines)))))
    return {**together(done), "minutes": round((time.monotonic() - began) / 60, 1)}


def together(done: list[dict[str, Any]]) -> dict[str, Any]:
    """The jobs' counts added up; of measures the largest."""
    keys = dict.fromkeys(key for each in done for key in each)
    found: dict[str, Any] = {}
    for key in keys:
        values = [each[key] for each in done if key in each]
        if isinstance(values[0], dict):
            found[key] = dict(sorted(together(values).items()))
        else:
            found[key] = max(values) if key in MEASURES else sum(values)
    return found


def write(path: Path, found: dict[str, Any], seed: int) -> None:
    """The results, those of other parts as they were."""
    before = json.loads(path.read_text()) if path.is_file() else {}
    kept = {name: found.get(name, before.get(name)) for name in PARTS if name in found or name in before}
    where = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    write_json(path, {"benchmark": "robustness", "seed": seed, **kept, "where": where})


if __name__ == "__main__":
    sys.exit(main())
