"""A recipe proposed for one manifest: an editable file in which every setting says why.

The order is nnU-Net's (Isensee et al. 2021): facts of the data set, rules, then batch and image size as memory bears
them. The same manifest on the same machine gives the same text.
"""

from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import Any

from longtail.data.audit.inspection import Inspection, inspect
from longtail.data.manifest import Manifest
from longtail.errors import UserError, listing
from longtail.files import in_words, write_text
from longtail.stages.estimates import Known, estimate
from longtail.stages.loading import recipe_of_text
from longtail.stages.planning import check_manifest
from longtail.stages.proposing.fingerprint import Fingerprint, fingerprint_of
from longtail.stages.proposing.machine import Machine, this_machine
from longtail.stages.proposing.rules import FIRST, SIZES, Choice, Facts, choices
from longtail.stages.recipe import Recipe
from longtail.stages.yaml_text import yaml_text

_SHARE = 0.5  # of the memory: images, the system and other programs want some too
_LEAST = 8  # images in a batch
_WIDE, _COLUMN = 130, 46  # of a line; where reasons begin
_BATCH, _SIZE = "defaults.batch_size", "defaults.image_size"


def propose(
    manifest: Manifest | str | Path,
    out: str | Path | None = None,
    *,
    inspection: Inspection | None = None,
    machine: Machine | None = None,
) -> str:
    """A recipe for `manifest` as commented YAML, also written to `out`, a file that must not be there yet.

    `inspection` is the manifest's audit where there is one already; `machine` the one to train on, else this one.
    """
    table = Manifest.load(manifest) if isinstance(manifest, (str, Path)) else manifest
    if out is not None:
        require_new(Path(out), table.path)
    found = inspection or inspect(table, duplicates=False)
    facts = Facts(fingerprint_of(table, found), machine or this_machine())
    name = Path(out).stem if out is not None else "proposed"
    chosen = _fitted(choices(facts), facts)
    text = recipe_yaml(chosen, facts, name, table.path.name if table.path else "MANIFEST")
    check_manifest(recipe_of_text(text, source="the proposed recipe"), table)
    if out is not None:
        write_text(Path(out), text)
    return text


def require_new(out: Path, manifest: Path | None) -> None:
    """Refuse a file that is there, and the name under which the manifest's own YAML would be looked for."""
    if out.exists() or out.is_symlink():
        raise UserError(f"'{out}' is there already and is not overwritten; name another file, or remove it first.")
    if manifest is not None and out.resolve() == manifest.with_suffix(".yaml").resolve():
        raise UserError(
            f"'{out}' beside '{manifest.name}' would be read as the YAML that says which column is what; choose another"
            " name for the recipe."
        )


def recipe_yaml(chosen: dict[str, Choice], facts: Facts, name: str, manifest: str) -> str:
    """The file: what it is for and was made of, then each choice with its reason."""
    lines = [*_head(facts, name, manifest), *_yaml("recipe", _one_line(name))]
    told: list[str] = []
    for path, choice in chosen.items():
        *sections, key = path.split(".")
        for depth, section in enumerate(sections):
            if sections[: depth + 1] != told[: depth + 1]:
                lines.append(f"{'  ' * depth}{section}:")
        told = sections
        lines += _setting(key, choice, "  " * len(sections))
    return "\n".join(lines) + "\n"


def _head(facts: Facts, name: str, manifest: str) -> Iterator[str]:
    data = facts.data
    tail = [f"{label} {data.counts[label]:,}" for label in data.tail]
    absent = [label for label, count in data.counts.items() if not count]
    yield f"# {_one_line(name)}: proposed from the numbers of {_one_line(manifest)}. Change what you know better."
    yield "#"
    yield f"#   longtail validate {_word(f'{name}.yaml')} {_word(manifest)}"
    yield f"#   longtail fit {_word(f'{name}.yaml')} {_word(manifest)} --out {_word(f'runs/{name}')}"
    yield "#"
    yield f"# Data: {data.train:,} training and {data.valid:,} validation rows; imbalance {data.ratio:.3g} to 1."
    yield f"# Tail, below {data.tail_below:,} training images: {_one_line(listing(tail, 8)) or 'none'}."
    if absent:
        yield f"# No training image has {_one_line(listing(absent, 8))}: nothing can be learned of them."
    yield f"# Machine: {facts.machine}."
    yield "# What is called measured is in docs/measured.md, mostly on small data; the rest are rules of thumb."


def _setting(key: str, choice: Choice, indent: str) -> Iterator[str]:
    """A key with its value, the reason behind it, or above where the line would be long."""
    why = _one_line(choice.why)
    if choice.value is None:
        yield f"{indent}# no {key}: {why}"
        return
    lines = _yaml(key, choice.value)
    if len(lines) == 1 and len(indent + lines[0]) + len(why) + 4 <= _WIDE:
        yield f"{indent + lines[0]:<{_COLUMN}}  # {why}"
        return
    yield f"{indent}# {why}"
    yield from (indent + line for line in lines)


def _yaml(key: str, value: Any) -> list[str]:
    """`key: value` in one line where that is short, else the value below its key."""
    if not isinstance(value, dict):
        row = value if isinstance(value, list) else [value]
        text = _one_line(yaml_text(row).rstrip())
        return [f"{key}: {text if row is value else text[1:-1]}"]
    lines = yaml_text(value).splitlines()
    return [f"{key}: {lines[0]}"] if lines[0].startswith("{") else [f"{key}:", *(f"  {line}" for line in lines)]


def _one_line(text: str) -> str:
    """Names from a table or a disk may hold anything, also what would end a comment."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _word(text: str) -> str:
    """A file's name on a command line."""
    return _one_line(quote(text))


def _fitted(chosen: dict[str, Choice], facts: Facts) -> dict[str, Choice]:
    """The batch halved, then the images made smaller, until the estimate of `validate` fits the memory."""
    limit = _SHARE * facts.machine.memory
    known: Known = {}
    while True:
        need = _bytes(_recipe(chosen, facts), facts.data, known)
        if need is None or need <= limit:
            return _with_memory(chosen, need, facts.machine)
        batch, size = chosen[_BATCH].value, chosen[_SIZE].value
        smaller = [each for each in SIZES if each < size]
        if batch > _LEAST:
            chosen = _changed(chosen, _BATCH, batch // 2, "halved to fit the memory")
        elif smaller:
            chosen = _changed(chosen, _SIZE, smaller[-1], "made smaller to fit the memory")
        else:
            raise UserError(
                f"even {batch} images of {size} px need {in_words(need)}, more than half of the memory of this machine"
                f" ({in_words(facts.machine.memory)}); plan on another one."
            )


def _changed(chosen: dict[str, Choice], path: str, value: Any, why: str) -> dict[str, Choice]:
    return {**chosen, path: Choice(value, why)}


def _with_memory(chosen: dict[str, Choice], need: float | None, machine: Machine) -> dict[str, Choice]:
    if need is None:
        return chosen
    batch = chosen[_BATCH]
    why = f"{batch.why}; about {in_words(need)} of {in_words(machine.memory)}"
    return _changed(chosen, _BATCH, batch.value, why)


def _recipe(chosen: dict[str, Choice], facts: Facts) -> Recipe:
    return recipe_of_text(recipe_yaml(chosen, facts, "proposed", ""), bind=False)


def _bytes(recipe: Recipe, data: Fingerprint, known: Known) -> float | None:
    """What the first stage takes, which trains all of the network."""
    found = estimate(recipe, FIRST, classes=len(data.counts), channels=data.channels, known=known)
    return None if found is None else found.training
