"""`elmo plan`: what it prints, and how it refuses bad input."""

import json
import shlex

import pytest

from conftest import TEXT

FAST = ["--seconds", "0.01"]
for setting in ("rows=4", "window=7", "bilm.lstm.cell_size=16", "bilm.lstm.projection_size=8"):
    FAST += ["--set", setting]


@pytest.fixture
def text(tmp_path):
    (tmp_path / "t.txt").write_text(TEXT * 30)
    return tmp_path / "t.txt"


def test_json_is_one_object_with_flat_keys(run_elmo, text):
    facts = json.loads(run_elmo("plan", "--corpus", text, *FAST, "--json").out)
    assert all(not isinstance(value, dict | list) for value in facts.values())
    assert (facts["tokens"], facts["sentences"], facts["exact"], facts["size"]) == (750, 90, True, "tiny")
    assert facts["parameters"] == sum(n for name, n in facts.items() if name.startswith("parameters."))
    assert facts["memory"] == sum(n for name, n in facts.items() if name.startswith("memory."))
    assert facts["hours"] == pytest.approx(sum(h for name, h in facts.items() if name.startswith("hours.")))
    assert facts["tokens_per_s"] == pytest.approx(4 * 7 / facts["step_s"])
    assert facts["command"].startswith("elmo pretrain --corpus ")


def test_hours_compare_the_sizes(run_elmo, text):
    facts = json.loads(run_elmo("plan", "--corpus", text, *FAST, "--hours", 1, "--json").out)
    assert facts["epochs"] == 10
    assert facts["tiny.tokens_per_s"] > 0
    assert f"--max-steps {facts['steps']} " in facts["command"]
    only = json.loads(run_elmo("plan", "--corpus", text, *FAST, "--hours", 1, "--size", "small", "--json").out)
    assert (only["size"], "tiny.hours" in only) == ("small", False)


@pytest.mark.parametrize("hours", [[], ["--hours", 1]])
def test_the_page_is_eighty_columns_and_ends_in_the_command(run_elmo, text, monkeypatch, hours):
    monkeypatch.setenv("COLUMNS", "200")
    ran = run_elmo("plan", "--corpus", text, *FAST, *hours)
    *page, command = ran.out.splitlines()
    assert max(map(len, page)) <= 80
    assert shlex.split(command)[:2] == ["elmo", "pretrain"]
    assert "750 in 90 sentences" in ran.out
    assert ran.err == ""


def test_what_does_not_fit_gets_advice_in_place_of_a_command(run_elmo, text):
    ran = run_elmo("plan", "--corpus", text, "--set", "bilm.lstm.cell_size=999999")
    assert ran.status == 0
    assert "It does not fit in memory." in ran.out
    assert "elmo pretrain" not in ran.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--corpus", "no.txt"], "no.txt: no such file"),
        (["--corpus", "empty.txt"], "no text in the corpus"),
        (["--corpus", "one.txt"], "one sentence in the corpus"),
        (["--corpus", "latin.txt"], "latin.txt, line 1: not UTF-8"),
        (["--corpus", "t.txt", "--size", "huge"], "no size 'huge'"),
        (["--corpus", "t.txt", "--set", "layers=3"], "layers: no such setting; did you mean"),
        (["--corpus", "t.txt", "--recipe", "no.toml"], "no such recipe"),
        (["--corpus", "t.txt", "--hours", "inf"], "--hours inf"),
        (["--corpus", "t.txt", "--seconds", "inf"], "--seconds inf"),
        (["--corpus", "t.txt", *FAST, "--hours", "0"], "--hours 0: reading the text and one step"),
        (["--corpus", "t.txt", "--device", "cuda:99"], "--device cuda"),
    ],
    ids=str,
)
def test_bad_input_gets_one_sentence_and_leaves_nothing(run_elmo, text, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    for name, content in (("empty.txt", b"\n"), ("one.txt", b"One sentence."), ("latin.txt", b"na\xefve")):
        (tmp_path / name).write_bytes(content)
    before = sorted(tmp_path.iterdir())
    ran = run_elmo("plan", *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err
    assert len(ran.err.splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == before
