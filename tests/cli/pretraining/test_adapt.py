"""`elmo adapt`: what it prints, resumes and refuses."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from conftest import TEXT, small_model
from elmo.checkpoints.formats.allennlp_hdf5 import save_allennlp
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model
from elmo.text.words.characters import BOUNDARIES

FAST = ["rows=4", "window=7", "n_negatives=6", "log_every=1", "optimizer.warmup_steps=0"]
FAST = [word for setting in FAST for word in ("--set", setting)]


@pytest.fixture
def texts(tmp_path):
    save_native(small_model(scale=1.0), tmp_path / "model")
    save_allennlp(small_model(scale=1.0), tmp_path / "published")
    for name in ("new", "old"):
        (tmp_path / f"{name}.txt").write_text(TEXT * 9)
    (tmp_path / "v.txt").write_text("<S>\n</S>\n<UNK>\nthe\nbank\n")
    (tmp_path / "one.txt").write_text("One sentence only.\n")
    return tmp_path


def weights_of(folder):
    found = load_model(folder)
    return [*found.bilm.parameters(), *found.softmax.parameters()]


def test_it_prints_perplexities_before_and_after_of_both_texts(run_elmo, texts):
    out = texts / "run"
    call = ["adapt", texts / "model", "--corpus", texts / "new.txt", "--mix", f"{texts / 'old.txt'}:0.25", "-o", out]
    ran = run_elmo(*call, "--new-words", 3, "--max-steps", 6, "--seed", 5, "--json", *FAST)
    assert ran.status == 0, ran.err
    facts = json.loads(ran.out)
    assert {"mean", "before_mean", "old_mean", "old_before_mean", "model_step"} < set(facts)
    assert "vocabulary 12 words, 3 of them new" in ran.err
    assert "old text: 225 tokens, read by 1 of 4 rows" in ran.err
    assert load_model(out).config.boundaries == BOUNDARIES
    info = json.loads(run_elmo("info", out, "--json").out)
    assert info["training.before_mean"] == pytest.approx(facts["before_mean"])
    card, report = ((out / name).read_text(encoding="utf-8") for name in ("README.md", "report.html"))
    assert "elmo adapt model --recipe recipe.toml --corpus new.txt --mix old.txt --max-steps 6" in card
    assert "## Adaptation" in card
    assert "held-out perplexity, old text, mean" in report


def test_the_card_holds_a_recipe_that_makes_the_same_model(run_elmo, texts, monkeypatch):
    monkeypatch.chdir(texts)
    call = ["adapt", "model", "--corpus", "new.txt", "--mix", "old.txt:0.25", "-o", "run", "--max-steps", 6]
    assert run_elmo(*call, "--set", "epochs=10", "--set", "adaptation.patience=none", *FAST).status == 0
    card = (texts / "run" / "README.md").read_text(encoding="utf-8")
    (texts / "recipe.toml").write_text(card.split("```toml\n")[1].split("```")[0])
    command = card.split("```bash\n")[1].split("\n")[0].split()
    assert run_elmo(*command[1:]).status == 0
    assert all(torch.equal(a, b) for a, b in zip(weights_of("run"), weights_of("model"), strict=True)) is False
    assert all(torch.equal(a, b) for a, b in zip(weights_of("run"), weights_of(command[-1]), strict=True))


def test_a_time_that_ends_in_the_first_phase_is_said(run_elmo, texts):
    call = ["adapt", texts / "published", "--corpus", texts / "new.txt", "-o", texts / "run", *FAST]
    ran = run_elmo(*call, "--max-steps", 4, "--set", "adaptation.softmax_steps=4")
    assert ran.status == 0, ran.err
    assert ran.err.splitlines()[-1].startswith(
        "elmo: only the softmax has been trained; the first 4 steps are its own."
    )


@pytest.mark.slow
def test_a_run_killed_in_both_phases_ends_as_the_unbroken_one(texts):
    settings = [*FAST, "--set", "checkpoint_minutes=0.001", "--set", "epochs=60", "--set", "adaptation.patience=none"]

    def command(out, *more):
        start = [sys.executable, "-m", "elmo", "adapt", "published", "--corpus", "new.txt", "--mix", "old.txt:0.25"]
        return [*start, "-o", out, *settings, *more]

    subprocess.run(command("whole"), cwd=texts, check=True, capture_output=True)
    go_on, n_kills = command("broken"), 0
    for patience in (0.0, 0.3, 0.6, 0.9):
        process = subprocess.Popen(go_on, cwd=texts, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        while not (texts / "broken" / "log.jsonl").exists() and process.poll() is None:
            time.sleep(0.01)
        time.sleep(patience)
        n_kills += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        go_on = [sys.executable, "-m", "elmo", "adapt", "--resume", "-o", "broken"]
    assert n_kills >= 2
    subprocess.run(go_on, cwd=texts, check=True, capture_output=True)
    for a, b in zip(weights_of(texts / "whole"), weights_of(texts / "broken"), strict=True):
        assert torch.equal(a, b)


@pytest.mark.slow
def test_two_processes_adapt_as_one_does(texts):
    settings = ["checkpoint_minutes=60", "evaluate_every=4", "adaptation.softmax_steps=5", "adaptation.softmax_rate=1"]
    settings = [*FAST, *(word for setting in settings for word in ("--set", setting))]
    call = ["adapt", "published", "--corpus", "new.txt", "--mix", "old.txt:0.25", "--max-steps", "20", *settings]
    together = ["-m", "torch.distributed.run", "--nproc-per-node", "2"]
    for out, launcher in (("one", []), ("two", together)):
        command = [sys.executable, *launcher, "-m", "elmo", *call, "-o", out]
        done = subprocess.run(command, cwd=texts, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    one, two = (load_model(texts / out).config.training for out in ("one", "two"))
    assert one["model_step"] == two["model_step"]
    for name in ("heldout_mean", "old_mean"):
        assert two[name] == pytest.approx(one[name], rel=1e-3)
    for a, b in zip(weights_of(texts / "one"), weights_of(texts / "two"), strict=True):
        assert (a - b).norm() <= 1e-4 * a.norm()


def bad_calls(folder):
    """Arguments and what the one line must say; nothing may be written."""
    call = ["adapt", folder / "model", "--corpus", folder / "new.txt", "-o", folder / "run"]
    return {
        "no model": (
            ["adapt", "--corpus", folder / "new.txt", "-o", folder / "run"],
            "no model; give its folder or name",
        ),
        "no such model": (["adapt", folder / "no", *call[2:]], "no: no such model folder"),
        "no corpus": (["adapt", folder / "model", "-o", folder / "run"], "no corpus; give files with --corpus"),
        "no old text": ([*call, "--mix", folder / "no.txt"], "no.txt: no such file"),
        "too little old text": ([*call, "--mix", folder / "one.txt"], "one sentence in the text to mix in"),
        "all old": ([*call, "--mix", f"{folder / 'old.txt'}:1"], "adaptation.mix: Input should be less than 1"),
        "no row": ([*call, "--mix", f"{folder / 'old.txt'}:0.001"], "each text needs a row; give at least"),
        "two fractions": ([*call, "--mix", "a:0.1", "--mix", "b:0.2"], "give it once"),
        "vocabulary": ([*call, "--vocabulary", folder / "v.txt"], "has its own vocabulary"),
        "other layers": ([*call, "--set", "bilm.lstm.cell_size=12"], "the layers of the recipe differ"),
        "not adapted": ([*call, "--set", "adaptation=none"], "a model is not adapted so"),
        "no setting": ([*call, "--set", "adaptation.rate=2"], "adaptation.rate: no such setting"),
        "resumed with settings": (["adapt", "--resume", "-o", folder / "run", "--mix", "a"], "leave out --mix"),
        "resumed model": (["adapt", folder / "model", "--resume", "-o", folder / "run"], "leave out MODEL"),
        "only teaches": (
            ["adapt", folder / "published", *call[2:], "--set", "distillation=1"],
            "has no softmax, and distillation = 1 trains none",
        ),
    }


@pytest.mark.parametrize("name", list(bad_calls(Path())))
def test_bad_input_gets_one_sentence_and_leaves_nothing(run_elmo, texts, name):
    arguments, message = bad_calls(texts)[name]
    ran = run_elmo(*arguments)
    assert ran.status == 2
    assert message in ran.err
    assert ran.err.splitlines()[-1].startswith("elmo: ")
    assert "Traceback" not in ran.err
    assert not (texts / "run").exists()
    assert not list(texts.glob(".elmo-part-*"))


def test_a_second_run_in_a_folder_is_refused(run_elmo, texts):
    call = ["adapt", texts / "model", "--corpus", texts / "new.txt", "-o", texts / "run", "--max-steps", 1, *FAST]
    assert run_elmo(*call).status == 0
    ran = run_elmo(*call)
    assert (ran.status, "already contains a run; continue it with --resume" in ran.err) == (2, True)
