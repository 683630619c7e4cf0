"""How long the functions and files of the package are, against the house's aims.

python benchmarks/sizes.py
"""

import ast
from pathlib import Path
from statistics import median, quantiles

HOUSE = Path(__file__).resolve().parents[1] / "src" / "longtail"


def lengths(tree: ast.Module) -> list[tuple[int, str]]:
    """Lines and names of all functions, with what is within."""
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return [((each.end_lineno or each.lineno) - each.lineno + 1, each.name) for each in functions]


def main() -> None:
    files, functions = [], []
    for path in sorted(HOUSE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        files.append((text.count("\n"), str(path.relative_to(HOUSE))))
        functions += [(lines, f"{path.relative_to(HOUSE)}:{name}") for lines, name in lengths(ast.parse(text))]
    sizes = [lines for lines, _ in functions]
    print(f"{len(files)} files, {sum(lines for lines, _ in files)} lines; the longest {max(files)}")
    most = quantiles(sizes, n=10)[-1]
    print(f"{len(functions)} functions: median {median(sizes):g} lines, nine of ten up to {most:g}")
    for lines, name in sorted(functions)[:-9:-1]:
        print(f"  {lines:3}  {name}")


if __name__ == "__main__":
    main()
