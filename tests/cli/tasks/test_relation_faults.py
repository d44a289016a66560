"""Relations as users have them: mentions that do not fit their text are refused or counted."""

import json

import pytest

SMALL = [x for s in ("epochs=1", "cell_size=4", "inputs.word_size=4", "inputs.character_size=4") for x in ("--set", s)]
TEXT = "Ann lives in Oslo."


@pytest.fixture
def train(run_elmo, tmp_path):
    def trained(*mentions):
        records = [{"text": TEXT, "head": [0, 3], "tail": [13, 17], "label": x} for x in ("lives-in", "none") * 4]
        records += [{"text": TEXT, "head": head, "tail": tail, "label": "none"} for head, tail in mentions]
        (tmp_path / "a.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
        files = ["--train", tmp_path / "a.jsonl", "--dev", tmp_path / "a.jsonl", "-o", tmp_path / "t"]
        return run_elmo("train", "--task", "relation", *files, "--baseline", *SMALL, "--json")

    return trained


@pytest.mark.parametrize("head", [[13, 170], [4, 4], [9, 4], [18, 19], [1, 1]])
def test_mentions_that_are_not_within_the_text_are_refused(train, tmp_path, head):
    done = train((head, [13, 17]))
    assert (done.status, done.out) == (2, "")
    assert f"line 9: the mention {head} is not within the text, 18 characters long" in done.err
    assert not (tmp_path / "t").exists()


@pytest.mark.filterwarnings("default")
def test_mentions_that_begin_inside_a_token_are_counted(train):
    done = train(([1, 3], [13, 17]), ([0, 3], [13, 15]))
    assert done.status == 0, done.err
    assert "2 mentions begin or end inside a token" in done.err
    assert "inside a token" not in train().err


def test_the_mentions_are_shown_before_the_training_and_equal_ones_are_odd(train, run_elmo, tmp_path):
    train(([0, 3], [0, 3]))
    shown = run_elmo("doctor", tmp_path / "a.jsonl", "--task", "relation").out
    assert "example 1: <e1>Ann</e1> lives in <e2>Oslo</e2>. -> lives-in" in shown
    assert "odd: in 1 examples both mentions are the same words" in shown
    by_token = {"tokens": ["Ann", "Lee", "lives", "in", "Oslo"], "head": [4], "tail": [0, 1]}
    lines = (json.dumps(by_token | {"label": label}) + "\n" for label in ("lives-in", "none") * 4)
    (tmp_path / "b.jsonl").write_text("".join(lines))
    shown = run_elmo("doctor", tmp_path / "b.jsonl", "--task", "relation").out
    assert "example 1: <e2>Ann Lee</e2> lives in <e1>Oslo</e1> -> lives-in" in shown
