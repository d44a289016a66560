"""A plugin of pytest: which tests are run, each for so many seconds at most, and how each ended, as JSON lines.

python -m pytest -vv -p benchmarks.measure.house.outcome_plugin --outcomes OUTCOMES.jsonl [--wanted WANTED.json] tests/...
"""

import faulthandler
import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """What the program that starts pytest gives."""
    parser.addoption("--outcomes", type=Path, help="lines are added to this file as tests end")
    parser.addoption("--wanted", type=Path, help="a JSON list of node ids, without parameters")
    parser.addoption("--seconds-of-a-test", type=int, default=0, help="0: as long as it takes")


def pytest_configure(config: pytest.Config) -> None:
    """Nothing is done without --outcomes."""
    path, wanted = config.getoption("--outcomes"), config.getoption("--wanted")
    if path is not None:
        tests = None if wanted is None else set(json.loads(wanted.read_text(encoding="utf-8")))
        config.pluginmanager.register(OutcomeWriter(path, tests, config.getoption("--seconds-of-a-test")))


class OutcomeWriter:
    """Writes a line as a test begins and as it ends, so that a process that dies names its test."""

    def __init__(self, path: Path, wanted: set[str] | None, seconds: int) -> None:
        self._path, self._wanted, self._seconds = path, wanted, seconds
        self._hanging: set[str] = set()  # tests that hung with parameters that came before

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the wanted tests alone."""
        if self._wanted is not None:
            items[:] = [item for item in items if item.nodeid.partition("[")[0] in self._wanted]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """A test that hangs is a test that failed; with other parameters it is skipped from then on."""
        name = item.nodeid.partition("[")[0]
        if name in self._hanging:
            pytest.skip("the test hung before")

        def out_of_time(number: int, frame: FrameType | None) -> None:
            self._hanging.add(name)
            raise TimeoutError(f"the test had not ended after {self._seconds} s")

        self._write(test=item.nodeid, outcome="begun")
        before = signal.signal(signal.SIGALRM, out_of_time)
        signal.alarm(self._seconds)
        if self._seconds:  # where it hangs in a call of the system that begins again after a signal, the process ends
            faulthandler.dump_traceback_later(self._seconds + 5, exit=True, file=sys.__stderr__)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        """How the test, or the making of its fixtures, ended."""
        report: Any = yield
        if report.when == "call" or not report.passed:
            error, at = "", ""
            if call.excinfo is not None:
                frames = [Path(entry.path) for entry in call.excinfo.traceback]
                own = [path for path in frames if path == item.path or "src/elmo/" in path.as_posix()]
                error, at = call.excinfo.typename, str((own or frames)[-1])
            text = report.longreprtext if report.failed else str(report.longrepr or "")
            self._write(test=item.nodeid, outcome=report.outcome, when=report.when, error=error, at=at, text=text)
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be imported."""
        if report.failed:
            text = report.longreprtext
            self._write(test=report.nodeid, outcome="failed", when="collect", error="ImportError", text=text)

    def _write(self, **line: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
