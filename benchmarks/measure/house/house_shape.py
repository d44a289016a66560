"""The shape of the source: largest folder, longest file, import cycles, untyped signatures, modules without a test.

    python -m benchmarks.measure.house.house_shape [--save]

Prints each figure with its limit and lists what exceeds it; the exit status is then 1. Folders are those of `src/`, `tests/`
and `benchmarks/`, lines those of `src/` and `benchmarks/`; the other figures are those of `src/elmo`. Each module needs a test
file of its name (`tests/<same path>/test_NAME.py`), or a line in `tests/reasons.toml` that names the test that covers it.
"""

import ast
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from benchmarks.record import ROOT, keep_row, parser_with_save

MOST_FILES = 16  # .py files of a folder
MOST_LINES = 330
FOLDERS = ("src", "tests", "benchmarks")
PROGRAMS = ("src", "benchmarks")  # folders to which MOST_LINES applies
SOURCE = Path("src") / "elmo"
# Trainers, training steps, and the models of tasks: no `Any` in the signature of a function or method.
TYPED = (
    "train/trainer.py",
    "train/loop.py",
    "train/step.py",
    "train/objectives/*.py",
    "tasks/fit.py",
    "tasks/kinds/*/model.py",
)
REASONS = Path("tests") / "reasons.toml"


class Figure(NamedTuple):
    """One figure of the source."""

    name: str
    value: int
    limit: int
    where: str  # folder or file with this value
    faults: list[str]  # everything that exceeds the limit, one line each


def measure(root: Path = ROOT) -> list[Figure]:
    """All figures of a checkout."""
    return [largest_folder(root), longest_file(root), import_cycles(root), untyped(root), untested(root)]


def largest_folder(root: Path) -> Figure:
    """The folder with most `.py` files."""
    counts = {folder: len(list(folder.glob("*.py"))) for folder in _folders(root)}
    most = max(counts, key=lambda folder: counts[folder])
    over = [f"{_short(folder, root)}: {n} files" for folder, n in counts.items() if n > MOST_FILES]
    return Figure("files of the largest folder", counts[most], MOST_FILES, _short(most, root), over)


def longest_file(root: Path) -> Figure:
    """The `.py` file with most lines."""
    lengths = {path: len(path.read_bytes().splitlines()) for path in _files(root, PROGRAMS)}
    longest = max(lengths, key=lambda path: lengths[path])
    over = [f"{_short(path, root)}: {n} lines" for path, n in lengths.items() if n > MOST_LINES]
    return Figure("lines of the longest file", lengths[longest], MOST_LINES, _short(longest, root), over)


def import_cycles(root: Path) -> Figure:
    """Groups of modules that import each other, imports inside functions and under TYPE_CHECKING counted.

    The names that a public package lists under TYPE_CHECKING in its `__init__` and loads on first use do not count.
    """
    found = [" <-> ".join(sorted(group)) for group in _circles(_imports(root)) if len(group) > 1]
    return Figure("import cycles", len(found), 0, "", found)


def untyped(root: Path) -> Figure:
    """Functions of trainers and task models with `Any` in their signature."""
    found = []
    for pattern in TYPED:
        for path in sorted((root / SOURCE).glob(pattern)):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _says_any(node):
                    found.append(f"{_short(path, root)}, line {node.lineno}: {node.name}")
    return Figure("signatures with Any in trainers and task models", len(found), 0, "", found)


def untested(root: Path) -> Figure:
    """Modules that have neither a test file of their name nor a reason, and reasons that are wrong."""
    found = []
    reasons = read_reasons(root)
    modules = {
        str(path.relative_to(root / SOURCE)) for path in _files(root, ("src",)) if not path.stem.startswith("__")
    }
    for module in sorted(modules):
        own = root / "tests" / Path(module).parent / f"test_{Path(module).name}"
        if own.is_file() and module in reasons:
            found.append(f"{REASONS}: {module} now has a test file of its own; remove the line")
        if not own.is_file() and module not in reasons:
            found.append(f"{SOURCE / module}: no {_short(own, root)}, and no line in {REASONS}")
    for module, reason in sorted(reasons.items()):
        test = reason.partition(":")[0]
        if module not in modules:
            found.append(f"{REASONS}: {module} is no module")
        elif not (root / test).is_file() or not reason.partition(":")[2].strip():
            found.append(f"{REASONS}: {module}: expected `tests/.../test_x.py: why`, found {reason!r}")
    return Figure("modules that no test accounts for", len(found), 0, "", found)


def read_reasons(root: Path) -> dict[str, str]:
    """Module, as `model/highway.py` -> the test file that covers it, a colon, and why it has none of its own."""
    path = root / REASONS
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _folders(root: Path) -> Iterator[Path]:
    yield from sorted({path.parent for path in _files(root)})


def _files(root: Path, tops: tuple[str, ...] = FOLDERS) -> Iterator[Path]:
    for top in tops:
        yield from (path for path in sorted((root / top).glob("**/*.py")) if "golden" not in path.parts)


def _short(path: Path, root: Path) -> str:
    return str(path.relative_to(root))


def _says_any(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
    annotations = [one.annotation for one in given if one is not None] + [node.returns]
    names = (name for one in annotations if one is not None for name in ast.walk(one))
    return any(isinstance(name, ast.Name) and name.id == "Any" for name in names)


def _imports(root: Path) -> dict[str, set[str]]:
    """Module of ours -> the modules of ours that it imports."""
    files = {}
    for path in _files(root, ("src",)):
        parts = path.relative_to(root / "src").with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    graph: dict[str, set[str]] = {}
    for module, path in files.items():
        named: set[str] = set()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if path.name == "__init__.py":
            tree.body = [node for node in tree.body if not isinstance(node, ast.If)]
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                named |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        graph[module] = (named & set(files)) - {module}
    return graph


def _circles(graph: Mapping[str, set[str]]) -> list[set[str]]:
    """Groups of modules of which each reaches each (Tarjan 1972)."""
    found: list[set[str]] = []
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for other in sorted(graph[module]):
            if other not in index:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], index[other])
        if low[module] == index[module]:
            at = stack.index(module)
            found.append(set(stack[at:]))
            del stack[at:]

    for module in sorted(graph):
        if module not in index:
            visit(module)
    return found


def main() -> None:
    """Measure, print; with --save keep the figures."""
    given = parser_with_save(__doc__).parse_args()
    figures = measure()
    for figure in figures:
        where = f"  ({figure.where})" if figure.where else ""
        print(f"{figure.name:50} {figure.value:5}, at most {figure.limit}{where}")
        for fault in figure.faults:
            print(f"    {fault}")
    print(f"{'modules of the library':50} {len(list(_files(ROOT, ('src',)))):5}")
    if given.save:
        kept = {figure.name: figure.value for figure in figures}
        print(keep_row("house", "shape", "python -m benchmarks.measure.house.house_shape --save", kept))
    sys.exit(any(figure.faults for figure in figures))


if __name__ == "__main__":
    main()
