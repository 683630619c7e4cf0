"""What may be pasted onto what: tail findings, normal images, patches by finding and view; or what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.augment.paste.bank import Ints, PatchBank, boxes_of, patch_bank
from longtail.augment.paste.settings import PasteSettings
from longtail.augment.paste.unions import States, patch_states
from longtail.augment.paste.view_kinds import view_kinds
from longtail.data.audit.label_groups import group_boundaries, label_groups
from longtail.data.images.prepared import BLANK_SLOT, Prepared
from longtail.data.manifest import Manifest
from longtail.errors import UserError, listing, unknown_name

_NORMAL_NAMES = ("nofinding", "nofindings", "normal", "healthy")
_NONE: Ints = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Pool:
    """The images and patches that pasting draws from; rows are those of `manifest`, as prepared."""

    manifest: Manifest
    prepared: Prepared
    bank: PatchBank
    states: States  # (N, C)
    shown: States  # (P, C), what each patch shows
    rows: Ints  # the rows that may be used
    views: Ints  # (N,) kinds of view: a patch stays within its own
    normal: int | None  # the label of normal images
    tail: tuple[int, ...]  # the labels to make images of
    normals: dict[int, Ints]  # by kind of view
    patches: dict[tuple[int, int], Ints]  # by label and kind of view
    having: dict[tuple[int, int], Ints]  # rows by label and kind of view

    @property
    def single(self) -> bool:
        """Whether an image has one class: it then gets patches of one class only."""
        return self.manifest.task == "singlelabel"

    def pixels(self, row: int) -> npt.NDArray[np.uint8]:
        """A row's image `(H, W, C)`, a view of the prepared pixels."""
        found: npt.NDArray[np.uint8] = self.prepared.pixels[self.prepared.slots[row]]
        return found

    def patches_of(self, label: int, view: int) -> Ints:
        """The patches of a label in one kind of view."""
        return self.patches.get((label, view), _NONE)

    def pasteable(self, view: int) -> list[int]:
        """The labels that have a patch in this kind of view."""
        return sorted(label for label, kind in self.patches if kind == view)

    def anchors(self, way: str) -> list[tuple[int, int]]:
        """Tail labels with the kinds of view in which an image of `way` can be made of them."""
        kinds = sorted({int(kind) for kind in self.views})
        pairs = [(label, kind) for label in self.tail for kind in kinds]
        if way == "normal":
            return [pair for pair in pairs if pair in self.patches and pair[1] in self.normals]
        return [pair for pair in pairs if pair in self.having and self._blendable(*pair)]

    def _blendable(self, label: int, view: int) -> bool:
        return (label, view) in self.patches if self.single else bool(self.pasteable(view))


def paste_pool(
    manifest: Manifest,
    prepared: Prepared,
    settings: PasteSettings,
    rows: npt.NDArray[np.int64] | Sequence[int] | None = None,
) -> Pool:
    """Look at what there is, and refuse in one sentence where an asked-for way cannot be done.

    `rows` may be used: all by default, but those of the split `train` alone where the manifest has splits.
    """
    manifest = aligned(manifest, prepared)
    used = _rows_to_use(manifest, rows)
    used = used[prepared.slots[used] != BLANK_SLOT]  # those that could be read
    normal = normal_label(manifest, settings.normal)
    bank = patch_bank(manifest, prepared, used, min_side=settings.min_side)
    shown = patch_states(bank, manifest.one_hot, carried=settings.carried, doubtful=settings.doubtful, normal=normal)
    return _pool(manifest, prepared, bank, shown, used, settings)


def require_feasible(
    manifest: Manifest, settings: PasteSettings, rows: npt.NDArray[np.int64] | Sequence[int] | None = None
) -> None:
    """Refuse what `paste_pool` would refuse, before any image is read: boxes too small to be patches are not seen."""
    used = _rows_to_use(manifest, rows)
    boxes = boxes_of(manifest, used)
    boxes = boxes[manifest.one_hot[boxes["row"], boxes["code"]] != 0]
    columns = (boxes["row"].to_numpy(np.int64), boxes["code"].to_numpy(np.int64))
    nowhere = np.zeros((0, 4), dtype=np.int64)
    unread: Any = None
    _pool(manifest, unread, PatchBank(*columns, nowhere, nowhere, {}), manifest.one_hot[:0], used, settings)


def _pool(
    manifest: Manifest, prepared: Prepared, bank: PatchBank, shown: States, used: Ints, settings: PasteSettings
) -> Pool:
    """The pool of these patches, unless an asked-for way cannot be done."""
    states, views, normal = manifest.one_hot, view_kinds(manifest), normal_label(manifest, settings.normal)
    pool = Pool(
        manifest, prepared, bank, states, shown, used, views, normal,
        tail=_tail(manifest, states[used], settings, normal),
        normals=_by_kind(_normal_rows(manifest, used, states, normal), views),
        patches=_patches(bank, views, normal),
        having=_having(used, states, views),
    )  # fmt: skip
    _require_ways(pool, settings)
    return pool


def aligned(manifest: Manifest, prepared: Prepared) -> Manifest:
    """The manifest of the prepared images: rows that `on_bad="skip"` left out are left out."""
    if len(manifest) == len(prepared):
        return manifest
    if len(prepared) > len(manifest) or prepared.rows_kept.max(initial=-1) >= len(manifest):
        raise UserError(
            f"{len(prepared):,} images are prepared and the manifest has {len(manifest):,} rows;"
            " prepare the images of this manifest."
        )
    return manifest.select(prepared.rows_kept)


def normal_label(manifest: Manifest, name: str | None) -> int | None:
    """The label of normal images: the one named, else one called `No Finding` or the like."""
    if name is not None:
        if name not in manifest.labels:
            raise unknown_name("label", name, manifest.labels, "the manifest, for normal images")
        return manifest.labels.index(name)
    plain = ["".join(filter(str.isalnum, label.lower())) for label in manifest.labels]
    return next((plain.index(each) for each in _NORMAL_NAMES if each in plain), None)


def _rows_to_use(manifest: Manifest, rows: npt.NDArray[np.int64] | Sequence[int] | None) -> Ints:
    """Each of `rows` once, in order; by default the split `train`, or all rows where there is none."""
    if rows is None:
        parts = manifest.has("split") and (manifest.column("split") == "train").any()
        rows = manifest.rows_of("train") if parts else np.arange(len(manifest))
    return np.unique(np.asarray(rows, dtype=np.int64))


def _normal_rows(manifest: Manifest, rows: Ints, states: States, normal: int | None) -> Ints:
    """Rows with the normal label; without such a label, those of which every finding is known to be absent."""
    if normal is not None:
        return np.asarray(rows[states[rows, normal] == 1])
    return _NONE if manifest.task == "singlelabel" else np.asarray(rows[(states[rows] == 0).all(axis=1)])


def _tail(manifest: Manifest, states: States, settings: PasteSettings, normal: int | None) -> tuple[int, ...]:
    """The labels to make images of: those named, those below a count, or the tail group."""
    names, counts = manifest.labels, (states == 1).sum(axis=0)
    if settings.tail:
        for name in settings.tail:
            if name not in names:
                raise unknown_name("label", name, names, "the manifest, for the tail")
        return tuple(names.index(name) for name in settings.tail)
    limits = group_boundaries(manifest.task, len(states), tail=settings.tail_below)
    groups = label_groups(counts, head=limits.head, tail=limits.tail)
    found = [i for i, group in enumerate(groups) if group == "tail" and counts[i] and i != normal]
    if not found:
        raise UserError(
            f"no finding is in the tail: none that has images is on fewer than {limits.tail:,} of {len(states):,};"
            " name findings with tail, or a larger tail_below."
        )
    return tuple(found)


def _by_kind(rows: Ints, views: Ints) -> dict[int, Ints]:
    return {int(kind): rows[views[rows] == kind] for kind in np.unique(views[rows])}


def _patches(bank: PatchBank, views: Ints, normal: int | None) -> dict[tuple[int, int], Ints]:
    kinds = views[bank.rows]
    pairs = {(int(label), int(kind)) for label, kind in zip(bank.labels, kinds, strict=True) if label != normal}
    return {(label, kind): np.flatnonzero((bank.labels == label) & (kinds == kind)) for label, kind in sorted(pairs)}


def _having(rows: Ints, states: States, views: Ints) -> dict[tuple[int, int], Ints]:
    found = {}
    for label in range(states.shape[1]):
        for kind, some in _by_kind(rows[states[rows, label] == 1], views).items():
            found[label, kind] = some
    return found


def _require_ways(pool: Pool, settings: PasteSettings) -> None:
    tail = listing([pool.manifest.labels[label] for label in pool.tail], 6)
    boxed = listing([pool.manifest.labels[label] for label in np.unique(pool.bank.labels)], 6)
    if not len(pool.bank):
        raise UserError(
            f"there is no box to cut a patch from among {len(pool.rows):,} images to use; add a box table with boxes of"
            f" the tail findings ({tail}), as the YAML's 'boxes:' or --boxes."
        )
    if settings.on_normal and not pool.normals:
        raise UserError(_no_normal(pool))
    if settings.on_normal and not pool.anchors("normal"):
        raise UserError(
            f"no tail finding ({tail}) has a box, on a kind of view of which there is a normal image; boxes are of"
            f" {boxed}: name others with tail, add boxes, or set on_normal to 0."
        )
    if settings.on_tail and not pool.anchors("tail"):
        raise UserError(
            f"no image with a tail finding ({tail}) can get a patch: boxes of its kind of view are missing (there are"
            f" boxes of {boxed}); add boxes or set on_tail to 0."
        )


def _no_normal(pool: Pool) -> str:
    if pool.normal is not None:
        why = f"no row to use has the label '{pool.manifest.labels[pool.normal]}'"
    elif pool.single:
        why = f"none of the classes ({listing(pool.manifest.labels, 8)}) is known to be normal"
    else:
        why = "no row to use has every label known and absent, and no label is called 'No Finding'"
    return f"there is no normal image to paste on: {why}; name the label with normal, or set on_normal to 0."
