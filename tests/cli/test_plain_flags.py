"""Help pages show flags without a type, and options with one."""

import pytest
import typer

from elmo.cli.main import app


@pytest.mark.parametrize("name", ["embed", "train", "pretrain"])
def test_a_flag_is_shown_without_a_type(run_elmo, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "100")
    page = run_elmo(name, "--help").out
    assert "--resume" in page
    assert "bool" not in page
    assert "<path>" in page


def test_no_flag_of_any_command_has_a_type():
    group = typer.main.get_command(app)
    for command in (group, *group.commands.values()):
        flags = [p for p in command.get_params(typer.Context(command)) if getattr(p, "is_flag", False)]
        assert flags
        assert {p.metavar for p in flags} == {""}
