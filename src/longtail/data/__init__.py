"""The data room: from published files and DICOM to a manifest, splits and prepared pixels.

The manifest's own files lie here; `readers`, `audit`, `division`, `images` and `phantom` are rooms of their own.
No sampling, no augmentation, no training may enter, and nothing here imports torch.
"""

from typing import TYPE_CHECKING

from longtail.rooms import door

if TYPE_CHECKING:  # for type checkers and editors; see longtail.rooms
    from longtail.data.audit.duplicates import duplicate_images as duplicate_images
    from longtail.data.audit.inspection import Inspection as Inspection
    from longtail.data.audit.inspection import inspect as inspect
    from longtail.data.audit.label_groups import label_groups as label_groups
    from longtail.data.boxes import load_boxes as load_boxes
    from longtail.data.division.balance import split_report as split_report
    from longtail.data.division.profiles import long_tail_counts as long_tail_counts
    from longtail.data.division.single import single as single
    from longtail.data.division.splits import kfold as kfold
    from longtail.data.division.splits import split as split
    from longtail.data.division.stratify import stratified_group_parts as stratified_group_parts
    from longtail.data.division.tails import tail as tail
    from longtail.data.grouping import leaking_groups as leaking_groups
    from longtail.data.images.decode import decode as decode
    from longtail.data.images.decode import image_size as image_size
    from longtail.data.images.image_file import ImageError as ImageError
    from longtail.data.images.prepared import Prepared as Prepared
    from longtail.data.images.prepared import prepare as prepare
    from longtail.data.images.resize import resize as resize
    from longtail.data.images.resize import transform_boxes as transform_boxes
    from longtail.data.label_maps.label_map import load_label_map as load_label_map
    from longtail.data.manifest import Manifest as Manifest
    from longtail.data.manifest import from_classes as from_classes
    from longtail.data.manifest import from_states as from_states
    from longtail.data.merging import merge as merge
    from longtail.data.phantom import phantoms as phantoms
    from longtail.data.problem import Problem as Problem
    from longtail.data.reading import read as read
    from longtail.data.validation import validate as validate

__getattr__, __dir__ = door(__name__)
