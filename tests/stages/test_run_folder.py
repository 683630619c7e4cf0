"""What a run says about its manifest."""

from dataclasses import replace
from pathlib import Path

import pytest

from longtail.data import Manifest, phantoms, split
from longtail.report.run_folder import read_run
from longtail.report.run_view import facts_of, run_view
from longtail.report.scoring import manifest_of
from longtail.stages.loading import load_recipe
from longtail.stages.run_folder import open_run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return phantoms(tmp_path_factory.mktemp("x") / "data", patients=6, size=32, workers=1)


def opened(run: Path, manifest: Manifest) -> Manifest:
    """The manifest that the report finds."""
    open_run(run, load_recipe("baseline"), manifest, command="test", seed=0)
    found = manifest_of(read_run(run))
    assert found is not None
    return found


def test_the_report_finds_the_file_that_was_given(made: Manifest, tmp_path: Path) -> None:
    assert opened(tmp_path / "run", made).path == made.path
    assert not (tmp_path / "run" / "manifest.csv").exists()


@pytest.mark.parametrize("known", [True, False])
def test_a_manifest_changed_in_python_is_kept_in_the_run(made: Manifest, tmp_path: Path, known: bool) -> None:
    changed = split(made, "50/50", seed=1)
    changed = changed if known else replace(changed, path=None)
    found = opened(tmp_path / "run", changed)
    assert found.digest() == changed.digest()
    assert found.column("split").tolist() == changed.column("split").tolist()
    assert found.image_paths[0].samefile(made.image_paths[0])
    assert opened(tmp_path / "run", changed).digest() == changed.digest()  # and goes on


def test_the_report_tells_what_may_be_wrong_with_the_data(made: Manifest, tmp_path: Path) -> None:
    open_run(tmp_path, load_recipe("baseline"), made, command="test", seed=0, warnings=["patients leak"])
    assert run_view(read_run(tmp_path), None, None).warnings == ["Patients leak"]
    assert "warnings" not in dict(facts_of(read_run(tmp_path), None, anonymous=False))
