"""The README's walk with one's own data is true: its own lines run one after another, on files as NIH publishes them.

`serve` would wait for callers; `export` to ONNX takes ten seconds that the manual's page of exports spends already.
"""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from made_files import put
from PIL import Image

from longtail.cli import run
from longtail.data.readers.nih import LABELS

README = Path(__file__).resolve().parents[1] / "README.md"
HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)


# What makes a step quick, and no other one.
QUICKLY = {
    "fit": ["--smoke", "model.backbone=test_resnet"],
    "evaluate": ["--resamples", "20"],
    "compare": ["--resamples", "20"],
}


def _walk() -> list[list[str]]:
    """The words of each command of the walk."""
    (block,) = re.findall(r"^## Your own data\n\n```bash\n(.*?)^```", README.read_text("utf-8"), re.M | re.S)
    commands = [command for line in block.splitlines() for command in line.split(" && ")]
    words = [shlex.split(command, comments=True) for command in commands]
    assert all(one[0] == "longtail" for one in words)
    return [one[1:] for one in words]


def _nih(root: Path) -> None:
    """ChestX-ray14 as published: 24 patients, two views of each, every finding on four of them or more."""
    rng = np.random.default_rng(0)
    rows = []
    for i in range(48):
        name = f"{90000 + i // 2:08}_{i % 2:03}.png"
        (root / "images").mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (32, 32), dtype=np.uint8)).save(root / "images" / name)
        found = "|".join(label for j, label in enumerate(LABELS[:-1]) if (i // 2 + j) % 6 == 0) or LABELS[-1]
        rows.append(f"{name},{found},{i % 2},{90000 + i // 2},{40 + i},M,{'PA' if i % 2 else 'AP'},32,32,0.1,0.1")
    put(root, "Data_Entry_2017_v2020.csv", "\n".join([HEADER, *rows]) + "\n")


def test_the_walk_of_the_readme(in_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    walk = _walk()
    assert {"data", "validate", "fit", "evaluate", "compare", "export", "serve"} == {words[0] for words in walk}
    _nih(in_tmp / "ChestX-ray14")
    for words in walk:
        if words[0] not in ("export", "serve"):
            assert run([*words, *QUICKLY.get(words[0], [])]) == 0, f"{' '.join(words)}: {capsys.readouterr().err}"
    assert (in_tmp / "run" / "report.html").is_file()
