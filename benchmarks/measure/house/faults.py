"""Proof that each fault was there and is mended: the tests of `tests/faults.json` on this checkout and on an old commit.

    python -m benchmarks.measure.house.faults [--kind A2]... [--old COMMIT | --old-tree DIR] [--save]

With --save, each kind is a row of `results/faults.json`: its tests, and of each the assertion that failed on the old commit.
On this checkout every test must pass. On the old commit, today's tests run with its source and its `conftest.py`: of each test
the assertion that failed there is kept. A test shows its fault only by an assertion, a traceback or a hang. An import, name or
option that did not exist, a fixture that could not be made, a skipped test and a test that passes there show nothing; they are
named, and the exit status is 1.
"""

import argparse
import json
import re
import resource
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks.measure.house.trees import commit_of, environment, old_tree, parser_of_trees
from benchmarks.record import ROOT, SHARED, keep_row

LIST = ROOT / "tests" / "faults.json"
PLUGIN = "benchmarks.measure.house.outcome_plugin"
TEST_S = 100  # of one test; what hangs was a fault, too
FILE_S = 1800  # of all tests of a file
MEMORY_BYTES = 12 * 2**30  # of one process; what takes all memory was a fault, too
SHOWN_CHARACTERS = 240
ASSERTIONS = ("AssertionError", "Failed", "TimeoutError", "TimeoutExpired")  # of a test itself
# What a test says when it asks for something that was not there yet, instead of showing what was wrong.
NEW_NAMES = re.compile(
    r"\b(?:ImportError|ModuleNotFoundError|NameError)\b|(?<!'NoneType' object )has no attribute|unexpected keyword argument"
)
USAGE = re.compile(r"No such option|No such command|Usage: elmo|unexpected extra argument|Missing (?:argument|option)")


class Outcome(NamedTuple):
    """How one test ended, with one set of parameters."""

    test: str  # node id, parameters too
    outcome: str  # passed, failed, skipped; begun: the process ended in the test
    when: str = "call"
    error: str = ""
    text: str = ""
    at: str = ""  # the file of the test or of the source that raised the error, or called what raised it


def read_list(path: Path = LIST) -> dict[str, list[str]]:
    """Kinds of faults with their tests; a kind that stands twice is an error."""

    def once(pairs: list[tuple[str, list[str]]]) -> dict[str, list[str]]:
        twice = {kind for kind, _ in pairs if [k for k, _ in pairs].count(kind) > 1}
        if twice:
            raise ValueError(f"{path}: {', '.join(sorted(twice))} stands twice")
        return dict(pairs)

    found: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=once)
    return found


def errors_of(text: str) -> list[str]:
    """The lines of a traceback of pytest that tell what failed."""
    return [line[1:].strip() for line in text.splitlines() if re.match(r"E\s", line)]


def not_shown(one: Outcome) -> str | None:
    """Why an outcome on the old commit does not show a fault; None: it shows it."""
    if one.outcome in ("passed", "skipped"):
        return f"it is {one.outcome} there"
    if one.outcome == "begun":
        return None  # the process died or hung in it
    told = "\n".join(errors_of(one.text)) or one.text[-2000:]
    first = told.splitlines()[0][:SHOWN_CHARACTERS] if told else one.error
    if one.when in ("collect", "setup"):
        return f"it cannot be set up there: {first}"
    if NEW_NAMES.search(f"{one.error}: {told}"):
        return f"it asks for a name that was not there: {first}"
    of_the_test = Path(one.at).name == Path(one.test.partition("::")[0]).name
    if of_the_test and one.error not in ASSERTIONS:
        return f"it cannot read what was there: {first}"
    if USAGE.search(told):
        return f"it gives an option that was not there: {first}"
    return None


def assertion(one: Outcome) -> str:
    """What failed, in one line, without the paths of this machine."""
    if one.outcome == "begun":
        return "the process ended in this test"
    source = [line[1:].strip() for line in one.text.splitlines() if line.startswith(">")]
    errors = errors_of(one.text)
    told = f"{source[-1] if source else ''}  ->  {errors[0] if errors else one.error}"
    told = re.sub(r"(?<![\w.])/(?:[^\s'\",:;()\[\]]*/)+", ".../", " ".join(told.split()))
    return told if len(told) <= SHOWN_CHARACTERS else told[: SHOWN_CHARACTERS - 3] + "..."


def run_file(tree: Path, checkout: Path, file: str, tests: Iterable[str]) -> list[Outcome]:
    """Run tests of one file in a process of its own; one that ends or hangs in a test is followed by another.

    Args:
        tree: whose `src` is tested. checkout: whose `tests` are run.
    """
    last: dict[str, Outcome] = {}
    left = set(tests)
    while left:
        found = {one.test: one for one in _run_once(tree, checkout, file, left)}
        last |= found
        before, left = left, left - {test.partition("[")[0] for test in found}
        if left == before or all(one.outcome != "begun" for one in found.values()):
            break
    return list(last.values())


def _run_once(tree: Path, checkout: Path, file: str, tests: Iterable[str]) -> list[Outcome]:
    """How the tests began and ended, until the process ended."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        wanted, outcomes = folder / "wanted.json", folder / "outcomes.jsonl"
        wanted.write_text(json.dumps(sorted(tests)), encoding="utf-8")
        outcomes.touch()
        # with `=`, since pytest looks for its settings above every argument that is a path
        options = [f"--wanted={wanted}", f"--outcomes={outcomes}", f"--seconds-of-a-test={TEST_S}"]
        quiet = ["-q", "-vv", "-m", "", "-p", "no:cacheprovider", f"--basetemp={folder / 't'}"]
        command = [sys.executable, "-m", "pytest", *quiet, "-p", PLUGIN, *options, file]
        limits = (MEMORY_BYTES, MEMORY_BYTES)
        try:
            done = subprocess.run(
                command,
                cwd=checkout,
                env=environment(tree, folder),
                capture_output=True,
                text=True,
                timeout=FILE_S,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limits),
            )
            if done.returncode > 1 and not outcomes.stat().st_size:  # pytest could not begin
                return [Outcome(file, "failed", "collect", "pytest", (done.stdout + done.stderr)[-2000:])]
        except subprocess.TimeoutExpired:
            print(f"{file}: stopped after {FILE_S} s", file=sys.stderr)
        lines = outcomes.read_text(encoding="utf-8").splitlines()
    return [Outcome(**json.loads(line)) for line in lines]


def lay_out(tree: Path, place: Path) -> Path:
    """Today's tests with the `conftest.py` of the old tree, since its fixtures call its source."""
    checkout = place / "checkout"
    shutil.copytree(ROOT / "tests", checkout / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(tree / "tests" / "conftest.py", checkout / "tests" / "conftest.py")
    shutil.copy(ROOT / "pyproject.toml", checkout)
    (place / "shared").symlink_to(SHARED.resolve())
    return checkout


def outcomes_of(tree: Path, checkout: Path, tests: Iterable[str]) -> dict[str, list[Outcome]]:
    """All outcomes of each test, by its node id without parameters."""
    of_file = defaultdict(set)
    for test in tests:
        of_file[test.partition("::")[0]].add(test)
    found: dict[str, list[Outcome]] = {test: [] for test in tests}
    for file, some in sorted(of_file.items()):
        for one in run_file(tree, checkout, file, some):
            for test in some if one.when == "collect" else {one.test.partition("[")[0]}:
                found[test].append(one)
        print(f"  {file}: {sum(len(found[test]) for test in some)} outcomes", file=sys.stderr, flush=True)
    return found


def compare(kinds: dict[str, list[str]], old: Path) -> tuple[dict[str, list[dict[str, Any]]], list[str]]:
    """Each kind with its tests, and what is not as it should be, in sentences."""
    tests = sorted({test for some in kinds.values() for test in some})
    print("this checkout", file=sys.stderr)
    new_outcomes = outcomes_of(ROOT, ROOT, tests)
    print("the old commit", file=sys.stderr)
    with TemporaryDirectory() as place:
        old_outcomes = outcomes_of(old, lay_out(old, Path(place)), tests)
    rows: dict[str, list[dict[str, Any]]] = {}
    wrong = []
    for kind, some in kinds.items():
        rows[kind] = [row_of(test, old_outcomes[test], new_outcomes[test]) for test in some]
        wrong += [f"{kind}: {row['test']}: {row['new']}" for row in rows[kind] if row["new"] != "passed"]
        if not any("old" in row for row in rows[kind]):
            wrong.append(f"{kind}: no test shows it on the old commit")
            wrong += [f"    {row['test']}: {row['not_shown']}" for row in rows[kind]]
    return rows, wrong


def row_of(test: str, old: list[Outcome], new: list[Outcome]) -> dict[str, Any]:
    """What is kept of a test."""
    row: dict[str, Any] = {"test": test}
    shows = [one for one in old if not_shown(one) is None]
    if shows:
        row["old"] = assertion(shows[0])
        row["old_cases"] = f"{len(shows)} of {len(old)}"
    else:
        reasons = [not_shown(one) for one in old if one.outcome != "passed"] or [not_shown(one) for one in old]
        row["not_shown"] = reasons[0] if reasons else "there is no such test"
    failed = [assertion(one) for one in new if one.outcome in ("failed", "begun")]
    passed = any(one.outcome == "passed" for one in new)
    row["new"] = (
        f"failed: {failed[0]}" if failed else "passed" if passed else "skipped" if new else "there is no such test"
    )
    return row


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = parser_of_trees(__doc__)
    parser.add_argument("--kind", action="append", help="of these kinds alone")
    return parser.parse_args()


def main() -> None:
    """Run, show, keep."""
    given = arguments()
    kinds = {kind: tests for kind, tests in read_list().items() if given.kind is None or kind in given.kind}
    with old_tree(given) as old:
        commit = commit_of(old)
        rows, wrong = compare(kinds, old)
    for kind, some in rows.items():
        print(f"{kind}: {sum('old' in row for row in some)} of {len(some)} tests fail there by what they state")
        for row in some:
            print(f"    {row['test'].partition('::')[2]}: {row.get('old') or 'not shown, ' + row['not_shown']}")
    print("\n".join(wrong))
    for kind, some in rows.items() if given.save else ():
        command = f"python -m benchmarks.measure.house.faults --kind {kind} --save"
        keep_row("faults", kind, command, {"old": commit, "tests": some})
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
