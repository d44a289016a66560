"""`elmo tune` as users call it: its output, its messages, how a signal ends it."""

import json
import signal
import subprocess
import sys

import pytest

from conftest import TEXT, small_model
from elmo.checkpoints.formats.native import save_native

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")

RECIPE = """\
task = "classify"
train = "a.jsonl"
dev = "a.jsonl"
model = "m"
cell_size = 4
inputs.word_size = 4
inputs.character_size = 4
batch_size = 4
epochs = 2
[tune]
cell_size = "2..6"
optimizer.learning_rate = "0.001..0.1:log"
optimizer.clip_norm = [1, 5.5]
"""
OF_TEXT = """\
rows = 2
window = 5
vocabulary_size = 30
bilm.char_cnn = {filters = [[1, 4], [2, 5]], embedding_size = 4, n_highway = 1, max_characters = 12}
bilm.lstm = {cell_size = 8, projection_size = 6, n_layers = 1}
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ELMO_CACHE", str(tmp_path / "cache"))
    rows = [{"text": f"{a} {b}", "label": a} for a in ("money", "river") for b in ("the bank", "lends", "the")]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "text.txt").write_text(TEXT * 4)
    (tmp_path / "r.toml").write_text(RECIPE)
    (tmp_path / "p.toml").write_text(OF_TEXT)
    save_native(small_model(), tmp_path / "m")
    return tmp_path


def test_a_search_prints_its_best_trial_and_the_recipe_trains(place, run_elmo):
    ran = run_elmo("tune", "r.toml", "--trials", 2, "-o", "t", "--json")
    assert ran.status == 0, ran.err
    facts = json.loads(ran.out)
    assert (facts["trials"], facts["complete"], facts["score"]) == (2, 2, "dev accuracy")
    assert {key for key in facts if key.startswith("best_")} == {
        "best_trial", "best_cell_size", "best_optimizer.learning_rate", "best_optimizer.clip_norm"
    }  # fmt: skip
    assert "trial 0 (2 in all): cell_size 4, optimizer.learning_rate 0.002, optimizer.clip_norm" in ran.err
    assert "the best so far" in ran.err
    assert run_elmo("train", "t/best.toml", "-o", "again").status == 0
    assert run_elmo("train", "r.toml", "-o", "one").status == 0  # the search space is no setting of a training
    assert run_elmo("evaluate", facts["best_trial"], "a.jsonl").status == 0
    more = run_elmo("tune", "--resume", "-o", "t", "--trials", 3, "--json")
    assert json.loads(more.out)["trials"] == 3


def test_a_baseline_is_searched_and_its_command_says_so(place, run_elmo):
    ran = run_elmo("tune", "r.toml", "--trials", 1, "--baseline", "-o", "t")
    assert ran.status == 0, ran.err
    recipe = (place / "t" / "best.toml").read_text()
    assert "elmo train best.toml --set model=none -o my-task" in recipe
    assert "\nmodel" not in recipe


def test_a_pretraining_recipe_is_searched_on_a_corpus(place, run_elmo):
    options = ["--search", "dropout=0..0.4", "--corpus", "text.txt", "--max-steps", 3, "--trials", 1]
    ran = run_elmo("tune", "p.toml", *options, "-o", "t", "--json")
    assert ran.status == 0, ran.err
    assert json.loads(ran.out)["score"] == "held-out perplexity"
    assert "elmo pretrain --recipe best.toml --corpus TEXTS -o my-model" in (place / "t" / "best.toml").read_text()
    ran = run_elmo("pretrain", "--recipe", "t/best.toml", "--corpus", "text.txt", "--max-steps", 1, "-o", "again")
    assert ran.status == 0, ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no recipe; give the recipe"),
        (["nothing.toml"], "no such recipe"),
        (["r.toml", "--search", "cel_size=2..6"], "cel_size: no such setting; did you mean cell_size?"),
        (["r.toml", "--search", "cell_size=0..6"], "cell_size: Input should be greater than or equal to 1"),
        (["r.toml", "--search", "cell_size"], "write KEY=VALUES"),
        (["r.toml", "--search", "epochs=3"], "needs two values or more"),
        (["r.toml", "--dev", "b.jsonl"], "b.jsonl"),
        (["r.toml", "--corpus", "text.txt"], "r.toml is a recipe of a task; --corpus: for pretraining; leave out"),
        (["r.toml", "--baseline", "-m", "m"], "--baseline trains without a model"),
        (["p.toml", "--corpus", "text.txt"], "p.toml: nothing to search; give --search"),
        (["p.toml", "--search", "rows=2,4", "--train", "a.jsonl"], "it names no task; --train: for a task; leave out"),
        (["p.toml", "--search", "rows=2,4"], "no corpus; give files with --corpus"),
        (["p.toml", "--search", "rows=2,4", "--corpus", "nothing.txt"], "no such file"),
        (["p.toml", "--search", "rows=2,4", "--corpus", "-"], "every trial reads the text anew"),
        (["--resume"], "no run to continue"),
        (["r.toml", "--resume", "--seed", 1], "--resume uses the settings of the search"),
        (["odd.toml"], "odd.toml: tune is no table"),
    ],
)
def test_what_cannot_work_is_one_sentence_and_leaves_nothing(place, run_elmo, arguments, message):
    (place / "odd.toml").write_text('task = "tag"\ntune = 3\n')
    before = sorted(p.name for p in place.iterdir())
    ran = run_elmo("tune", *arguments, "-o", "t")
    assert ran.status == 2, ran.err
    assert message in ran.err
    assert len(ran.err.splitlines()) == 1
    assert sorted(p.name for p in place.iterdir() if p.name != "cache") == before


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["r.toml", "p.toml"])
def test_a_signal_ends_a_search_with_status_130_and_says_how_to_go_on(place, recipe):
    long = ["--search", "cell_size=2..6", "--set", "epochs=9999", "--set", "patience=9999"]
    if recipe == "p.toml":
        long = [
            "--search",
            "dropout=0..0.4",
            "--corpus",
            "text.txt",
            "--set",
            "epochs=9999",
            "--set",
            "evaluate_every=5",
        ]
    command = [sys.executable, "-m", "elmo", "tune", recipe, *long, "-o", "t"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    begun = place / "t" / "trial-000" / ("checkpoint" if recipe == "r.toml" else "log.jsonl")
    while not begun.exists():
        assert process.poll() is None, process.stderr.read()
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate()
    assert process.returncode == 130, errors
    assert "continue with elmo tune --resume -o t" in errors
    resumed = [sys.executable, "-m", "elmo", "tune", "--resume", "-o", "t", "--max-minutes", "0", "--json"]
    done = subprocess.run(resumed, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout)["ended"] == "time was up"
