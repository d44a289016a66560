"""The table of `elmo probe` fits the terminal."""

import re

import pytest
from rich.cells import cell_len

from elmo.analysis.probe_scores import Score
from elmo.apps.studies.probe import Probed
from elmo.cli.studies.probe import _show

SYSTEMS = ("majority", "word2vec", "fasttext", "en", "random ELMo")
FOUND = Probed(
    [
        Score("pos", of, "accuracy", system, "layer 1", "clean", [90.25, 91.5], [80.0, 81.0])
        for of in ("UD-EWT", "UD-GUM")
        for system in SYSTEMS
    ],
    {},
)


@pytest.mark.parametrize("columns", [80, 160])
def test_no_cell_is_broken_over_two_lines(monkeypatch, capsys, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    monkeypatch.setenv("NO_COLOR", "1")
    _show(FOUND, "en")
    shown = capsys.readouterr().out
    assert shown.count("90.9 ± 0.9 (layer 1)") == 3 * len(SYSTEMS)  # two sets and their mean
    assert max(cell_len(line) for line in re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()) <= columns
