"""What counts as a fault that was shown on an old commit; the list names tests that exist."""

import ast
import json

import pytest

from benchmarks.measure.house.faults import LIST, Outcome, assertion, not_shown, read_list, row_of, run_file
from benchmarks.record import ROOT, kept_rows

ASSERTED = (
    "    def test_it(run):\n>       assert run.status == 2\nE       AssertionError: assert 0 == 2\nE        +  where"
)


def failed(text, error="AssertionError", when="call", at="src/elmo/a.py"):
    return Outcome("tests/test_a.py::test_it[1]", "failed", when, error, text, at)


def test_every_kind_has_tests_that_exist():
    kinds = read_list()
    assert list(kinds) == [f"{of}{n}" for of, last in (("A", 18), ("B", 15), ("C", 12)) for n in range(1, last + 1)]
    assert all(kinds.values())
    for test in {test for tests in kinds.values() for test in tests}:
        file, _, name = test.partition("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, test


def test_files_of_these_tests_import_what_the_old_commit_had():
    old = {"errors", "embed.embedder", "model.config", "tasks.config", "train.config", "train.recipe"}
    for file in {test.partition("::")[0] for tests in read_list().values() for test in tests}:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        found = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
        names = {name for name in found if name is not None and name.startswith("elmo.")}
        assert names <= {f"elmo.{name}" for name in old}, file


def test_the_stored_proof_shows_every_kind():
    rows = kept_rows("faults")
    for kind, tests in read_list().items():
        proved = [row for row in rows[kind]["figures"]["tests"] if row["test"] in tests and row["new"] == "passed"]
        assert any("old" in row for row in proved), kind


def test_a_kind_that_stands_twice_is_an_error(tmp_path):
    (tmp_path / "faults.json").write_text('{"A1": ["a"], "A1": ["b"]}')
    with pytest.raises(ValueError, match="A1 stands twice"):
        read_list(tmp_path / "faults.json")
    assert json.loads(LIST.read_text())


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (failed(ASSERTED), None),
        (failed("E   OSError: [Errno 28]", "OSError"), None),  # a traceback that a user saw
        (failed("E   KeyError: 'command'", "KeyError", at="/x/tests/test_a.py"), "cannot read what was there"),
        (failed("E   AttributeError: 'NoneType' object has no attribute 'buffer'", "AttributeError"), None),
        (failed("E   TimeoutError: the test had not ended", "TimeoutError"), None),
        (Outcome("tests/test_a.py::test_it", "begun"), None),
        (Outcome("tests/test_a.py::test_it", "passed"), "passed there"),
        (Outcome("tests/test_a.py::test_it", "skipped"), "skipped there"),
        (failed(ASSERTED, when="setup"), "cannot be set up"),
        (failed("E   ModuleNotFoundError: No module named 'elmo.x'", "ModuleNotFoundError", "collect"), "set up"),
        (failed("E   ImportError: cannot import name 'x'", "ImportError"), "a name that was not there"),
        (
            failed("E   AttributeError: module 'elmo' has no attribute 'x'", "AttributeError"),
            "a name that was not there",
        ),
        (failed("E   TypeError: f() got an unexpected keyword argument 'x'", "TypeError"), "a name that was not there"),
        (failed("E   AssertionError: Usage: elmo [OPTIONS]\nE   No such option: --x"), "an option that was not there"),
    ],
)
def test_what_shows_a_fault(outcome, reason):
    found = not_shown(outcome)
    assert (found is None) if reason is None else reason in found


def test_an_assertion_is_one_line_without_paths_of_the_machine():
    text = ">       assert done.err == ''\nE       AssertionError: assert '/a/b-1/c.csv: no' == ''"
    assert assertion(failed(text)) == "assert done.err == '' -> AssertionError: assert '.../c.csv: no' == ''"
    assert len(assertion(failed(f">  assert x\nE  {'x' * 999}"))) == 240


def test_a_row_keeps_the_first_case_that_shows_the_fault():
    old = [Outcome("t[1]", "passed"), failed(ASSERTED)]
    row = row_of("t", old, [Outcome("t[1]", "passed"), Outcome("t[2]", "passed")])
    assert row == {
        "test": "t",
        "old": "assert run.status == 2 -> AssertionError: assert 0 == 2",
        "old_cases": "1 of 2",
        "new": "passed",
    }
    row = row_of("t", [Outcome("t[1]", "passed")], [failed(ASSERTED)])
    assert row["not_shown"] == "it is passed there"
    assert row["new"].startswith("failed: ")
    assert row_of("t", [], [])["new"] == "there is no such test"


TESTS = """
import json, os, signal, time, pytest
def test_wrong(): assert 1 == 2
def test_right(): pass
@pytest.mark.parametrize("n", [1, 2])
def test_hangs(n): time.sleep(60)
def test_reads(): json.loads("")
def test_dies(): os._exit(9)
def test_begins_again(): signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM]); time.sleep(60)
def test_after_them(): assert 2 == 3
"""


def test_tests_are_run_alone_and_all_ends_are_seen(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.measure.house.faults.TEST_S", 1)
    (tmp_path / "test_a.py").write_text(TESTS)
    names = [f"test_a.py::test_{name}" for name in ("wrong", "hangs", "reads", "dies", "begins_again", "after_them")]
    found = run_file(ROOT, tmp_path, "test_a.py", names)
    assert [(one.outcome, one.error) for one in found] == [
        ("failed", "AssertionError"),
        ("failed", "TimeoutError"),
        ("skipped", "Skipped"),  # it hung before
        ("failed", "JSONDecodeError"),
        ("begun", ""),
        ("begun", ""),
        ("failed", "AssertionError"),
    ]
    reasons = [not_shown(one) for one in found]
    assert [reasons[0], reasons[1], *reasons[4:]] == [None] * 5
    assert reasons[3].startswith("it cannot read what was there")
