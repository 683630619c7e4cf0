"""longtail: train classifiers in stages on images whose labels have a long tail.

The verbs of the command line are functions of the same names here (those of `longtail data` in `longtail.data`).
Nothing heavy is imported here: names load on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from longtail.bench.running import bench as bench
    from longtail.data.manifest import Manifest as Manifest
    from longtail.errors import UserError as UserError
    from longtail.evaluate.comparison import compare as compare
    from longtail.evaluate.evaluation import evaluate as evaluate
    from longtail.export.exporting import export as export
    from longtail.predict.decisions import decide as decide
    from longtail.predict.predicting import predict as predict
    from longtail.report.run_report import report as report
    from longtail.serve.running import serve as serve
    from longtail.stages.fitting import fit as fit
    from longtail.stages.loading import load_recipe as load_recipe
    from longtail.stages.recipe import Recipe as Recipe
    from longtail.stages.validating import validate as validate

__version__ = "0.1.0"

_VERB_ROOMS = ("bench", "evaluate", "export", "predict", "report", "serve")  # called, each is its verb: longtail.rooms
_HOME = {
    "Manifest": "longtail.data.manifest",
    "Recipe": "longtail.stages.recipe",
    "UserError": "longtail.errors",
    "compare": "longtail.evaluate.comparison",
    "decide": "longtail.predict.decisions",
    "fit": "longtail.stages.fitting",
    "load_recipe": "longtail.stages.loading",
    "validate": "longtail.stages.validating",
}

__all__ = sorted([*_HOME, *_VERB_ROOMS, "__version__"])


def __getattr__(name: str) -> Any:
    if name in _VERB_ROOMS:
        return import_module(f"longtail.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'longtail' has no attribute '{name}'")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
