"""The house stands on its floors: a module imports its own floor and those below, never above."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src"
FLOORS = [
    "errors",
    "storage",
    "text",
    "model",
    "checkpoints",
    "embed",
    "train",
    "tasks",
    "analysis",
    "answers",
    "apps",
    "cli",
]
CALLERS = {"compat", "integrations"}  # beside the top: they call any floor but the command line, and nobody calls them
ONLY_THERE = {
    "torch": (set(FLOORS) | CALLERS) - {"errors", "storage", "text", "cli"},
    "h5py": {"checkpoints", "embed"},
    "safetensors": {"checkpoints"},
    "pyarrow": {"storage", "text", "embed"},
    "typer": {"cli"},
    "rich": {"cli"},
    "pickle": set(),
}
FACES = {
    "tasks",
    "train",
    "analysis",
    "answers",
    "compat",
    "integrations",
}  # public packages: their `__init__` names what they offer
VAGUE = {"utils", "util", "helpers", "common", "misc", "tools"}


def floor_of(module: str) -> str | None:
    """`elmo.text.tokens` -> text; None for the public face and what is not ours."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "elmo" and parts[1] != "__main__" else None


def modules(source: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(source.glob("elmo/**/*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(module: str, path: Path) -> Iterator[str]:
    """Every import of a file, those inside functions and under TYPE_CHECKING too."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base]).rstrip(".")
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def names_only(node: ast.stmt) -> bool:
    """Whether a statement of an `__init__` does nothing but tell public names: their list, and how they are loaded."""
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING" and all(isinstance(n, ast.ImportFrom) for n in node.body)
    if isinstance(node, ast.ImportFrom):
        return node.module in {"typing", "elmo.public_names"}
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) in {"__all__", "(__getattr__, __dir__)"}
    return False


def faults(source: Path) -> list[str]:
    """What breaks the rules of the house, one sentence each."""
    found = []
    graph: dict[str, set[str]] = {}
    known = {module for module, _ in modules(source)}
    for module, path in modules(source):
        where = path.relative_to(source)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if ast.get_docstring(tree) is None:
            found.append(f"{where} has no docstring")
        if path.stem in VAGUE:
            found.append(f"{where} has a name that can hold anything")
        floor = floor_of(module)
        if floor is None:
            continue
        if path.name == "__init__.py" and module == f"elmo.{floor}" and floor in FACES:
            if not all(map(names_only, tree.body[1:])):
                found.append(f"{where} holds more than its public names")
        elif path.name == "__init__.py" and len(tree.body) > 1:
            found.append(f"{where} holds more than a docstring")
        for name in set(imports(module, path)):
            other = floor_of(name)
            if other in FLOORS and floor in FLOORS and FLOORS.index(other) > FLOORS.index(floor):
                found.append(f"{floor} reaches up to {other}: {where} imports {name}")
            if other in CALLERS - {floor} or (floor in CALLERS and other == "cli"):
                found.append(f"{floor} must not call {other}: {where} imports {name}")
            top = name.split(".")[0]
            if top in ONLY_THERE and floor not in ONLY_THERE[top]:
                found.append(f"{floor} must not know {top}: {where} imports it")
            if name in known and name != module:
                graph.setdefault(module, set()).add(name)
        calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "torch.load"]
        if any(
            ast.unparse(k) != "weights_only=True" for n in calls for k in n.keywords if k.arg == "weights_only"
        ) or any("weights_only" not in [k.arg for k in n.keywords] for n in calls):
            found.append(f"{where} calls torch.load without weights_only=True")
    return found + [f"imports go in a circle: {' -> '.join(circle)}" for circle in circles(graph)]


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    found: list[list[str]] = []
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> None:
        if module in path:
            found.append([*path[path.index(module) :], module])
            return
        if module in done:
            return
        for other in sorted(graph.get(module, ())):
            visit(other, [*path, module])
        done.add(module)

    for module in sorted(graph):
        visit(module, [])
    return found


def test_the_house_stands_on_its_floors():
    assert faults(SOURCE) == []


@pytest.mark.parametrize(
    ("file", "code", "fault"),
    [
        ("text/a.py", '"""d"""\nfrom elmo.train import loop', "text reaches up to train"),
        ("text/a.py", '"""d"""\ndef f():\n    import elmo.model.bilm', "text reaches up to model"),
        ("text/a.py", '"""d"""\nfrom ..model import bilm', "text reaches up to model"),
        ("text/a.py", '"""d"""\nimport torch.nn', "text must not know torch"),
        ("apps/a.py", '"""d"""\nfrom elmo.compat import allennlp', "apps must not call compat"),
        ("compat/a.py", '"""d"""\nimport elmo.cli.main', "compat must not call cli"),
        ("embed/a.py", '"""d"""\nimport pickle', "embed must not know pickle"),
        ("model/a.py", '"""d"""\nfrom h5py import File', "model must not know h5py"),
        ("model/utils.py", '"""d"""', "a name that can hold anything"),
        ("model/a.py", "x = 1", "has no docstring"),
        ("model/__init__.py", '"""d"""\nx = 1', "more than a docstring"),
        ("model/__init__.py", '"""d"""\nfrom elmo.model import b\n__all__ = ["b"]', "more than a docstring"),
        ("tasks/__init__.py", '"""d"""\nfrom elmo.tasks.fit import fit', "more than its public names"),
        ("tasks/kinds/__init__.py", '"""d"""\n__all__ = ["a"]', "more than a docstring"),
        ("model/a.py", '"""d"""\nimport elmo.model.b', "in a circle"),
        ("checkpoints/a.py", '"""d"""\nimport torch\ntorch.load("x")', "without weights_only"),
    ],
)
def test_the_checker_sees(tmp_path, file, code, fault):
    path = tmp_path / "elmo" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "elmo" / "model").mkdir(exist_ok=True)
    (tmp_path / "elmo" / "model" / "b.py").write_text('"""d"""\nimport elmo.model.a')
    path.write_text(code)
    assert any(fault in line for line in faults(tmp_path)), faults(tmp_path)
