"""The bench room: a table of recipes trained row by row and seed by seed, and printed as papers print theirs.

It plans runs, calls `fit` for each, and counts what their predictions hold. No training and no metric lives here.
"""

from typing import TYPE_CHECKING

from longtail.rooms import as_verb, door

if TYPE_CHECKING:  # for type checkers and editors; see longtail.rooms
    from longtail.bench.result import Result as Result
    from longtail.bench.result import cells_of as cells_of
    from longtail.bench.result import placed as placed
    from longtail.bench.running import bench as bench

as_verb(__name__)
__getattr__, __dir__ = door(__name__)
