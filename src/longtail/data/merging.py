"""Several manifests with different labels become one; what a source does not label is unknown, never absent."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.families import plain_id, relatives
from longtail.data.label_maps import LabelMap
from longtail.data.manifest import UNKNOWN_CLASS, Manifest, from_classes, from_states
from longtail.errors import UserError

Keep = Literal["all", "mapped"]
_PREFIXED = ("patient", "study")


def merge(
    manifests: Sequence[Manifest],
    *,
    sources: Sequence[str] | None = None,
    label_map: LabelMap | None = None,
    keep: Keep = "all",
) -> Manifest:
    """One manifest of all rows, in order.

    `sources` names each manifest (default: its `source` column, else its file or folder); the name picks the map of
    `label_map`, fills `source`, and is put before patient and study ids (`nih:13`): two data sets' 13 stay two, but for
    releases of the same patients (`families.py`), which get one name there. Labels that the map lacks keep their names
    (`keep="all"`) or are left out (`"mapped"`). Two labels of one source that become one are joined: 1 if any is 1, 0
    if all are 0, else unknown. Image paths start from the folder that all have in common. One class per image stays so
    only when every manifest is like that.
    """
    if not manifests:
        raise UserError("there is nothing to merge; name two or more manifests.")
    names = source_names(manifests, sources)
    renamings = [renaming(m, name, label_map, keep) for m, name in zip(manifests, names, strict=True)]
    labels = _union(renamings, label_map)
    if not labels:
        raise UserError("no label is left after mapping; use keep='all' or a label map that has the sources' labels.")
    root, images = _common_root(manifests)
    families = relatives(used_sources(manifests, names))
    tables = [_table(m, n, i, families) for m, n, i in zip(manifests, names, images, strict=True)]
    table = pd.concat(tables, ignore_index=True)
    _refuse_repeated(table["image"])
    boxes = _boxes(manifests, images, renamings)
    pairs = list(zip(manifests, renamings, strict=True))
    if all(m.task == "singlelabel" for m in manifests):
        return from_classes(table, labels, np.concatenate([_classes(m, to, labels) for m, to in pairs]), root, boxes)
    return from_states(table, labels, np.concatenate([merged_states(m, to, labels) for m, to in pairs]), root, boxes)


def source_names(manifests: Sequence[Manifest], sources: Sequence[str] | None = None) -> list[str | None]:
    """A name for each manifest; None for one whose `source` column holds several, whose rows keep theirs."""
    if sources is not None and len(sources) != len(manifests):
        raise UserError(f"{len(manifests)} manifests but {len(sources)} sources; name one for each, in the same order.")
    names: list[str | None] = list(sources) if sources is not None else [_own_name(manifest) for manifest in manifests]
    if bad := [name for name in used_sources(manifests, names) if ":" in name]:
        raise UserError(f"the source '{bad[0]}' holds a ':', which parts source and id in the merged ids; rename it.")
    return names


def used_sources(manifests: Sequence[Manifest], names: Sequence[str | None]) -> list[str]:
    """Every source that rows of the merged manifest have, sorted; `names` are those of `source_names`."""
    used = [{name} if name else set(m.column("source")) for m, name in zip(manifests, names, strict=True)]
    return sorted(set().union(*used))


def renaming(
    manifest: Manifest, source: str | None, label_map: LabelMap | None, keep: Keep = "all"
) -> dict[str, str | None]:
    """What each label of a manifest is called after merging; None where it is left out."""
    known: dict[str, str | None] = {}
    if label_map is not None:
        known = label_map.renaming(source or "several sources", manifest.labels)
    elif keep == "mapped":
        raise UserError("keep='mapped' needs a label map; without one every label keeps its name (keep='all').")
    return {label: known.get(label, label if keep == "all" else None) for label in manifest.labels}


def merged_states(manifest: Manifest, to: dict[str, str | None], labels: Sequence[str]) -> npt.NDArray[np.float32]:
    """`(N, len(labels))` states of one manifest under the merged labels; nan for those that it does not have."""
    old = manifest.one_hot
    states = np.full((len(manifest), len(labels)), np.nan, dtype=np.float32)
    for i, label in enumerate(labels):
        columns = old[:, [k for k, name in enumerate(manifest.labels) if to[name] == label]]
        if columns.shape[1]:
            absent = np.where((columns == 0).all(axis=1), np.float32(0), np.float32(np.nan))
            states[:, i] = np.where((columns == 1).any(axis=1), np.float32(1), absent)
    return states


@dataclass(frozen=True)
class SourceSummary:
    """One source of a merged manifest: its rows, the labels that it states, and the share of its cells unknown."""

    source: str
    rows: int
    labels: int
    positives: int
    unknown: float


def summarize(manifest: Manifest) -> list[SourceSummary]:
    """A line for each source of a merged manifest, in order."""
    states, column = manifest.one_hot, manifest.column("source")
    lines = []
    for source in dict.fromkeys(column):
        part = states[column == source]
        known = ~np.isnan(part)
        lines.append(
            SourceSummary(
                source, len(part), int(known.any(axis=0).sum()), int((part == 1).sum()), 1 - float(known.mean())
            )
        )
    return lines


def _own_name(manifest: Manifest) -> str | None:
    said = set(manifest.table["source"]) if manifest.has("source") else set()
    if len(said) == 1 and "" not in said:
        return str(said.pop())
    if said - {""}:
        if "" in said:
            raise UserError(f"some rows of '{manifest.path}' have no source; name one for it with --source.")
        return None
    if manifest.path is None:
        return manifest.root.resolve().name or "source"
    return manifest.path.resolve().parent.name if manifest.path.stem == "manifest" else manifest.path.stem


def _union(renamings: Sequence[dict[str, str | None]], label_map: LabelMap | None) -> tuple[str, ...]:
    """Merged labels: those of the vocabulary that occur, in its order, then the others as they come."""
    occurring = dict.fromkeys(new for to in renamings for new in to.values() if new is not None)
    first = [word for word in (label_map.vocabulary if label_map else ()) if word in occurring]
    return tuple(dict.fromkeys([*first, *occurring]))


def _classes(manifest: Manifest, to: dict[str, str | None], labels: Sequence[str]) -> npt.NDArray[np.int64]:
    """A single-label manifest's classes under the merged labels; a class that is left out becomes unknown."""
    index = {label: i for i, label in enumerate(labels)}
    new = [index[name] if (name := to[label]) is not None else UNKNOWN_CLASS for label in manifest.labels]
    return np.asarray(np.array([*new, UNKNOWN_CLASS])[manifest.targets], dtype=np.int64)  # -1 picks the last


def _table(manifest: Manifest, source: str | None, images: list[str], families: Mapping[str, str]) -> pd.DataFrame:
    own = [source] * len(manifest) if source is not None else manifest.column("source").tolist()
    columns: dict[str, Any] = {"image": images, "source": own}
    for role in _PREFIXED:
        if manifest.has(role):
            pairs = zip(own, manifest.table[role], strict=True)
            columns[role] = [_prefixed(name, id_, families.get(name)) for name, id_ in pairs]
    return manifest.table.assign(**columns)


def _prefixed(source: str, id_: str, family: str | None) -> str:
    """`nih:13`; an empty id stays empty, and one that has its prefix (a merged manifest, merged again) keeps it."""
    if not id_:
        return id_
    bare = id_.removeprefix(f"{source}:")
    return f"{source}:{bare}" if family is None else f"{family}:{plain_id(bare.removeprefix(f'{family}:'))}"


def _common_root(manifests: Sequence[Manifest]) -> tuple[Path, list[list[str]]]:
    """The folder that all images start from, and each manifest's image paths from there; absolute if there is none."""
    roots = [Path(os.path.abspath(manifest.root)) for manifest in manifests]  # noqa: PTH100 (resolve follows links)
    try:
        common = Path(os.path.commonpath(roots))
    except ValueError:  # different drives
        common = Path(roots[0].anchor)
    shared = common != Path(common.anchor)
    images = []
    for manifest, root in zip(manifests, roots, strict=True):
        start = (root.relative_to(common) if shared else root).as_posix()
        prefix = "" if start == "." else start.rstrip("/") + "/"
        images.append([_joined(prefix, name) for name in manifest.table["image"]])
    return common, images


def _joined(prefix: str, name: str) -> str:
    if Path(name).is_absolute():
        return name
    return os.path.normpath(prefix + name).replace(os.sep, "/") if ".." in name else prefix + name


def _refuse_repeated(images: "pd.Series[str]") -> None:
    again = np.flatnonzero(images.duplicated())
    if len(again):
        raise UserError(
            f"the image '{images[int(again[0])]}' is in more than one place of the manifests ({len(again):,} such"
            " rows); merge manifests of different images, one row for each."
        )


def _boxes(
    manifests: Sequence[Manifest], images: Sequence[list[str]], renamings: Sequence[dict[str, str | None]]
) -> pd.DataFrame | None:
    """All boxes under the new image paths and labels; those of labels that are left out go with them."""
    parts = []
    for manifest, new, to in zip(manifests, images, renamings, strict=True):
        if manifest.boxes is not None:
            place = dict(zip(manifest.table["image"], new, strict=True))
            names = manifest.boxes["label"].map({**dict.fromkeys(manifest.boxes["label"]), **to})
            renamed = manifest.boxes.assign(image=manifest.boxes["image"].map(place), label=names)
            parts.append(renamed[names.notna()])
    return pd.concat(parts, ignore_index=True) if parts else None


def left_out(manifest: Manifest, source: str | None, label_map: LabelMap | None, keep: Keep = "all") -> list[str]:
    """The labels of a manifest that are not in the merged one."""
    return [label for label, new in renaming(manifest, source, label_map, keep).items() if new is None]
