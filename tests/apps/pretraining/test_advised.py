"""One recommendation for one text."""

import json
import shlex

import pytest

from conftest import TEXT
from elmo.apps.pretraining.advised import advised_run, advised_vocabulary, pretrain_command


@pytest.mark.parametrize("text", [TEXT * 40, "the the the\n" * 9], ids=["text", "one word"])
def test_doctor_and_plan_recommend_the_same_command(run_elmo, tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text(text)
    (tmp_path / "small.toml").write_text("window = 20\n")
    doctor = run_elmo("doctor", "a.txt")
    assert doctor.status == 0, doctor.err
    (advised,) = [line.strip() for line in doctor.out.splitlines() if line.strip().startswith("elmo pretrain --corpus")]
    plan = run_elmo("plan", "--corpus", "a.txt", "--seconds", 0.01, "--json")
    assert plan.status == 0, plan.err
    assert json.loads(plan.out)["command"] == advised
    assert "--vocabulary-size" not in advised


def test_a_vocabulary_is_asked_for_only_where_the_default_is_too_small():
    assert [advised_vocabulary(n) for n in (0, 17_000, 30_000, 100_000)] == [None, None, None, 100_000]


def test_a_command_is_quoted_for_a_shell():
    command = pretrain_command(["my *.txt"], *advised_run(10**7)[:1], epochs=5, pretokenized=True, max_steps=9)
    assert shlex.split(command) == [
        *("elmo", "pretrain", "--corpus", "my *.txt", "--pretokenized", "--size", "small", "--set", "epochs=5"),
        *("--max-steps", "9", "-o", "my-model"),
    ]
