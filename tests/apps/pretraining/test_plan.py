"""What a plan promises, beside what then happens."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from conftest import TEXT
from elmo.apps.pretraining.advised import advised_run
from elmo.apps.pretraining.plan import PlanRequest, _largest, advice_of, plan_training
from elmo.apps.pretraining.pretrain import continue_run
from elmo.apps.pretraining.run_cost import RunCost
from elmo.checkpoints.formats.native import load_native
from elmo.cli.main import app
from elmo.errors import ConfigError
from elmo.train import loop, run_log, speed
from elmo.train.cost import MemoryBytes, ParameterCounts
from elmo.train.recipe import pretrain_config
from elmo.train.runs.begin import start_run
from elmo.train.runs.settings import run_folder
from elmo.train.speed import StepTime

SMALL_RUN = ("rows=4", "window=7", "bilm.lstm.cell_size=16", "bilm.lstm.projection_size=8", "n_negatives=4")


def cost_of(step_s=2.0, there=1000, activations=300, epochs=3, **settings):
    """A run of 100 places a step over 10,000 places."""
    recipe = pretrain_config({"rows": 10, "window": 10, "evaluate_every": 50, "epochs": epochs, **settings}, [])
    memory = MemoryBytes(100, 100, 200, activations, 50, 50)
    return RunCost(
        recipe=recipe,
        n_words=30,
        n_positions=10_000,
        n_heldout=40,
        parameters=ParameterCounts(1, 1, 1),
        memory=memory,
        memory_there=there,
        fits=there >= memory.total,
        reading_s=10.0,
        step=StepTime(step_s, 5) if there >= memory.total else None,
        sentence_s=0.5,
    )


@pytest.mark.parametrize(
    ("n_tokens", "epochs"),
    [(1, 10), (9_999_999, 10), (10_000_000, 5), (49_999_999, 5), (50_000_000, 2), (300_000_000, 1), (10**12, 1)],
)
def test_the_less_text_the_more_often_it_is_read(n_tokens, epochs):
    assert advised_run(n_tokens).epochs == epochs


@pytest.mark.parametrize(
    ("n_tokens", "size"),
    [(1, "tiny"), (10_000_000, "small"), (99_999_999, "small"), (100_000_000, "medium"), (500_000_000, "original")],
)
def test_the_more_text_the_larger_the_model(n_tokens, size):
    assert advised_run(n_tokens).size == size


def test_the_time_of_a_run_is_the_sum_of_its_parts():
    cost = cost_of()
    assert cost.n_steps == 300
    assert cost.tokens_per_s == 50
    assert cost.stepping_s(300) == 600
    assert cost.evaluating_s(300) == (5 + 1) * 40 * 0.5  # at 50, 100 .. 250, and the last
    assert cost.evaluating_s(0) == 40 * 0.5
    assert cost.saving_s(300) == pytest.approx(
        (2 * 300 + 5 * 100) / 200e6
    )  # after 10 minutes, at the end; the best ones
    assert cost.seconds(300) == pytest.approx(10 + 600 + 120, abs=0.01)
    some = replace(cost, recipe=cost.recipe.model_copy(update={"evaluate_sentences": 15}))
    assert some.evaluating_s(100) == 14 * 0.5 + 40 * 0.5  # every third of 40


def test_the_steps_within_a_time_fill_it_and_no_more():
    cost = cost_of()
    for seconds in (75.0, 200.0, 512.5):
        n = cost.steps_within(seconds)
        assert cost.seconds(n) <= seconds < cost.seconds(n + 1)
    assert cost.steps_within(1e9) == 300
    assert cost.steps_within(1.0) == 0


def test_the_largest_size_that_reads_all_its_epochs_is_proposed_else_the_smallest():
    measured = {"tiny": cost_of(1.0), "small": cost_of(2.0), "medium": cost_of(9.0)}
    assert _largest(measured, 5000.0, 1.0) == ("medium", 300)
    assert _largest(measured, 800.0, 1.0) == ("small", 300)
    assert _largest(measured, 500.0, 1.0) == ("tiny", 300)
    size, n_steps = _largest(measured, 200.0, 1.0)
    assert (size, n_steps) == ("tiny", measured["tiny"].steps_within(200.0))
    assert 0 < n_steps < 300
    with pytest.raises(ConfigError, match="--hours 1: reading the text and one step of size tiny take"):
        _largest(measured, 20.0, 1.0)
    assert _largest({**measured, "medium": cost_of(there=10)}, 5000.0, 1.0) == ("small", 300)
    with pytest.raises(ConfigError, match="This run needs"):
        _largest({"tiny": cost_of(there=10)}, 5000.0, 1.0)


def test_advice_names_the_parts_that_would_fit():
    assert advice_of(cost_of()) is None
    assert "accumulate=3" in advice_of(cost_of(there=620))  # 500 without activations: parts of 100
    assert "--set rows=3" in advice_of(cost_of(there=620))
    assert "The model alone is too large" in advice_of(cost_of(there=400))
    assert "Not even one row fits" in advice_of(cost_of(there=501))


@pytest.mark.parametrize("softmax", ["sampled", "adaptive"])
def test_a_small_corpus_is_counted_as_the_run_counts_it(tmp_path, monkeypatch, softmax):
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text(TEXT * 6)
    request = PlanRequest(["a.txt"], overrides=(*SMALL_RUN, "epochs=2", f"softmax={softmax}"))
    plan = plan_training(request, seconds=0.01)
    assert plan.exact
    recipe = pretrain_config({}, list(request.overrides))
    start_run(request.corpus, Path("run"), recipe)
    result = continue_run(Path("run"))
    assert plan.n_steps == result.progress.step
    settings = run_folder(Path("run")).read_settings()  # its numbers are without the sentences held out
    assert plan.cost.n_positions == settings.tokens + settings.sentences < plan.n_tokens + plan.n_sentences
    model = load_native(Path("run"))
    assert plan.cost.n_words == model.config.n_words
    parts = (*model.bilm.parameters(), *model.softmax.parameters())
    assert plan.cost.parameters.total == sum(p.numel() for p in parts)
    assert plan.n_tokens == 6 * (8 + 7 + 10)


def test_a_part_of_a_large_corpus_gives_the_size_of_the_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("elmo.apps.pretraining.text_sample.SAMPLE_BYTES", 4000)
    words = [f"w{i * i % 997}" for i in range(40_000)]
    (tmp_path / "a.txt").write_text("".join(" ".join(words[i : i + 20]) + "\n" for i in range(0, 40_000, 20)))
    request = PlanRequest([str(tmp_path / "a.txt")], overrides=SMALL_RUN, pretokenized=True)
    plan = plan_training(request, seconds=0.01)
    assert not plan.exact
    assert plan.n_tokens == pytest.approx(40_000, rel=0.02)
    assert plan.cost.n_positions == pytest.approx(42_000 * 0.99, rel=0.02)
    assert plan.cost.n_words == min(plan.n_types, 30_000) + 3


def test_the_proposed_command_is_understood_and_begins_the_planned_run(tmp_path, monkeypatch, run_elmo):
    monkeypatch.chdir(tmp_path)
    Path("my corpus.txt").write_text(TEXT * 6)
    Path("my-model").mkdir()
    Path("r.toml").write_text('size = "small"\nwindow = 9\n')
    request = PlanRequest(["my *.txt"], recipe=Path("r.toml"), overrides=SMALL_RUN, vocabulary_size=12)
    plan = plan_training(request, hours=0.05, seconds=0.01)
    assert next(iter(plan.measured)) == "tiny"
    assert plan.epochs == 10
    program, command, *arguments = shlex.split(plan.command)
    assert program == "elmo"
    typer.main.get_command(app).commands[command].make_context(command, list(arguments))
    assert run_elmo(command, *arguments).status == 0
    settings = run_folder(Path("my-model-2")).read_settings()
    assert settings.recipe == plan.cost.recipe.model_copy(update={"epochs": plan.epochs})
    assert settings.max_steps == plan.n_steps


def test_a_run_that_does_not_fit_is_counted_and_not_measured(tmp_path):
    (tmp_path / "a.txt").write_text(TEXT * 3)
    plan = plan_training(PlanRequest([str(tmp_path / "a.txt")], overrides=("bilm.lstm.cell_size=999999",)))
    assert (plan.cost.fits, plan.cost.step, plan.cost.tokens_per_s) == (False, None, None)
    assert "too large" in advice_of(plan.cost)


class Clock:
    """Stands for `time`: it moves by what each step and each held-out sentence costs."""

    now = 100.0

    def monotonic(self):
        return self.now

    def after(self, call, cost_s):
        """The function, with a cost in seconds: of a call, or computed from its arguments."""

        def timed(*given, **named):
            done = call(*given, **named)
            self.now += cost_s(*given) if callable(cost_s) else cost_s
            return done

        return timed


def test_a_run_takes_the_planned_time(tmp_path, monkeypatch):
    """By a clock of the test: `benchmarks/measure/training/planned_time.py` compares by the machine's."""
    monkeypatch.chdir(tmp_path)
    words = [f"word{i * i % 499}" for i in range(7_000)]
    Path("a.txt").write_text("".join(" ".join(words[i : i + 20]) + "\n" for i in range(0, 7_000, 20)))
    clock = Clock()
    for module in (speed, run_log):
        monkeypatch.setattr(module, "time", clock)
    for module in (speed, loop):
        monkeypatch.setattr(module, "train_step", clock.after(loop.train_step, 0.125))
    for module, name in ((speed, "measure_perplexity"), (run_log, "measure_together")):
        sentence_s = clock.after(getattr(module, name), lambda model, sentences, *_: 0.0625 * len(sentences))
        monkeypatch.setattr(module, name, sentence_s)
    overrides = (*SMALL_RUN, "evaluate_every=100", "evaluate_sentences=20", "epochs=1")
    plan = plan_training(PlanRequest(["a.txt"], overrides=overrides, pretokenized=True), seconds=1)
    assert (plan.cost.step.seconds, plan.cost.sentence_s) == (0.125, 0.0625)
    start_run(["a.txt"], Path("run"), pretrain_config({}, list(overrides)), pretokenized=True)
    progress = continue_run(Path("run")).progress
    assert progress.step == plan.n_steps > 200
    last_evaluation = plan.cost.sentence_s * plan.cost.n_heldout  # comes after the time that a run counts
    planned = plan.cost.stepping_s(plan.n_steps) + plan.cost.evaluating_s(plan.n_steps) - last_evaluation
    assert progress.seconds == pytest.approx(planned, abs=1e-6)
