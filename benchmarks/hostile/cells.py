"""Mutations of a manifest's table, its YAML and its boxes: each is named, and knows whether it must be told.

A mutation takes a case's folder, which holds `manifest.csv`, `manifest.yaml` and `boxes.csv`. `must_tell` marks those
that no command which checks its manifest may let pass.
"""

import csv
import gzip
import io
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Mutate = Callable[[Path, random.Random], None]
Rows = list[list[str]]
FIRST_LABEL = 8  # columns: image, patient, study, view, source, age, sex, split, and then labels


@dataclass(frozen=True)
class Mutation:
    """What it is called, what it does, and whether `data split` must refuse it."""

    name: str
    mutate: Mutate
    must_tell: bool = False


def rows_of(case: Path, name: str = "manifest.csv") -> Rows:
    with (case / name).open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def write_rows(case: Path, rows: Rows, name: str = "manifest.csv") -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    (case / name).write_bytes(out.getvalue().encode("utf-8", "surrogatepass"))


def cell(text: str, *, column: int | None = None, share: float = 0.0, name: str = "manifest.csv") -> Mutate:
    """A cell (or a share of a column's) holds `text`; without `column`, a label's."""

    def mutate(case: Path, dice: random.Random) -> None:
        rows = rows_of(case, name)
        at = dice.randrange(FIRST_LABEL, len(rows[0])) if column is None else column
        victims = [i for i in range(1, len(rows)) if dice.random() < share] or [dice.randrange(1, len(rows))]
        for i in victims:
            rows[i][at] = text
        write_rows(case, rows, name)

    return mutate


def header(text: str, column: int | None = None) -> Mutate:
    """A column (without `column`, a label's) is called `text`."""

    def mutate(case: Path, dice: random.Random) -> None:
        rows = rows_of(case)
        at = dice.randrange(FIRST_LABEL, len(rows[0])) if column is None else column
        old, rows[0][at] = rows[0][at], text
        write_rows(case, rows)
        roles = case / "manifest.yaml"  # which names labels; it goes along half of the time, as users' do
        if column is None and dice.random() < 0.5:
            quoted = "'" + text.replace("'", "''") + "'"
            roles.write_text(roles.read_text(encoding="utf-8").replace(f"- {old}\n", f"- {quoted}\n"), encoding="utf-8")

    return mutate


def raw(change: Callable[[bytes], bytes], name: str = "manifest.csv") -> Mutate:
    """The file's bytes, changed."""
    return lambda case, _: (case / name).write_bytes(change((case / name).read_bytes())) and None


def rows(change: Callable[[Rows], Rows], name: str = "manifest.csv") -> Mutate:
    """The file's rows, changed."""
    return lambda case, _: write_rows(case, change(rows_of(case, name)), name)


def roles(text: str | bytes) -> Mutate:
    """The YAML beside it is this."""
    data = text if isinstance(text, bytes) else text.encode()
    return lambda case, _: (case / "manifest.yaml").write_bytes(data) and None


def more_roles(text: str) -> Mutate:
    """The YAML beside it has these lines instead of the ones with the same keys."""

    def mutate(case: Path, _: random.Random) -> None:
        path = case / "manifest.yaml"
        keys = tuple(line.split(":")[0] + ":" for line in text.splitlines())
        kept = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith(keys)]
        path.write_text("\n".join([*kept, text]) + "\n", encoding="utf-8")

    return mutate


def odd_file(make: Callable[[Path], None]) -> Mutate:
    """An image's path leads to something that is no plain file."""

    def mutate(case: Path, dice: random.Random) -> None:
        make(case / "odd.png")
        cell("odd.png", column=0)(case, dice)

    return mutate


def no_roles(case: Path, _: random.Random) -> None:
    """The YAML beside it is gone."""
    (case / "manifest.yaml").unlink()


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
OWNED = "owned-by-a-table"  # a file that a YAML's code would make
TAG = f'!!python/object/apply:os.system ["touch {OWNED}"]'
OTHER_TAG = f"!!python/object/new:pathlib.Path.touch [{OWNED}]"
LONG = "x" * 100_000
STATES = {"maybe": True, "inf": True, "-inf": True, "2": True, "-2": True, "1e300": True, "9" * 400: True, "0x1": True,
          "nan": False, "-1": False, "U": False, "": False, " 1 ": False, "1.0": False, "1e0": False, "TRUE": False,
          "0.5": True, "1,0": True, "\u0663": False, "\uff11": False, "1\u0000": True, "=1+1": True, "\x1b[31m": True,
          "1\n0": True, LONG: True, "positive": False, "None": False, "-0": False, "+1": False,
          "1_0": True}  # fmt: skip
PATHS = ("/etc/passwd", "../../../../../../etc/passwd", "/dev/zero", "/dev/stdin", "/dev/full", "/proc/self/mem",
"images",
         ".", "..", "/", "~", "http://127.0.0.1:1/x.png", "file:///etc/passwd", "images/\u202egnp.x", "a" * 300,
         "a/" * 3000,
         "\ud800x.png", "*", "images/*.png", "-", "--help", "con", "a\nb.png", "\x1b[2Jx.png", "%s%n", "{0}",
         " images/x.png ", "manifest.csv", LONG)  # fmt: skip
NAMES = ("../../x", "/etc/x", "a/b", "\x1b[31mred", "a\nb", " ", "x" * 300, LONG, "image", "path", "split", "label",
"nan",
         "true", "1", "<script>alert(1)</script>", "{{ 7*7 }}", "{% raw %}", "%s", "\u202ecba", "\u0000",
         "'; drop table x",
         "=cmd|' /C calc'!A0", "e\u0301", "\U0001f9e0", "-", "--out", "a: b", "!!python/none", "*a", "\ufeffimage",
         "$\\frac{1}{0}$", "$x", "_legend_")  # fmt: skip
SPLITS = {"trian": True, "TRAIN": False, "train ": False, "0": True, "": False, "holdout": False, "\u0442rain": True,
          "train,val": True, "\x1b[31m": True, LONG: True}  # fmt: skip
ROLES = {
    "syntax": "image: [", "tab": "image:\timage\n\tlabels: 1", "list": "- image\n- labels", "word": "image",
    "number": "5",
    "unknown key": "imagee: image", "tag": f"image: {TAG}", "tag as labels": f"image: image\nlabels: {TAG}",
    "tag as all": TAG, "new tag": f"image: {OTHER_TAG}", "bomb": BOMB + "labels: *i", "deep": "image: " + "[" * 3000,
    "deep mapping": "image: " + "{a: " * 3000, "no such labels": "labels: [Nope, Never]", "labels number": "labels: 5",
    "labels mapping": "labels: {a: b}", "labels nested": "labels: [[No Finding]]",
    "labels twice": "labels: [Edema, Edema]",
    "labels null": "labels: [null]", "labels bool": "labels: [yes, no]", "labels date": "labels: [2020-01-01]",
    "no such label": "label: dx", "image list": "image: [a, b]", "image bool": "image: true",
    "image null": "image: null",
    "boxes gone": "boxes: nowhere.csv", "boxes a folder": "boxes: images", "boxes the manifest": "boxes: manifest.csv",
    "uncertain": "uncertain: maybe", "integer key": "5: image", "null key": "~: image", "list as key": "[a]: image",
    "mapping as key": "? {a: b}\n: image", "twice": "image: image\nimage: path", "merge": "<<: 5",
    "merge loop": "a: &a\n  <<: *a",
    "documents": "image: image\n---\nimage: path", "anchor": "image: *nowhere", "zero": "image: image\0",
    "long": f"image: {LONG}", "set": "labels: !!set {Edema, Mass}", "binary": "labels: !!binary aGVsbG8=",
    "float": "labels: [.nan, .inf]", "number huge": "labels: [" + "9" * 5000 + "]",
    "unknown tag": "labels: !mine [Edema]",
    "emoji": "labels: ['\U0001f9e0']", "control": "image: \"\\x1b[31m\"", "surrogate": 'image: "\\ud800"',
    "sexagesimal": "labels: [190:20:30]", "time": "labels: 2001-99-99", "huge time": "labels: [9999-99-99 99:99:99]",
}  # fmt: skip
SURE_ROLES = {"syntax", "list", "word", "number", "unknown key", "tag", "tag as labels", "tag as all", "new tag",
              "no such labels", "labels number", "no such label", "boxes gone", "uncertain", "anchor"}  # fmt: skip
BOXES = ("nan", "inf", "-inf", "-5", "1e308", "1e999", "", "x", "0x10", "9" * 50, LONG, "\x1b[31m", "12.5 ")


def _sure(text: str, known: dict[str, bool]) -> bool:
    return known[text]


def _short(text: str) -> str:
    return ascii(text[:20])[1:-1] or "empty"


def text_mutations() -> list[Mutation]:
    """Of the file as text."""
    one = lambda name, change, sure=False: Mutation(f"text: {name}", raw(change), sure)  # noqa: E731
    return [
        one("utf-16", lambda d: d.decode().encode("utf-16"), True),
        one("utf-32", lambda d: d.decode().encode("utf-32"), True),
        one("latin-1", lambda d: d.replace(b"Edema", "\xd6dem".encode("latin-1")), True),
        one("byte-order mark", lambda d: b"\xef\xbb\xbf" + d), one("two of them", lambda d: b"\xef\xbb\xbf" * 2 + d),
        one("zero bytes", lambda d: d.replace(b"phantom", b"pha\0ntom")), one("zero header", lambda d: b"\0" + d, True),
        one("crlf", lambda d: d.replace(b"\n", b"\r\n")), one("cr", lambda d: d.replace(b"\n", b"\r")),
        one("mixed ends", lambda d: d.replace(b"\n", b"\r\n", 5)), one("no last end", lambda d: d.rstrip()),
        one("semicolons", lambda d: d.replace(b",", b";")), one("tabs", lambda d: d.replace(b",", b"\t")),
        one("bars", lambda d: d.replace(b",", b"|"), True), one("spaces", lambda d: d.replace(b",", b" , ")),
        one("open quote", lambda d: d.replace(b"phantom", b'"phantom', 1)), one("quotes", lambda d: d.replace(b"0",
        b'"')),
        one("open quote in header", lambda d: b'"' + d, True), one("backslashes", lambda d: d.replace(b",", b"\\,")),
        one("empty", lambda _: b"", True), one("an end", lambda _: b"\n", True), one("ends", lambda _: b"\n" * 9999,
        True),
        one("commas", lambda _: b"," * 9999 + b"\n", True), one("header only", lambda d: d[: d.index(b"\n") + 1], True),
        one("half a header", lambda d: d[:20], True), one("no header", lambda d: d[d.index(b"\n") + 1 :], True),
        one("empty first line", lambda d: b"\n" + d, True), one("comment", lambda d: b"# made by hand\n" + d, True),
        one("gzip", gzip.compress, True), one("zip", lambda d: b"PK\3\4" + d, True), one("parquet",
        lambda d: b"PAR1" + d, True),
        one("png", lambda d: b"\x89PNG\r\n\x1a\n" + d, True), one("zeros", lambda _: bytes(70_000), True),
        one("noise", lambda d: random.Random(0).randbytes(len(d)), True), one("twice", lambda d: d + d),
        one("html", lambda _: b"<!doctype html><title>404</title>", True), one("json", lambda _: b'[{"image": 1}]',
        True),
        one("empty lines", lambda d: d.replace(b"\n", b"\n\n")), one("spaces only", lambda _: b" \n \n", True),
        one("endless first line", lambda _: b"image," * 200_000, True), one("sep=", lambda d: b"sep=,\n" + d, True),
        one("half a letter", lambda d: d.replace(b"AP", b"\xe2\x82"), True), one("surrogates",
        lambda d: d.replace(b"AP", b"\xed\xa0\x80"), True),
    ]  # fmt: skip


def _table(name: str, change: Callable[[Rows], Rows], sure: bool = False) -> Mutation:
    return Mutation(f"table: {name}", rows(change), sure)


def table_mutations() -> list[Mutation]:
    """Of rows and columns."""
    return [
        _table("a column twice", lambda t: [[*r, r[9]] for r in t], True),
        _table("image twice", lambda t: [[r[0], *r] for r in t], True),
        _table("all rows twice", lambda t: t + t[1:]), _table("one row twice", lambda t: [*t, t[3]]),
        _table("one row", lambda t: t[:2]), _table("two rows", lambda t: t[:3]), _table("only images",
        lambda t: [r[:1] for r in t]),
        _table("no image", lambda t: [r[1:] for r in t], True), _table("no patient", lambda t: [[r[0],
        *r[2:]] for r in t], True),
        _table("no labels", lambda t: [r[:FIRST_LABEL] for r in t], True), _table("no splits", lambda t: [[*r[:7],
        *r[8:]] for r in t], True),
        _table("one label", lambda t: [r[: FIRST_LABEL + 1] for r in t], True), _table("cell more", lambda t: [*t[:4],
        [*t[4], "1"], *t[5:]], True),
        _table("cell less", lambda t: [*t[:4], t[4][:-1], *t[5:]], True), _table("no name", lambda t: [["", *t[0][1:]],
        *t[1:]], True),
        _table("no names", lambda t: [[""] * len(t[0]), *t[1:]], True), _table("3,000 columns", lambda t: [[*r,
        *(f"{i}{r[0]}" for i in range(3000))] for r in t]),
        _table("1,000 labels", lambda t: [[*t[0], *(f"L{i}" for i in range(1000))], *([*r,
        *["1"] * 1000] for r in t[1:])]),
        _table("all empty", lambda t: [t[0], *([""] * len(r) for r in t[1:])], True), _table("all 1", lambda t: [t[0],
        *(r[:8] + ["1"] * (len(r) - 8) for r in t[1:])]),
        _table("all unknown", lambda t: [t[0], *(r[:8] + [""] * (len(r) - 8) for r in t[1:])]), _table("all 0",
        lambda t: [t[0], *(r[:8] + ["0"] * (len(r) - 8) for r in t[1:])]),
        _table("one patient", lambda t: [t[0], *([r[0], "p", *r[2:]] for r in t[1:])]), _table("no patients named",
        lambda t: [t[0], *([r[0], "", *r[2:]] for r in t[1:])]),
        _table("studies of two patients", lambda t: [t[0], *([*r[:2], "s", *r[3:]] for r in t[1:])]),
        _table("columns reversed", lambda t: [r[::-1] for r in t]),
        _table("transposed", lambda t: [list(r) for r in zip(*t, strict=True)], True), _table("upper case names",
        lambda t: [[n.upper() for n in t[0]], *t[1:]], True),
        _table("header in the middle", lambda t: [*t[:5], t[0], *t[5:]], True), _table("empty row", lambda t: [*t[:5],
        [""] * len(t[0]), *t[5:]], True),
        _table("paths in Windows' way", lambda t: [t[0], *([r[0].replace("/", "\\"), *r[1:]] for r in t[1:])]),
    ]  # fmt: skip


def all_mutations() -> list[Mutation]:
    """Every named one."""
    special = {"pipe": os.mkfifo, "folder": Path.mkdir, "link to itself": lambda p: p.symlink_to(p.name),
               "link to nowhere": lambda p: p.symlink_to("nowhere"), "empty file": Path.touch,
               "link to zeros": lambda p: p.symlink_to("/dev/zero"), "unreadable": lambda p: p.touch(0)}  # fmt: skip
    return [
        *text_mutations(), *table_mutations(),
        *(Mutation(f"state: {_short(text)}", cell(text), sure) for text, sure in STATES.items()),
        *(Mutation(f"path: {_short(text)}", cell(text, column=0)) for text in PATHS),
        *(Mutation(f"name: {_short(text)}", header(text)) for text in NAMES),
        *(Mutation(f"split: {_short(text)}", cell(text, column=7)) for text in SPLITS),
        *(Mutation(f"splits: {_short(text)}", cell(text, column=7, share=0.9)) for text in SPLITS),
        *(Mutation(f"{what}: {_short(text)}", cell(text, column=column, share=0.5)) for column, what in ((1,
        "patient"), (2, "study"), (3, "view"), (4, "source"))
          for text in (LONG, "\x1b[31m", "nan", "", "../x", "\u202e", "<b>")),
        *(Mutation(f"yaml: {name}", more_roles(text) if name in {"boxes gone", "boxes a folder", "boxes the manifest",
        "uncertain"} else roles(text), name in SURE_ROLES) for name, text in ROLES.items()),
        Mutation("yaml: none", no_roles), Mutation("yaml: bytes", roles(bytes(range(256)))), Mutation("yaml: utf-16",
        roles("image: image".encode("utf-16"))),
        *(Mutation(f"box: {_short(text)}", cell(text, column=column, name="boxes.csv")) for column in (2,
        5) for text in BOXES),
        Mutation("box: no such image", cell("images/none.png", column=0, name="boxes.csv")),
        Mutation("box: no such label", cell("Nope", column=1, name="boxes.csv")),
        Mutation("boxes: header only", raw(lambda d: d[: d.index(b"\n") + 1], "boxes.csv")), Mutation("boxes: empty",
        raw(lambda _: b"", "boxes.csv"), True),
        Mutation("boxes: a column less", rows(lambda t: [r[:-1] for r in t], "boxes.csv"), True),
        Mutation("boxes: crossed", rows(lambda t: [t[0], *([*r[:2], *r[4:], *r[2:4]] for r in t[1:])], "boxes.csv")),
        *(Mutation(f"file: {name}", odd_file(make)) for name, make in special.items()),
    ]  # fmt: skip
