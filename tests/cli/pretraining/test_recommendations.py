"""One recommendation for one text, whichever command gives it."""

import json

import pytest

from conftest import TEXT

MANY = "".join(" ".join(f"w{i + j}" for j in range(10)) + " .\n" for i in range(40_000))


@pytest.mark.parametrize("text", [TEXT * 40, "the the the\n" * 9, MANY], ids=["text", "one word", "many words"])
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
