"""`elmo change`: its columns are explained below the table and on the help page, also on a terminal of 80 columns."""

import pytest
from rich.cells import cell_len

from elmo.analysis.change_scores import Change
from elmo.analysis.usage_change import WordChange
from elmo.cli.studies.change import _show

FOUND = [
    WordChange(
        "mouse", Change(0.5, 0.75, 0.25, 0.001), 0.01, [1234, 5678], [0.5], [["The mouse ran ."], ["A mouse ."]]
    ),
    WordChange("responsibilities", Change(0.25, 0.5, 0.125, 0.5), 0.75, [20, 30], [0.25], [["one"], ["two"]]),
]


@pytest.mark.parametrize("n_slices", [2, 3])
def test_the_table_fits_80_columns_and_explains_its_columns(monkeypatch, capsys, n_slices):
    monkeypatch.setenv("COLUMNS", "80")
    _show(FOUND, 500, n_slices)
    shown = capsys.readouterr().out
    assert max(map(cell_len, shown.splitlines())) <= 80
    assert "responsibilities" in shown
    assert n_slices > 2 or "1,234 / 5,678" in shown  # with more slices, numbers may take two lines
    text = " ".join(shown.replace("│", " ").split())
    for column in ("prt: cosine distance of the mean", "apd: mean cosine distance", "jsd: Jensen-Shannon", "q: false"):
        assert column in text


def test_the_help_page_explains_the_measures(run_elmo, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    page = " ".join(run_elmo("change", "--help").out.replace("│", " ").split())
    for word in ("prt", "apd", "jsd"):
        assert f"{word}, " in page
    assert "mean vectors" in page
