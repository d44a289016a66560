"""Adaptations from begin to end: old text mixed in, early stop, the best model kept, perplexities before and after."""

import json

import pytest
import torch

from conftest import TEXT, WORDS, small_model
from elmo.apps.pretraining.pretrain import continue_run
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model
from elmo.errors import ConfigError, TextError
from elmo.text.shards import read_encoded_text
from elmo.train.adaptation.outcome import BEFORE_FILE
from elmo.train.perplexity import measure_perplexity
from elmo.train.recipe import pretrain_config
from elmo.train.runs.begin import start_run

OLD = [["the", "river", "bank", "."], ["money", "lends", "the", "bank"], ["the", "bank", "lends", "money", "."]] * 9
SETTINGS = {
    "rows": 4,
    "window": 7,
    "n_negatives": 6,
    "dropout": 0.1,
    "log_every": 1,
    "evaluate_every": 4,
    "epochs": 400,
    "optimizer": {"warmup_steps": 2, "learning_rate": 0.02},
    "adaptation": {"mix": 0.25, "patience": 3, "layer_rate": 0.7},
}


@pytest.fixture
def model(tmp_path):
    """A model with a softmax."""
    save_native(small_model(scale=1.0), tmp_path / "model")
    return tmp_path / "model"


def begin(tmp_path, name, overrides=(), mixed=True, max_steps=12, say=lambda line: None, model="model", **options):
    corpus = tmp_path / "c.txt"
    corpus.write_text(TEXT * 6, encoding="utf-8")
    start_run(
        [corpus],
        tmp_path / name,
        pretrain_config(SETTINGS, list(overrides)),
        start=str(tmp_path / model),
        mix_sentences=OLD if mixed else None,
        max_steps=max_steps,
        say=say,
        **options,
    )
    return tmp_path / name


def weights_of(folder):
    found = load_model(folder)
    return [*found.bilm.parameters(), *found.softmax.parameters()]


def heldout_of(run):
    text, old = read_encoded_text(run / "heldout"), read_encoded_text(run / "mix")
    return [text.sentence(i) for i in range(text.n_sentences)], [old.sentence(i) for i in old.heldout.tolist()]


@pytest.mark.parametrize("softmax", ["new", "old"])
@pytest.mark.parametrize("mixed", [True, False])
def test_a_resumed_adaptation_equals_an_unbroken_one_bit_for_bit(tmp_path, model, mixed, softmax):
    if softmax == "new":
        bare = load_model(model)
        config = bare.config.model_copy(update={"n_words": None})
        save_native(type(bare)(config, bare.bilm), tmp_path / "model")
    overrides = ["typing_errors=0.2"]
    whole, broken = (begin(tmp_path, name, overrides, mixed=mixed) for name in ("whole", "broken"))
    first = continue_run(whole)
    for n_steps in (2, 5):
        calls = iter(range(99))
        assert not continue_run(broken, stop=lambda calls=calls, n=n_steps: next(calls) >= n).finished
    last = continue_run(broken)
    assert all(torch.equal(a, b) for a, b in zip(weights_of(whole), weights_of(broken), strict=True))
    assert first.adaptation == last.adaptation
    assert first.progress.mixed_sentences == last.progress.mixed_sentences
    assert (first.progress.mixed_sentences > 0) == mixed


def test_perplexities_before_and_after_are_those_of_the_two_models_on_what_was_held_out(tmp_path, model):
    said = []
    run = begin(tmp_path, "run", say=said.append)
    assert "old text: 117 tokens, read by 1 of 4 rows" in said
    result = continue_run(run)
    new, old = heldout_of(run)
    before, after = load_model(run / "start"), load_model(run)
    assert after.vocabulary.words == before.vocabulary.words
    facts = after.config.training
    for name, of_model, text in (("heldout", after, new), ("before", before, new), ("old_before", before, old)):
        assert facts[f"{name}_mean"] == pytest.approx(measure_perplexity(of_model, text).mean, abs=1e-3)
    assert result.facts()["old_mean"] == pytest.approx(measure_perplexity(after, old).mean, abs=1e-3)
    assert facts["heldout_mean"] < facts["before_mean"]
    assert facts["adapted_from"] == "model"
    assert facts["epochs"] == pytest.approx(result.epochs, abs=0.01)
    assert result.epochs == pytest.approx(12 * 3 * 7 / (result.epochs and read_tokens(run)), abs=0.01)


def read_tokens(run):
    settings = json.loads((run / "run.json").read_text())
    assert settings["mix"]["sentences"] == 26
    return settings["tokens"] + settings["sentences"]


def test_a_damaged_record_of_before_is_measured_again(tmp_path, model):
    run = begin(tmp_path, "run")
    calls = iter(range(99))
    continue_run(run, stop=lambda: next(calls) >= 3)
    before = json.loads((run / BEFORE_FILE).read_text())
    (run / BEFORE_FILE).write_text("{")
    assert continue_run(run).finished
    assert json.loads((run / BEFORE_FILE).read_text()) == before


def test_a_run_ends_when_it_no_longer_improves_and_keeps_its_best_model(tmp_path, model):
    overrides = ["optimizer.learning_rate=0.3", "optimizer.schedule=constant", "adaptation.patience=2"]
    run = begin(tmp_path, "run", overrides, max_steps=400)
    reports = []
    result = continue_run(run, report=reports.append)
    assert result.why == "no longer improving"
    assert result.steps < 400
    curve = {line.step: line.heldout.mean for line in reports if line.heldout is not None}
    best = min(curve, key=curve.get)
    assert result.steps == best + 2 * 4  # two evaluations later
    assert result.adaptation.step == best
    assert all(
        torch.equal(a, b) for a, b in zip(weights_of(run), weights_of(run / "checkpoints" / "best"), strict=True)
    )
    assert result.heldout.mean == pytest.approx(min(curve.values()), rel=1e-6)  # all that is held out is evaluated here
    again = continue_run(run)
    assert (again.steps, again.why, again.heldout) == (result.steps, result.why, result.heldout)


def test_a_run_killed_at_its_early_end_writes_the_same_model(tmp_path, model):
    overrides = ["optimizer.learning_rate=0.3", "optimizer.schedule=constant", "adaptation.patience=2"]
    whole, broken = (begin(tmp_path, name, overrides, max_steps=400) for name in ("whole", "broken"))
    result = continue_run(whole)
    for _ in range(3):
        calls = iter(range(99))
        continue_run(broken, stop=lambda calls=calls: next(calls) >= 3)
    last = continue_run(broken)
    assert (last.steps, last.adaptation) == (result.steps, result.adaptation)
    assert all(torch.equal(a, b) for a, b in zip(weights_of(whole), weights_of(broken), strict=True))


def test_without_patience_a_run_goes_on_to_its_last_step(tmp_path, model):
    overrides = ["optimizer.learning_rate=0.3", "optimizer.schedule=constant", "adaptation.patience=none"]
    result = continue_run(begin(tmp_path, "run", overrides, max_steps=60))
    assert (result.why, result.steps) == ("all steps done", 60)
    assert result.adaptation.step < 60


def test_a_model_that_no_step_improves_stays_as_it_is(tmp_path, model):
    run = begin(tmp_path, "run", ["optimizer.learning_rate=9", "optimizer.warmup_steps=0"], max_steps=3)
    result = continue_run(run)
    assert result.adaptation.step == 0
    assert result.heldout == result.adaptation.before.new
    assert all(torch.equal(a, b) for a, b in zip(weights_of(run), weights_of(run / "start"), strict=True))


def test_a_new_softmax_has_no_perplexity_before(tmp_path, model):
    bare = load_model(model)
    save_native(type(bare)(bare.config.model_copy(update={"n_words": None}), bare.bilm), tmp_path / "model")
    run = begin(tmp_path, "run")
    result = continue_run(run)
    assert result.adaptation.before.new is None
    assert result.adaptation.old is not None
    assert "before_mean" not in load_model(run).config.training
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    n_first = result.softmax_steps
    assert n_first == 3
    (alone,) = [line["heldout_mean"] for line in lines if line["step"] == n_first]
    assert result.facts()["softmax_alone_mean"] == pytest.approx(alone, abs=1e-3)
    assert {"money", "lends", "town"} < set(load_model(run).vocabulary.words)  # words of both texts


def test_an_old_text_of_fraction_0_is_measured_and_not_read(tmp_path, model):
    mixed, plain = begin(tmp_path, "mixed", ["adaptation.mix=0"]), begin(tmp_path, "plain", mixed=False)
    result = continue_run(mixed)
    continue_run(plain)
    assert result.adaptation.old is not None
    assert all(torch.equal(a, b) for a, b in zip(weights_of(mixed), weights_of(plain), strict=True))


def test_a_text_that_cannot_be_mixed_in_is_refused_and_leaves_nothing(tmp_path, model):
    with pytest.raises(ConfigError, match=r"0\.01 of 4 rows is 0 rows of the text to mix in"):
        begin(tmp_path, "run", ["adaptation.mix=0.01"])
    with pytest.raises(TextError, match="one sentence in the text to mix in"):
        start_run(
            [tmp_path / "c.txt"],
            tmp_path / "run",
            pretrain_config(SETTINGS, []),
            start=str(model),
            mix_sentences=[WORDS],
        )
    with pytest.raises(ConfigError, match="old text can only be mixed in where a model is adapted"):
        begin(tmp_path, "run", ["adaptation=none"])
    assert not (tmp_path / "run").exists()
