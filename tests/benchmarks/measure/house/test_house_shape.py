"""The house keeps its shape: small folders, short files, no circle of imports, typed trainers, a test for each module."""

from pathlib import Path

import pytest

from benchmarks.measure.house.house_shape import (
    MOST_FILES,
    MOST_LINES,
    import_cycles,
    largest_folder,
    longest_file,
    measure,
    untested,
    untyped,
)


def test_the_house_keeps_its_limits():
    for figure in measure():
        assert figure.faults == [], figure.name


def write(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    return root


def test_a_folder_of_too_many_files_and_a_file_of_too_many_lines_are_named(tmp_path):
    files = {f"src/elmo/text/m{i}.py": "" for i in range(MOST_FILES)}
    root = write(tmp_path, files | {"src/elmo/model/long.py": "x = 1\n" * MOST_LINES})
    assert (largest_folder(root).value, largest_folder(root).faults) == (MOST_FILES, [])
    assert (longest_file(root).value, longest_file(root).faults) == (MOST_LINES, [])
    write(root, {"src/elmo/text/more.py": "", "src/elmo/model/long.py": "x = 1\n" * (MOST_LINES + 1)})
    assert largest_folder(root).faults == [f"src/elmo/text: {MOST_FILES + 1} files"]
    assert longest_file(root).faults == [f"src/elmo/model/long.py: {MOST_LINES + 1} lines"]


def test_a_circle_of_imports_is_found_wherever_the_imports_stand(tmp_path):
    files = {
        "src/elmo/a.py": "from elmo.b import x",
        "src/elmo/b.py": "def f():\n    import elmo.c",
        "src/elmo/c.py": "from elmo import a",
        "src/elmo/d.py": "from elmo import a",
    }
    assert import_cycles(write(tmp_path, files)).faults == ["elmo.a <-> elmo.b <-> elmo.c"]


def test_names_that_a_public_package_offers_are_no_import(tmp_path):
    files = {
        "src/elmo/tasks/__init__.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from elmo.tasks.a import f",
        "src/elmo/tasks/a.py": "import elmo.tasks",
    }
    assert import_cycles(write(tmp_path, files)).faults == []
    write(tmp_path, {"src/elmo/tasks/__init__.py": "from elmo.tasks.a import f"})
    assert import_cycles(tmp_path).faults == ["elmo.tasks <-> elmo.tasks.a"]


@pytest.mark.parametrize(
    "signature",
    [
        "def f(x: Any) -> int: ...",
        "def f(x: int) -> list[Any]: ...",
        "async def f(*, x: 'int', y: dict[str, Any]): ...",
    ],
)
def test_any_in_a_signature_is_found_and_any_in_a_body_is_not(tmp_path, signature):
    files = {"src/elmo/train/trainer.py": f"{signature}\ndef g(x: int) -> int:\n    y: Any = x\n    return y"}
    assert untyped(write(tmp_path, files)).faults == ["src/elmo/train/trainer.py, line 1: f"]


def test_each_module_needs_a_test_of_its_name_or_a_reason_that_is_true(tmp_path):
    files = {
        "src/elmo/text/a.py": "",
        "src/elmo/text/b.py": "",
        "src/elmo/text/c.py": "",
        "src/elmo/text/__init__.py": "",
        "tests/text/test_a.py": "",
        "tests/reasons.toml": '"text/a.py" = "tests/text/test_a.py: why"\n"text/b.py" = "tests/text/test_a.py: why"\n'
        '"text/gone.py" = "tests/text/test_a.py: why"\n"text/c.py" = "tests/text/test_none.py: why"',
    }
    faults = untested(write(tmp_path, files)).faults
    assert [fault.partition(";")[0] for fault in faults] == [
        "tests/reasons.toml: text/a.py now has a test file of its own",
        "tests/reasons.toml: text/c.py: expected `tests/.../test_x.py: why`, found 'tests/text/test_none.py: why'",
        "tests/reasons.toml: text/gone.py is no module",
    ]
    write(tmp_path, {"src/elmo/text/d.py": ""})
    assert any(
        "no tests/text/test_d.py, and no line in tests/reasons.toml" in fault for fault in untested(tmp_path).faults
    )
