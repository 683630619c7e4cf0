"""Importing must be cheap: what `longtail --help` and `import longtail` load is counted, not timed."""

import subprocess
import sys

import pytest

HEAVY = {
    "torch",
    "torchvision",
    "timm",
    "numpy",
    "pandas",
    "pyarrow",
    "sklearn",
    "matplotlib",
    "PIL",
    "yaml",
    "pydantic",
    "rich",
}
WITHOUT_TORCH = {"torch", "torchvision", "timm"}


def _loaded(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sorted({{m.split('.')[0] for m in sys.modules}}), sep='\\n', file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


# From 0.29 on, typer itself loads pydantic when it parses a verb; the first help and the version come before that.
@pytest.mark.parametrize(
    ("words", "by_typer"), [(["--help"], set()), (["--version"], set()), (["data", "--help"], {"pydantic"})]
)
def test_help_loads_nothing_heavy(words: list[str], by_typer: set[str]) -> None:
    assert not _loaded(f"from longtail.cli import run; run({words})") & (HEAVY - by_typer)


def test_importing_the_package_loads_next_to_nothing() -> None:
    assert not _loaded("import longtail, longtail.data") & HEAVY


def test_the_data_room_does_without_torch() -> None:
    code = (
        "import longtail.data as d\nfor name in d.__all__: getattr(d, name)\n"
        "from longtail.data.readers import READERS; READERS.load()"
    )
    assert not _loaded(code) & WITHOUT_TORCH


def test_unknown_attributes_are_attribute_errors() -> None:
    import longtail
    import longtail.data

    for module in (longtail, longtail.data):
        with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
            getattr(module, "nothing")  # noqa: B009
