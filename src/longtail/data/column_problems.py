"""What a manifest's columns were taken for, where that may not be what was meant: every one a warning."""

from collections import Counter
from collections.abc import Iterator

from longtail.data.column_names import candidates, is_kept
from longtail.data.manifest import Manifest
from longtail.data.problem import Problem
from longtail.data.roles import COLUMN_ROLES
from longtail.data.states import BAD, VALID_STATES, is_empty, state_of
from longtail.errors import listing

# The kinds that `column_problems` gives, to tell before labels and parts are written down as such.
ABOUT_NAMES = ("alike-labels", "unread-label", "column-left-out", "two-columns-for-one-part", "class-like-unknown")
_NOBODY_KNOWS = {
    "?", "??", "-", "--", "nan", "na", "n/a", "none", "null", "unknown", "unk", "undefined", "missing", "not available",
    "unlabeled", "unlabelled", "tbd",
}  # fmt: skip
_WORDS_FOR_STATES = {
    "yes", "no", "y", "n", "positive", "negative", "pos", "neg", "present", "absent", "1,0", "0,0", "uncertain",
}  # fmt: skip


def column_problems(manifest: Manifest) -> Iterator[Problem]:
    """Labels that are alike or unread, columns that were left out or passed over, classes that mean unknown."""
    yield from _alike_labels(manifest)
    yield from _passed_over(manifest)
    if manifest.names.labels:
        return
    if manifest.task == "multilabel":
        yield from _unread_labels(manifest)
        yield from _left_out(manifest)
    else:
        yield from _class_like_unknown(manifest)


def _file(manifest: Manifest) -> str:
    return f"'{manifest.path}'" if manifest.path else "the manifest"


def _alike_labels(manifest: Manifest) -> Iterator[Problem]:
    spellings: dict[str, list[str]] = {}
    for name in manifest.labels:
        spellings.setdefault(" ".join(name.replace("_", " ").casefold().split()), []).append(name)
    if alike := [names for names in spellings.values() if len(names) > 1]:
        yield Problem(
            "alike-labels", "warning", len(alike),
            f"{_file(manifest)} has the labels {listing([repr(name) for name in alike[0]])}, which differ in case,"
            f" spaces or _ alone ({len(alike):,} such); if they are one, write it in one way.",
        )  # fmt: skip


def _passed_over(manifest: Manifest) -> Iterator[Problem]:
    """Parts that were guessed by name while another column has a name for it too."""
    for role in COLUMN_ROLES:
        taken = getattr(manifest.names, role)
        others = [name for name in candidates(role, manifest.extras) if name != taken]
        if taken and others and not getattr(manifest.said, role):
            what = "image paths" if role == "image" else role
            yield Problem(
                "two-columns-for-one-part", "warning", len(others),
                f"{_file(manifest)}: the column '{taken}' is taken for the {what}, and"
                f" {listing([repr(name) for name in others])} is kept as an ordinary column; if that is wrong, say"
                f" '{role}: COLUMN' in the YAML beside it or --{role} COLUMN.",
            )  # fmt: skip


def _unread_labels(manifest: Manifest) -> Iterator[Problem]:
    """Columns that were taken for text and look like labels, where nobody said which columns are labels."""
    cells = {name: _cells(manifest, name) for name in manifest.extras if not is_kept(name)}
    if unread := [name for name, said in cells.items() if _looks_like_states(said)]:
        yield Problem(
            "unread-label", "warning", len(unread),
            f"{listing([repr(name) for name in unread])} of {_file(manifest)} holds words such as"
            f" {listing([repr(word) for word in sorted(cells[unread[0]])])} and so is no label; if it is"
            f" one, write {VALID_STATES}.",
        )  # fmt: skip


def _cells(manifest: Manifest, name: str) -> Counter[str]:
    """What the filled cells of a column say, in lower case, and how many say it."""
    found: Counter[str] = Counter()
    for cell, count in manifest.table[name].value_counts().items():
        found[str(cell).strip().lower()] += int(count)
    del found[""]
    return found


def _looks_like_states(cells: Counter[str]) -> bool:
    """Whether some word is no state that could be read, and what is said is all, or 0, 1 and by half, for states.

    A number that is no state makes it a column of numbers, such as how often a patient came.
    """
    strange = {word for word in cells if state_of(word) == BAD}
    said = {word: count for word, count in cells.items() if word not in _NOBODY_KNOWS}
    states = {word: count for word, count in said.items() if word not in strange or word in _WORDS_FOR_STATES}
    if not strange or len(states) == len(said):
        return bool(strange and said)
    mostly = 2 * sum(states.values()) >= sum(said.values()) and bool(set(states) - strange)
    return mostly and not any(map(_is_number, strange))


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _left_out(manifest: Manifest) -> Iterator[Problem]:
    """Columns of 0 and 1 that are no labels for their name alone."""
    kept = {name: _cells(manifest, name) for name in manifest.extras if is_kept(name) and manifest.names.image}
    left_out = [
        name
        for name, words in kept.items()
        if any(not is_empty(word) for word in words) and all(state_of(word) != BAD for word in words)
    ]
    if left_out:
        yield Problem(
            "column-left-out", "warning", len(left_out),
            f"{listing([repr(name) for name in left_out])} of {_file(manifest)} holds 0 and 1 but is taken for no"
            " label, going by its name; if it is one, list the labels with --labels A,B,... or in the YAML beside it.",
        )  # fmt: skip


def _class_like_unknown(manifest: Manifest) -> Iterator[Problem]:
    if like := [name for name in manifest.labels if name.strip().lower() in _NOBODY_KNOWS]:
        yield Problem(
            "class-like-unknown", "warning", len(like),
            f"{_file(manifest)} has the class {listing([repr(name) for name in like])}, which is learned like any"
            " other; if it means that nobody knows the class, leave these cells empty.",
        )  # fmt: skip
