"""`elmo distil`: what it writes, resumes and refuses."""

import json

import pytest
import torch

from conftest import TEXT
from elmo.checkpoints.load import load_model
from teachers import WORDS, write_teacher

FAST = ["size=tiny", "rows=4", "window=24", "log_every=1", "optimizer.warmup_steps=0", "bilm.lstm.cell_size=32"]
FAST = [word for setting in FAST for word in ("--set", setting)]


@pytest.fixture
def texts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_teacher(tmp_path / "teacher")
    (tmp_path / "c.txt").write_text(TEXT * 9)
    (tmp_path / "names.txt").write_text("\n".join(f"{a.title()} {b}" for a in WORDS[:8] for b in WORDS[:6]))
    return tmp_path


def weights_of(folder):
    found = load_model(folder)
    return [*found.bilm.parameters(), *found.softmax.parameters()]


def test_it_writes_a_model_and_its_card_makes_the_same_one(run_elmo, texts):
    call = ["distil", "teacher", "--corpus", "c.txt", "--teacher-text", "names.txt", "-o", "run", "--max-steps", 4]
    ran = run_elmo(*call, "--json", *FAST)
    assert ran.status == 0, ran.err
    assert {"mean", "steps"} < set(json.loads(ran.out))
    assert "text for the teacher only: 96 tokens, read by 1 of 4 rows" in ran.err
    assert json.loads(run_elmo("info", "run", "--json").out)["training.teacher"] == "teacher"
    card = (texts / "run" / "README.md").read_text(encoding="utf-8")
    assert "it has learned the layers of `teacher`" in card
    (texts / "recipe.toml").write_text(card.split("```toml\n")[1].split("```")[0])
    command = card.split("```bash\n")[1].split("\n")[0].split()
    assert command[:3] == ["elmo", "distil", "teacher"]
    assert run_elmo(*command[1:]).status == 0
    assert all(torch.equal(a, b) for a, b in zip(weights_of("run"), weights_of("distilled"), strict=True))


def test_the_vectors_of_the_teacher_are_gone_once_all_steps_are_done(run_elmo, texts):
    call = ["distil", "teacher", "--corpus", "c.txt", "-o", "run", "--max-steps", 3, *FAST]
    assert run_elmo(*call).status == 0
    assert not (texts / "run" / "teacher-vectors").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--corpus", "c.txt"], "no teacher; give its folder or name"),
        (["teacher"], "no corpus; give files with --corpus"),
        (["nowhere", "--corpus", "c.txt"], "nowhere"),
        (["teacher", "--corpus", "c.txt", "--set", "teacher=none"], "teacher"),
        (
            ["teacher", "--corpus", "c.txt", "--set", "teacher.mix=0.99", "--teacher-text", "names.txt"],
            "each text needs a row",
        ),
        (["teacher", "--corpus", "c.txt", "--teacher-text", "no*.txt"], "no*.txt"),
        (["teacher", "--resume"], "leave out TEACHER"),
        (["c.txt", "--corpus", "c.txt"], "c.txt"),
    ],
)
def test_what_cannot_work_is_one_sentence_and_leaves_nothing(run_elmo, texts, arguments, says):
    ran = run_elmo("distil", *arguments, "-o", "run", *([] if "--resume" in arguments else FAST))
    assert ran.status == 2
    assert says in ran.err
    assert len(ran.err.strip().splitlines()) == 1
    assert not (texts / "run").exists()
