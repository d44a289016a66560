import json

import pytest

TEXT = f"""The cat sat on the mat.
It slept &amp; purred.

The cat sat on the mat.
\x07[/red] [bold]{"y" * 60}
Il fait chaud.
Il fait chaud.
Il fait chaud.
"""


@pytest.fixture
def text(tmp_path):
    (tmp_path / "t.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path / "t.txt"


def test_json_is_one_flat_object_with_the_advice_in_order(run_elmo, text):
    ran = run_elmo("doctor", text, "--json")
    facts = json.loads(ran.out)
    assert all(value is None or isinstance(value, str | int | float) for value in facts.values())
    assert (facts["lines"], facts["repeated_1_count"], facts["lines_entity"]) == (8, 3, 1)
    numbers = [name for name in facts if name.startswith("advice_")]
    assert numbers == [f"advice_{i}" for i in range(1, len(numbers) + 1)]
    assert facts["advice_1"].startswith("42 tokens are too few"), facts["advice_1"]
    assert "elmo pretrain --corpus" in facts[numbers[-1]]
    assert ran.err == ""


def test_the_table_fits_80_columns_and_its_commands_stay_on_a_line(run_elmo, text, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = [line.rstrip() for line in run_elmo("doctor", text).out.splitlines()]
    assert lines[-1].startswith("      elmo pretrain --corpus")
    assert lines[-1].endswith("-o my-model")
    commands = [line for line in lines if "elmo " in line or "awk " in line]
    assert max(len(line) for line in lines if line not in commands) <= 80
    shown = "\n".join(lines)
    for part in (
        "1 file, ",
        "8 lines",
        "OOV in held-out tenth",
        "3 x Il fait chaud.",
        r"\x07[/red]",
        "[bold]yyy",
    ):
        assert part in shown


def test_files_and_vocabularies_that_are_missing_are_one_sentence(run_elmo, text, tmp_path):
    for arguments, message in (
        ([tmp_path / "*.gz"], "*.gz: no such file"),
        ([text, "--vocabulary", tmp_path / "no.txt"], "no such vocabulary file"),
        ([text, "--vocabulary", text], "lines missing: <S>"),
        ([tmp_path], "a folder; name its files"),
    ):
        ran = run_elmo("doctor", *arguments)
        assert (ran.status, ran.out, len(ran.err.splitlines())) == (2, "", 1)
        assert message in ran.err


def test_a_file_that_cannot_be_read_is_reported_beside_the_others(run_elmo, text, tmp_path):
    (tmp_path / "latin.txt").write_bytes(b"na\xefve\n")
    ran = run_elmo("doctor", tmp_path / "*.txt", "--json")
    facts = json.loads(ran.out)
    assert (ran.status, facts["files"], facts["files_unread"]) == (0, 2, 1)
    assert facts["unread_1"].startswith(f"{tmp_path}/latin.txt, line 1: not UTF-8")
    assert "latin.txt, line 1" in facts["advice_1"]
