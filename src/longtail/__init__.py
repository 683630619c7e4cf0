"""longtail: train classifiers in stages on images whose labels have a long tail.

The verbs of the command line are functions of the same names here (those of `longtail data` in `longtail.data`); what
is `key=value` there is `overrides` here. Two are not, since the names mean something else: `longtail data paste` is
`longtail.augment.paste.synthesize`, and `longtail list` shows registries, such as `longtail.losses.LOSSES`.
Nothing heavy is imported here: names load on first use.
"""

from typing import TYPE_CHECKING

from longtail.rooms import door

if TYPE_CHECKING:  # for type checkers and editors; see longtail.rooms
    from longtail.bench.running import bench as bench
    from longtail.data.manifest import Manifest as Manifest
    from longtail.demo import demo as demo
    from longtail.errors import UserError as UserError
    from longtail.evaluate.comparison import compare as compare
    from longtail.evaluate.evaluation import evaluate as evaluate
    from longtail.export.exporting import export as export
    from longtail.predict.decisions import decide as decide
    from longtail.predict.predicting import predict as predict
    from longtail.report.run_report import report as report
    from longtail.report.tables.showing import tables as tables
    from longtail.serve.running import serve as serve
    from longtail.stages.fitting import fit as fit
    from longtail.stages.loading import load_recipe as load_recipe
    from longtail.stages.recipe import Recipe as Recipe
    from longtail.stages.showing import show as show
    from longtail.stages.validating import validate as validate

__version__ = "0.1.0"

__getattr__, __dir__ = door(__name__)
