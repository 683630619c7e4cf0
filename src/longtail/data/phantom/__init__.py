"""Phantoms: made chest radiographs with boxes, views, studies and a long tail of findings; nothing is downloaded.

Here live the drawing of a chest, the findings (one function each) and the cohort that has them. Nothing trained,
nothing copied from real images, and no torch may enter.
"""

from longtail.data.phantom.findings import Finding, findings
from longtail.data.phantom.writing import Format, phantoms

__all__ = ["Finding", "Format", "findings", "phantoms"]
