"""`elmo score` and `elmo fill`: what they print, and what they refuse."""

import json

import pytest

from conftest import small_model
from elmo import Elmo
from elmo.checkpoints.formats.native import save_native

TEXT = "The bank of the river .\n\nthe money lends .\nriver bank the the\n"


@pytest.fixture
def folder(tmp_path):
    save_native(small_model(scale=1.0), tmp_path / "m")
    (tmp_path / "t.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(run_elmo, folder):
    def checked(command, *arguments):
        ran = run_elmo(command, folder / "m", *arguments)
        assert (ran.status, ran.err) == (0, "")
        return ran.out

    return checked


def test_a_sentence_is_a_line_of_json_and_all_add_up_to_the_perplexity(run, folder):
    rows = [json.loads(line) for line in run("score", folder / "t.txt", "--pretokenized", "--json").splitlines()]
    assert [row["line"] for row in rows] == [1, 3, 4]
    assert [row["tokens"] for row in rows] == [line.split() for line in TEXT.splitlines() if line]
    whole = json.loads(run("perplexity", folder / "t.txt", "--pretokenized", "--json"))
    n = sum(len(row["forward_bits"]) for row in rows)
    assert 2 ** (sum(row["bits"] for row in rows) / n) == pytest.approx(whole["mean"], rel=1e-6)
    assert sum(row["unknown"] for row in rows) / n == whole["oov_rate"]
    lines = run("score", folder / "t.txt", "--pretokenized").splitlines()
    assert [line.split("  ")[-1] for line in lines] == [line for line in TEXT.splitlines() if line]


def test_the_least_expected_tokens_come_first(run, folder):
    rows = [json.loads(line) for line in run("score", folder / "t.txt", "--pretokenized", "--json").splitlines()]
    costs = [
        (-(forward + backward) / 2, row["line"], at)
        for row in rows
        for at, (forward, backward) in enumerate(zip(row["forward_bits"][:-1], row["backward_bits"][:-1], strict=True))
    ]
    found = run("score", folder / "t.txt", "--pretokenized", "--anomalies", 4, "--json").splitlines()
    assert [(row["line"], row["index"]) for row in map(json.loads, found)] == [key[1:] for key in sorted(costs)[:4]]
    shown = run("score", folder / "t.txt", "--pretokenized", "--anomalies", 1)
    first = json.loads(found[0])
    assert f"line {first['line']}: " in shown
    assert f"[{first['token']}]" in shown
    assert len(run("score", folder / "t.txt", "--anomalies", 500, "--json").splitlines()) == len(costs)


def test_a_place_is_filled(run, folder):
    expected = Elmo.from_pretrained(folder / "m").fill("the [MASK] lends the river", k=3)
    rows = json.loads(run("fill", "the [MASK] lends the river", "--top", 3, "--json"))
    assert [(row["word"], row["probability"], row["warning"]) for row in rows] == [(*one, None) for one in expected]
    assert [line.split() for line in run("fill", "the [bank] lends the river", "--top", 3).splitlines()] == [
        [f"{probability:.4f}", word] for word, probability in expected
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["score", "m", "none.txt"], "none.txt: no such file"),
        (["score", "m", "empty.txt"], "the text is empty"),
        (["score", "bare", "t.txt"], "bare: this model has no softmax, so it cannot score"),
        (["fill", "bare", "The [MASK]"], "this model has no softmax, so it predicts no words"),
        (["fill", "m", "The bank"], "'The bank': put one word in brackets, as in 'The [MASK] of the river'"),
    ],
)
def test_what_cannot_be_scored_is_one_sentence(run_elmo, folder, monkeypatch, arguments, message):
    saved = small_model()
    save_native(type(saved)(saved.config.model_copy(update={"n_words": None}), saved.bilm), folder / "bare")
    (folder / "empty.txt").write_text("\n")
    monkeypatch.chdir(folder)
    done = run_elmo(*arguments)
    assert (done.status, done.out) == (2, "")
    assert message in done.err
    assert len(done.err.splitlines()) == 1
