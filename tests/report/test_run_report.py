"""The report on runs: whole, self-contained, true to the numbers, harmless, small; and in a real browser."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from made_browser import CHROMIUM, opened
from made_runs import made_heatmaps, made_manifest, made_run

from longtail.cli import run as cli
from longtail.data import Manifest
from longtail.errors import UserError
from longtail.evaluate import average_precision
from longtail.predict import align, read_predictions
from longtail.report.run_report import report

_VOID = {"meta", "img", "br", "link", "input"}
FAST = {"resamples": 30}


class Page(HTMLParser):
    """Ids, links, sources, texts and tags that are closed out of turn."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.text = path.read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.ids += [said["id"] or ""] if "id" in said else []
        self.links += [said["href"] or ""] if "href" in said else []
        self.sources += [said["src"] or ""] if "src" in said else []
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def manifest(folder: Path) -> Manifest:
    return made_manifest(folder / "data", labels=6, patients=60)


@pytest.fixture(scope="module")
def first(folder: Path, manifest: Manifest) -> Path:
    run = made_run(folder / "first", manifest, stages=3)
    images = manifest.table["image"].tolist()
    pairs = [(image, label) for image in images for label in manifest.labels]
    made_heatmaps(run / "heatmaps", manifest, [image for image, _ in pairs], [label for _, label in pairs])
    return run


@pytest.fixture(scope="module")
def second(folder: Path, manifest: Manifest) -> Path:
    return made_run(folder / "second", manifest, skill=3, seed=1, stages=2, calibration="platt")


@pytest.fixture(scope="module")
def page(first: Path) -> Path:
    return report(first, **FAST)


@pytest.fixture(scope="module")
def both(folder: Path, first: Path, second: Path) -> Path:
    return report(first, second, out=folder / "both.html", **FAST)


def _whole(path: Path) -> Page:
    page = Page(path)
    assert not page.wrong
    assert not page.open
    assert len(set(page.ids)) == len(page.ids)
    assert all(link[1:] in page.ids for link in page.links if link.startswith("#"))
    assert all(source.startswith("data:image/") for source in page.sources)
    assert not re.search(r"https?://", page.text)
    told = re.sub(
        r"<script>.*?</script>|<style>.*?</style>|data-value=\"nan\"|base64,[^\"]*", "", page.text, flags=re.DOTALL
    )
    assert not re.search(r"\bnan\b", told)
    return page


def test_one_run_has_every_section(page: Path, first: Path) -> None:
    assert page == first / "report.html"
    found = _whole(page)
    sections = {"recipe", "data", "labels", "curves", "errors", "by-view", "by-source", "mistakes", "training",
                "embeddings", "environment"}  # fmt: skip
    assert sections <= set(found.ids)
    assert "longtail fit stage-training" in found.text
    assert "show where the network looked" in found.text
    assert "chosen by the rule f1 on the split val" in found.text
    assert "thresholds by</th>" in found.text
    assert "mean nothing" not in found.text


def test_the_numbers_are_those_of_the_metrics(page: Path, first: Path, manifest: Manifest) -> None:
    states, values, _ = align(read_predictions(first / "predictions" / "test.parquet"), manifest)
    ap = average_precision(states, values)
    rows = re.findall(
        r'<tr class="(?:head|medium|tail)"><td><a href="#curve-(\d)">.*?</tr>', page.read_text(), re.DOTALL
    )
    assert len(rows) == 6
    text = _whole(page).text
    for value in ap[~np.isnan(ap)]:
        assert f'data-value="{value:.6f}"' in text
    assert f"<dd>{np.nanmean(ap):.3f}" in text
    known = ~np.isnan(states)
    chance = np.where(np.isnan(ap), np.nan, (states == 1).sum(axis=0) / known.sum(axis=0))
    assert f"<small>chance {np.nanmean(chance):.3f}</small>" in text
    assert f'data-value="{chance[0]:.6f}"' in text


def test_several_runs_are_compared_in_pairs(both: Path) -> None:
    found = _whole(both)
    assert {"headlines", "differences", "curves", "r0-run", "r1-run", "r1-labels"} <= set(found.ids)
    assert "second minus first" in found.text
    assert re.search(r'<td class="better">\+0\.\d{3}</td>', found.text)


def test_anonymous_names_nobody(first: Path, folder: Path, manifest: Manifest) -> None:
    text = _whole(report(first, out=folder / "anonymous.html", anonymous=True, **FAST)).text
    visible = re.sub(r"base64,[^\"]*", "", text)
    assert not any(name in visible for name in manifest.table["image"])
    assert not any(name in visible for name in manifest.table["patient"])
    assert str(folder) not in visible
    assert "ward-7" not in visible
    named = (first / "report.html").read_text(encoding="utf-8")
    assert any(name in named for name in manifest.table["image"])


def test_single_label_has_a_confusion_matrix_and_no_thresholds(tmp_path: Path) -> None:
    manifest = made_manifest(tmp_path / "data", labels=5, patients=60, single=True)
    text = _whole(report(made_run(tmp_path / "run", manifest, stages=2, epochs=2), **FAST)).text
    assert "Confusion matrix" in text
    assert "major recall" in text
    assert "<button>threshold</button>" not in text


def test_a_run_that_has_only_begun_is_told_all_the_same(tmp_path: Path, first: Path) -> None:
    run = tmp_path / "begun"
    (run / "stages" / "model0").mkdir(parents=True)
    (run / "recipe.yaml").write_text((first / "recipe.yaml").read_text())
    (run / "stages" / "model0" / "log.jsonl").write_text((first / "stages" / "model0" / "log.jsonl").read_text())
    (run / "environment.json").write_text('{"smoke": true}')
    found = _whole(report(run, **FAST))
    assert {"recipe", "training"} <= set(found.ids)
    assert "no predictions yet" in found.text
    assert "<h1>begun (smoke run)</h1>" in found.text
    assert "Its numbers mean nothing." in found.text.partition("<main")[0]


def test_texts_of_users_do_no_harm(tmp_path: Path, manifest: Manifest) -> None:
    run = made_run(tmp_path / "<img src=x onerror=alert(1)>", manifest, stages=1, epochs=1)
    said = json.loads((run / "environment.json").read_text())
    (run / "environment.json").write_text(json.dumps({**said, "note": "</table><script>alert(1)</script>"}))
    text = _whole(report(run, mistakes=0, **FAST)).text
    assert "<script>alert" not in text
    assert "<img src=x" not in text


def test_forty_labels_are_under_three_megabytes(tmp_path: Path) -> None:
    manifest = made_manifest(tmp_path / "data", labels=40, patients=120, size=200)
    path = report(made_run(tmp_path / "run", manifest, stages=8), resamples=5)
    assert path.stat().st_size < 3e6


def test_mistakes_of_the_user_are_told(tmp_path: Path, first: Path) -> None:
    with pytest.raises(UserError, match="is no run: it is not a folder"):
        report(tmp_path / "none")
    with pytest.raises(UserError, match="holds none of recipe.yaml"):
        report(tmp_path)
    with pytest.raises(UserError, match="has no predictions of the split 'dev'; it has test, val"):
        report(first, split="dev")
    with pytest.raises(UserError, match="named twice"):
        report(first, first)
    with pytest.raises(UserError, match="needs a run"):
        report()
    with pytest.raises(UserError, match=r"has no heatmaps\.csv"):
        report(first, heatmaps=tmp_path, **FAST)


def test_the_command(first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "r.html"
    words = [
        "report",
        str(first),
        "--out",
        str(out),
        "--resamples",
        "5",
        "--mistakes",
        "2",
        "--tables",
        str(tmp_path / "t"),
    ]
    assert cli(words) == 0
    assert f"report: {out}" in capsys.readouterr().out
    assert (tmp_path / "t" / "labels.tex").exists()
    assert cli(["report", str(tmp_path / "none")]) == 2


def test_torch_stays_out(first: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from longtail.report.run_report import report;"
        f"report({str(first)!r}, out={str(tmp_path / 'r.html')!r}, resamples=3); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


_SORTS = """
const heads = [...document.querySelectorAll("#labels ~ .scroll th button")], rows = () =>
  [...document.querySelectorAll("#labels ~ .scroll tbody tr")].map((row) => row.cells[COLUMN])
    .map((cell) => cell.dataset.value ?? cell.textContent);
heads[COLUMN].focus(); const reached = document.activeElement === heads[COLUMN];
heads[COLUMN].click(); const once = rows(); heads[COLUMN].click(); const twice = rows();
const sheet = getComputedStyle(document.body);
document.body.setAttribute("data-found", JSON.stringify({ once, twice, reached, paper: sheet.backgroundColor,
  toc: document.querySelectorAll("nav.toc a").length, wide: document.documentElement.scrollWidth <= innerWidth }));
"""


def _found(html: str) -> dict[str, object]:
    match = re.search(r'data-found="([^"]*)"', html)
    assert match
    return json.loads(match[1].replace("&quot;", '"'))


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
def test_in_a_browser_sorting_works_and_both_themes_show(page: Path, tmp_path: Path) -> None:
    html, console = opened(page, tmp_path, _SORTS.replace("COLUMN", "4"))  # AP
    assert console == []
    found = _found(html)
    numbers = [float(value) for value in found["once"] if value != "nan"]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) > 2
    assert [float(v) for v in found["twice"] if v != "nan"] == numbers[::-1]
    assert found["reached"]
    assert found["toc"] > 8
    assert found["wide"]
    assert found["paper"] == "rgb(255, 255, 255)"
    html, console = opened(page, tmp_path, _SORTS.replace("COLUMN", "0"), dark=True)  # the label
    assert console == []
    assert _found(html)["paper"] == "rgb(18, 23, 31)"
    assert _found(html)["twice"] == sorted(_found(html)["once"], reverse=True)


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
def test_several_runs_in_a_browser(both: Path, tmp_path: Path) -> None:
    script = (
        'document.body.setAttribute("data-found", JSON.stringify({ n: document.querySelectorAll("nav.toc a").length }))'
    )
    html, console = opened(both, tmp_path, script)
    assert console == []
    assert _found(html)["n"] == 5
