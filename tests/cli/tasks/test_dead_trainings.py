"""Trainings that learn nothing say so, and nothing is won over them; through the command line alone, for older commits too."""

import json

import pytest

SIZES = ["cell_size=4", "inputs.word_size=4", "inputs.character_size=4", "batch_size=4", "dropout=0"]
SET = [part for setting in SIZES for part in ("--set", setting)]
NO_RATE = ["--set", "optimizer.warmup_steps=1000000000"]
FAST = ["--set", "optimizer.warmup_steps=0", "--set", "optimizer.learning_rate=0.02"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [{"text": f"{a} {b}", "label": a} for a in ("money", "river") for b in ("the bank", "lends", "the") * 4]
    write(tmp_path / "a.jsonl", rows)
    same = [{"text": "the bank", "label": "river" if i % 6 == 0 else "money"} for i in range(24)]
    write(tmp_path / "same.jsonl", same)
    return tmp_path


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def train(file, output, *more, epochs):
    how = ["train", "--task", "classify", "--train", file, "--dev", file, "--baseline", "-o", output]
    return [*how, *SET, "--set", f"epochs={epochs}", *more]


def test_patience_does_not_count_while_the_learning_rate_warms_up(place, run_elmo):
    """C2."""
    ran = run_elmo(*train("a.jsonl", "t", *NO_RATE, "--set", "patience=1", "--json", epochs=4))
    assert ran.status == 0, ran.err
    assert json.loads(ran.out)["epochs"] == 4


def test_patience_counts_as_ever_where_the_warm_up_ends_within_the_first_epoch(place, run_elmo):
    still = ["--set", "optimizer.learning_rate=1e-12", "--set", "optimizer.warmup_steps=6", "--set", "patience=2"]
    ran = run_elmo(*train("a.jsonl", "t", *still, "--json", epochs=9))
    facts = json.loads(ran.out)
    assert (facts["best_epoch"], facts["epochs"]) == (1, 3)


def test_a_training_whose_predictions_are_one_label_warns_at_the_end(place, run_elmo):
    """C2."""
    ran = run_elmo(*train("same.jsonl", "t", *FAST, epochs=8))
    assert ran.status == 0, ran.err
    last = ran.err.splitlines()[-1]
    assert "learned nothing" in last
    assert "'money' for every example" in last
    assert "elmo doctor" in last
    kept = json.loads((place / "t" / "config.json").read_text())["training"]["warning"]
    assert last == f"elmo: warning: {kept}"
    assert kept in (place / "t" / "README.md").read_text()


def test_a_training_that_never_left_the_warm_up_is_told_so(place, run_elmo):
    """C2."""
    ran = run_elmo(*train("same.jsonl", "t", *NO_RATE, "--json", epochs=2))
    assert "12 of 1,000,000,000 steps" in json.loads(ran.out).get("warning", "")
    assert "optimizer.warmup_steps" in ran.err.splitlines()[-1]


def test_a_training_that_learned_something_warns_of_nothing(place, run_elmo):
    ran = run_elmo(*train("a.jsonl", "t", *FAST, "--json", epochs=8))
    assert "warning" not in ran.err
    assert "warning" not in json.loads(ran.out)


def test_nothing_is_won_over_a_dead_baseline(place, run_elmo):
    """C2."""
    assert run_elmo(*train("a.jsonl", "good", *FAST, epochs=8)).status == 0
    assert run_elmo(*train("same.jsonl", "dead", *FAST, epochs=8)).status == 0
    ran = run_elmo("compare", "good", "dead", "a.jsonl")
    assert ran.status == 0, ran.err
    assert "dead has learned nothing" in ran.err
    assert "'money' for every example" in ran.err
    assert "good has" not in ran.err
    assert "error_reduction" not in ran.out
    facts = json.loads(run_elmo("compare", "good", "dead", "a.jsonl", "--json").out)
    assert "dead has learned nothing" in facts.get("warning", "")
    assert facts["error_reduction"] > 0
    assert run_elmo("compare", "good", "good", "a.jsonl").err == ""


def test_a_learning_curve_names_the_trainings_that_learned_nothing(place, run_elmo):
    """C2."""
    ran = run_elmo(*train("same.jsonl", "curve", *FAST, "--seeds", "2", epochs=1))
    assert ran.status == 0, ran.err
    assert "in 2 of 2 trainings the task has learned nothing" in ran.err.splitlines()[-1]
