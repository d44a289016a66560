"""`elmo perplexity`: states, documents, and what it refuses."""

import json

import numpy as np
import pytest

from conftest import small_model
from elmo.checkpoints.formats.native import save_native

DOCUMENTS = ["the bank of the river .\nthe money\n", "money lends money .\n", "the river\nthe bank\nthe \u00f6\n"]


@pytest.fixture
def folder(tmp_path):
    save_native(small_model(scale=1.0), tmp_path / "m")
    return tmp_path / "m"


@pytest.fixture
def text(tmp_path):
    (tmp_path / "t.txt").write_text("\n" + "\n \n".join(DOCUMENTS), encoding="utf-8")
    return tmp_path / "t.txt"


@pytest.fixture
def measure(run_elmo, folder):
    def run(*arguments):
        ran = run_elmo("perplexity", folder, *arguments, "--pretokenized", "--json")
        assert (ran.status, ran.err) == (0, "")
        return json.loads(ran.out)

    return run


def test_the_state_is_named_and_makes_another_figure(run_elmo, measure, folder, text):
    zero, carry = measure(text), measure(text, "--state", "carry")
    assert (zero["state"], carry["state"]) == ("zero", "carry")
    assert zero["sentences"] == carry["sentences"] == 6
    assert zero["tokens"] == carry["tokens"] == 6 + 2 + 4 + 2 + 2 + 2 + 6
    assert abs(zero["mean"] / carry["mean"] - 1) > 1e-3
    shown = run_elmo("perplexity", folder, text, "--pretokenized", "--state", "carry").out
    assert "state          carry\n" in shown


@pytest.mark.parametrize("state", ["zero", "carry"])
def test_a_document_has_the_figures_it_has_alone(measure, text, tmp_path, state):
    out = tmp_path / "d.jsonl"
    whole = measure(text, "--state", state, "--by-document", out)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert (whole["documents"], whole["by_document"]) == (3, str(out))
    assert whole["state"] == {"zero": "zero", "carry": "carry within documents"}[state]
    assert [(row["number"], row["first_line"]) for row in rows] == [(1, 2), (2, 6), (3, 9)]
    for row, content in zip(rows, DOCUMENTS, strict=True):
        (tmp_path / "one.txt").write_text(content, encoding="utf-8")
        alone = measure(tmp_path / "one.txt", "--state", state)
        for key in ("tokens", "forward", "backward", "mean", "oov_rate", "bits_per_byte"):
            assert row[key] == pytest.approx(alone[key], rel=1e-6)
    nats = sum(row["tokens"] * np.log(row["mean"]) for row in rows)
    assert whole["mean"] == pytest.approx(np.exp(nats / whole["tokens"]), rel=1e-6)
    assert all(not isinstance(value, dict | list) for row in [*rows, whole] for value in row.values())


def test_documents_are_not_replaced_unless_forced(run_elmo, measure, folder, text, tmp_path):
    out = tmp_path / "d.jsonl"
    out.write_text("mine")
    ran = run_elmo("perplexity", folder, text, "--by-document", out)
    assert (ran.status, "exists already" in ran.err, out.read_text()) == (2, True, "mine")
    measure(text, "--by-document", out, "--force")
    assert len(out.read_text().splitlines()) == 3


@pytest.mark.parametrize(("content", "message"), [(b"good\n\nna\xefve\n", "line 3: not UTF-8"), (b"\n \n", "is empty")])
def test_a_broken_text_leaves_no_documents(run_elmo, folder, tmp_path, content, message):
    (tmp_path / "t.txt").write_bytes(content)
    before = set(tmp_path.rglob("*"))
    ran = run_elmo("perplexity", folder, tmp_path / "t.txt", "--by-document", tmp_path / "new" / "d.jsonl")
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err
    assert len(ran.err.splitlines()) == 1
    assert {p for p in tmp_path.rglob("*") if p.name != "new"} == before


def test_progress_is_reported_on_a_terminal(run_elmo, folder, text, monkeypatch):
    assert run_elmo("perplexity", folder, text).err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    shown = run_elmo("perplexity", folder, text, "--pretokenized").err
    assert "24 tokens, " in shown
    assert shown.endswith("\x1b[2K")  # and cleared
