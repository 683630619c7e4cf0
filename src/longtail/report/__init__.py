"""The report room: one self-contained HTML file that opens from disk, without a network.

Templates and what fills them live here. Nothing is computed here that another room could compute, and torch stays out.
"""

from typing import TYPE_CHECKING

from longtail.rooms import as_verb, door

if TYPE_CHECKING:  # for type checkers and editors; see longtail.rooms
    from longtail.report.run_report import report as report

as_verb(__name__)
__getattr__, __dir__ = door(__name__)
