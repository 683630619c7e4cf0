"""The report room: one self-contained HTML file that opens from disk, without a network.

Templates and what fills them live here. Nothing is computed here that another room could compute, and torch stays out.
"""

from typing import TYPE_CHECKING, Any

from longtail.rooms import as_verb

if TYPE_CHECKING:
    from longtail.report.run_report import report as report

__all__ = ["report"]
as_verb(__name__)


def __getattr__(name: str) -> Any:
    if name != "report":
        raise AttributeError(f"module 'longtail.report' has no attribute '{name}'")
    from longtail.report import run_report

    return run_report.report
