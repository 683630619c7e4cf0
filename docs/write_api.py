"""Write `api.md`, the public functions and classes by room, from their source: `python docs/write_api.py`.

A room's public names are those of its `TYPE_CHECKING` block: what type checkers and editors are told. Signatures and
docstrings are read from the text of the files, so nothing is imported and the page is the same on every Python.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

PAGE = Path(__file__).with_name("api.md")
SOURCE = Path(__file__).resolve().parents[1] / "src"
ROOMS = (
    "longtail", "longtail.data", "longtail.losses", "longtail.sampling", "longtail.augment", "longtail.augment.paste",
    "longtail.models", "longtail.pretrain", "longtail.stages", "longtail.predict", "longtail.evaluate",
    "longtail.export", "longtail.serve", "longtail.bench",
)  # fmt: skip
_START = """# API reference

Every public function and class, by room: what to import, its arguments and its first words. Verbs of the command line
are functions of `longtail` (those of `longtail data` of `longtail.data`). Written by `docs/write_api.py`.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_START, *(_room(room) for room in ROOMS)])


def _room(room: str) -> str:
    tree = _tree(room)
    lines = [f"## {room}", "", _summary(tree, whole=True), ""]
    for module, name in sorted(_told(tree), key=lambda each: each[1].lower()):
        lines += _entry(module, name)
    return "\n".join([*lines, ""])


def _told(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The names of the `TYPE_CHECKING` block with their modules."""
    for node in tree.body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for line in node.body:
                if isinstance(line, ast.ImportFrom) and line.module:
                    yield from ((line.module, alias.name) for alias in line.names)


def _entry(module: str, name: str) -> list[str]:
    for node in _tree(module).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name:
            return [f"- `{name}{_signature(node)}`  ", f"  {_summary(node)}"]
    return [f"- `{name}`"]  # a registry or another value


def _signature(node: ast.FunctionDef | ast.ClassDef) -> str:
    if isinstance(node, ast.FunctionDef):
        return f"({ast.unparse(node.args)})"
    start = next((each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"), None)
    if start is not None:
        return f"({ast.unparse(start.args).removeprefix('self, ').removeprefix('self')})"
    fields = [
        each for each in node.body if isinstance(each, ast.AnnAssign) and not ast.unparse(each.target).startswith("_")
    ]
    return f"({', '.join(ast.unparse(each) for each in fields if 'ClassVar' not in ast.unparse(each.annotation))})"


def _summary(node: ast.Module | ast.FunctionDef | ast.ClassDef, *, whole: bool = False) -> str:
    """The docstring's first paragraph in one line, or all of it."""
    text = ast.get_docstring(node) or ""
    return text if whole else " ".join(text.split("\n\n")[0].split())


def _tree(module: str) -> ast.Module:
    path = SOURCE.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8"))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
