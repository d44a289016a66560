"""A case of the comparison: a function that does something with `elmo` and returns what came out, item by item."""

import ast
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure.house.cases.digests import Items, digest

FILES = tuple(sorted(Path(__file__).parent.glob("*.py")))


class Room(NamedTuple):
    """Where a case works."""

    folder: Path  # its own; also the working directory
    shared: Path  # texts and fixtures
    old_tree: Path  # checkout of the old commit, for the golden values that lie in it


class Case(NamedTuple):
    """Something that must come out alike."""

    run: Callable[[Room], Items]  # in both trees
    make: Callable[[Room], None] | None  # what only the old tree makes beforehand
    is_quick: bool


CASES: dict[str, Case] = {}


def case(make: Callable[[Room], None] | None = None, quick: bool = False) -> Callable[..., Callable[[Room], Items]]:
    """Make a function a case of its name."""

    def added(run: Callable[[Room], Items]) -> Callable[[Room], Items]:
        CASES[run.__name__] = Case(run, make, quick)
        return run

    return added


def definition(name: str, files: Sequence[Path] = FILES) -> str:
    """A digest of the code of a case: of its function, and of all in this folder that it names, in whatever file that lies."""
    parts: dict[str, ast.stmt] = {}
    for node in (node for path in files for node in ast.parse(path.read_text(encoding="utf-8")).body):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            parts[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            parts[ast.unparse(target)] = node
    reached, waiting = set[str](), [name]
    while waiting:
        if (part := waiting.pop()) in parts and part not in reached:
            reached.add(part)
            waiting += [node.id for node in ast.walk(parts[part]) if isinstance(node, ast.Name)]
    return digest("\n".join(ast.unparse(parts[part]) for part in sorted(reached)).encode())
