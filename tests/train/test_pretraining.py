"""Pretraining from files to model, on sizes that take seconds."""

import json
import shutil
from collections import Counter

import numpy as np
import pytest
import torch

from conftest import CUTOFFS, loss_of_first_step, small_model
from elmo.apps.pretraining.pretrain import continue_run
from elmo.checkpoints.load import load_model
from elmo.errors import CheckpointError, ConfigError, ElmoError, OutputError, TextError, TrainingError
from elmo.model.encoders.lstm.lstm import LSTMState
from elmo.model.encoders.state import BiLMState
from elmo.text.shards import read_encoded_text
from elmo.text.words.vocabulary import read_vocabulary
from elmo.train.perplexity import measure_perplexity
from elmo.train.recipe import pretrain_config
from elmo.train.run_state import checkpoints_of
from elmo.train.runs.begin import start_run

SMALL = {
    "bilm": {
        "char_cnn": {"embedding_size": 4, "filters": [[1, 8], [2, 8], [3, 16]], "n_highway": 1, "max_characters": 20},
        "lstm": {"n_layers": 2, "cell_size": 32, "projection_size": 16},
    },
    "rows": 4,
    "window": 7,
    "epochs": 50,
    "log_every": 5,
    "evaluate_every": 10,
    "dropout": 0.1,
    "typing_errors": 0.1,
    "n_negatives": 6,
    "optimizer": {"learning_rate": 0.01, "warmup_steps": 5},
}


def recipe(**changes):
    return pretrain_config({**SMALL, **changes}, [])


def steps_of(out):
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def test_a_model_trained_on_one_repeated_sentence_becomes_sure(tmp_path):
    corpus = tmp_path / "one.txt"
    corpus.write_text("the bank of the river lends no money at all .\n" * 60)
    start_run([corpus], tmp_path / "run", recipe(dropout=0.0, epochs=60))
    result = continue_run(tmp_path / "run")
    assert result.finished
    assert result.heldout.mean < 1.01


def test_a_row_whose_window_begins_with_a_sentence_starts_from_zero_and_no_other():
    state = BiLMState(*(LSTMState(torch.rand(2, 3, 7) + 1, torch.rand(2, 3, 11) + 1) for _ in range(2)))
    fresh = state.fresh(torch.tensor([False, True, False]))
    for before, after in zip((*state.forward, *state.backward), (*fresh.forward, *fresh.backward), strict=True):
        assert (after[:, 1] == 0).all()
        assert torch.equal(after[:, [0, 2]], before[:, [0, 2]])


@pytest.mark.parametrize("softmax", ["sampled", "full", "adaptive"])
def test_text_is_learned_better_than_its_shuffled_words(tmp_path, corpus_file, softmax):
    start_run([corpus_file], tmp_path / "run", recipe(softmax=softmax), heldout_file=corpus_file)
    result = continue_run(tmp_path / "run")
    model = load_model(tmp_path / "run")
    sentences = [line.split() for line in corpus_file.read_text().splitlines()[:3]]
    shuffled = [list(np.random.default_rng(0).permutation(words)) for words in sentences]
    own, other = (measure_perplexity(model, s) for s in (sentences, shuffled))
    assert own.mean < 3
    assert other.mean > 5 * own.mean
    assert result.heldout.mean == pytest.approx(model.config.training["heldout_mean"], abs=1e-3)


@pytest.mark.parametrize("softmax", ["sampled", "adaptive"])
def test_a_resumed_run_equals_an_unbroken_one_bit_for_bit(tmp_path, corpus_file, softmax):
    for name in ("whole", "broken"):
        start_run([corpus_file], tmp_path / name, recipe(softmax=softmax), max_steps=40)
    continue_run(tmp_path / "whole")
    for _ in range(50):
        calls = iter(range(100))
        result = continue_run(tmp_path / "broken", stop=lambda calls=calls: next(calls) >= 12)
        if result.finished:
            break
    assert result.progress.step == 40
    whole, broken = load_model(tmp_path / "whole"), load_model(tmp_path / "broken")
    for a, b in ((whole.bilm, broken.bilm), (whole.softmax, broken.softmax)):
        assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
    assert len(steps_of(tmp_path / "broken")) > len(steps_of(tmp_path / "whole"))


def test_only_the_last_checkpoints_are_kept_and_each_is_a_model(tmp_path, corpus_file):
    start_run([corpus_file], tmp_path / "run", recipe(checkpoint_minutes=1e-9, keep_checkpoints=3), max_steps=9)
    continue_run(tmp_path / "run")
    kept = checkpoints_of(tmp_path / "run" / "checkpoints")
    assert [p.name for p in kept] == ["step-000000007", "step-000000008", "step-000000009"]
    assert load_model(kept[0]).softmax is not None


def test_a_half_written_checkpoint_is_passed_over_and_a_broken_one_is_named(tmp_path, corpus_file):
    start_run([corpus_file], tmp_path / "run", recipe(checkpoint_minutes=1e-9), max_steps=6)
    continue_run(tmp_path / "run", stop=iter([False, False, False, False, True, True, True]).__next__)
    folder = tmp_path / "run" / "checkpoints"
    (folder / ".step-000000099.abcd").mkdir()
    last = checkpoints_of(folder)[-1]
    (last / "run_state.safetensors").write_bytes(b"cut")
    with pytest.raises(CheckpointError, match=r"the state of the run cannot be read.*remove this folder"):
        continue_run(tmp_path / "run")
    shutil.rmtree(last)
    assert continue_run(tmp_path / "run").finished


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("corpus/ids.bin", b""),
        ("corpus/index.json", b"5"),
        ("words/targets.bin", bytes(4)),
        ("run.json", b"[" * 100_000),
        ("run.json", b'{"recipe": 3}'),
        ("checkpoints/LAST/run_state.json", b'{"step": "x", "epoch": 0, "window": 1, "seconds": 1}'),
        ("checkpoints/LAST/run_state.json", b'{"step": -5, "epoch": 0, "window": 1, "seconds": 1}'),
        ("checkpoints/LAST/config.json", b"{}"),
    ],
)
def test_a_damaged_run_is_refused_in_one_line(tmp_path, corpus_file, file, content):
    start_run([corpus_file], tmp_path / "run", recipe(), max_steps=3)
    continue_run(tmp_path / "run")
    last = checkpoints_of(tmp_path / "run" / "checkpoints")[-1].name
    (tmp_path / "run" / file.replace("LAST", last)).write_bytes(content)
    with pytest.raises(ElmoError) as caught:
        continue_run(tmp_path / "run")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"optimizer": {"name": "adagrad"}}, "optimizer of this checkpoint"),
        ({"rows": 5}, "rows of this checkpoint"),
        ({"bilm": {"lstm": {"cell_size": 31}}}, "model of this checkpoint"),
        ({"softmax": "adaptive"}, "model of this checkpoint"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, corpus_file, changes, message):
    for name, settings in (("a", recipe()), ("b", recipe(**changes))):
        start_run([corpus_file], tmp_path / name, settings, max_steps=3)
    continue_run(tmp_path / "a")
    shutil.copytree(tmp_path / "a" / "checkpoints", tmp_path / "b" / "checkpoints")
    with pytest.raises(TrainingError, match=f"{message}.* differs? from the run.json of this run"):
        continue_run(tmp_path / "b")


def test_the_facts_of_a_run_count_its_epochs(tmp_path, corpus_file):
    start_run([corpus_file], tmp_path / "run", recipe(epochs=2))
    continue_run(tmp_path / "run")
    assert load_model(tmp_path / "run").config.training["epochs"] == pytest.approx(2, abs=0.1)


def test_a_literal_unk_is_learned_and_measured_as_unknown(tmp_path):
    (tmp_path / "c.txt").write_text("the <unk> of the river lends <unk> no money .\n" * 60)
    start_run([tmp_path / "c.txt"], tmp_path / "run", recipe(dropout=0.0), pretokenized=True)
    result = continue_run(tmp_path / "run")
    assert result.heldout.mean < 1.01
    assert result.heldout.oov_rate == pytest.approx(2 / 11)
    assert "<unk>" not in load_model(tmp_path / "run").vocabulary.words


def test_the_held_out_perplexity_of_both_directions_is_in_the_log(tmp_path, corpus_file):
    start_run([corpus_file], tmp_path / "run", recipe(), max_steps=20)
    continue_run(tmp_path / "run")
    evaluated = [line for line in steps_of(tmp_path / "run") if "heldout_forward" in line]
    assert [line["step"] for line in evaluated] == [10]
    assert evaluated[0]["heldout_backward"] > 1


def test_held_out_sentences_are_not_trained_on(tmp_path, corpus_file):
    start_run([corpus_file], tmp_path / "run", recipe())
    settings = json.loads((tmp_path / "run" / "run.json").read_text())
    assert settings["sentences"] == 29
    assert read_encoded_text(tmp_path / "run" / "heldout").n_sentences == 1


def test_words_of_held_out_sentences_alone_are_outside_the_vocabulary(tmp_path):
    (tmp_path / "c.txt").write_text("".join(f"a{i} b{i} c{i}\n" for i in range(300)))
    start_run([tmp_path / "c.txt"], tmp_path / "run", recipe())
    vocabulary = read_vocabulary(tmp_path / "run" / "vocabulary.txt")
    heldout = read_encoded_text(tmp_path / "run" / "heldout")
    assert heldout.n_sentences == 3
    assert len(vocabulary) == 3 + 3 * 297
    assert not any(word in vocabulary for i in range(3) for word in heldout.sentence(i))


@pytest.mark.parametrize(
    ("content", "what"), [("", "no text"), ("\n \n\t\n", "no text"), ("One sentence only.\n", "one sentence")]
)
def test_a_corpus_too_small_to_train_on_is_refused_and_leaves_nothing(tmp_path, content, what):
    (tmp_path / "c.txt").write_text(content)
    with pytest.raises(TextError, match=f"{what} in the corpus; training needs at least two sentences"):
        start_run([tmp_path / "c.txt"], tmp_path / "run", recipe())
    assert [p.name for p in tmp_path.iterdir()] == ["c.txt"]


def test_a_run_is_not_overwritten_and_none_is_not_resumed(tmp_path, corpus_file):
    start_run([corpus_file], tmp_path / "run", recipe())
    with pytest.raises(OutputError, match="exists already"):
        start_run([corpus_file], tmp_path / "run", recipe())
    with pytest.raises(TrainingError, match=r"run\.json: no such file; --resume needs the folder of a run"):
        continue_run(tmp_path)


def test_an_adaptive_softmax_begins_with_the_frequencies_and_is_cut_where_they_say(tmp_path, corpus_file):
    messages = []
    start_run([corpus_file], tmp_path / "run", recipe(softmax="adaptive"), max_steps=1, say=messages.append)
    continue_run(tmp_path / "run", stop=lambda: True)
    model = load_model(checkpoints_of(tmp_path / "run" / "checkpoints")[-1])
    text, vocabulary = read_encoded_text(tmp_path / "run" / "corpus"), model.vocabulary
    counts = Counter({vocabulary.words[vocabulary.encode([word])[0]]: n for word, n in text.count_words().items()})
    counts.update({"<S>": text.n_sentences - len(text.heldout), "</S>": text.n_sentences - len(text.heldout)})
    each = [counts[word] + 0.5 for word in vocabulary.words]
    n_head, n_covered = model.config.adaptive_cutoffs
    assert sum(each[: n_head - 1]) < 0.8 * sum(each) <= sum(each[:n_head])
    assert sum(each[: n_covered - 1]) < 0.95 * sum(each) <= sum(each[:n_covered])
    sizes = f"clusters of {n_covered - n_head} and {len(each) - n_covered}"
    assert messages[-1] == f"adaptive softmax: the first {n_head} words, then {sizes}"


def test_an_adaptive_softmax_takes_the_words_of_a_given_vocabulary_in_its_order(tmp_path, corpus_file):
    words = sorted({word for line in corpus_file.read_text().splitlines() for word in line.split()}, reverse=True)
    (tmp_path / "v.txt").write_text("\n".join(["<S>", "</S>", "<UNK>", *words]) + "\n")
    settings = recipe(softmax="adaptive", epochs=30)
    start_run([corpus_file], tmp_path / "run", settings, vocabulary_file=tmp_path / "v.txt", heldout_file=corpus_file)
    assert continue_run(tmp_path / "run").heldout.mean < 3
    assert [*load_model(tmp_path / "run").vocabulary.words][3:] == words


def test_a_vocabulary_too_small_for_an_adaptive_softmax_is_refused_and_leaves_nothing(tmp_path):
    (tmp_path / "c.txt").write_text("the the the the the the the the the\n" * 9)
    with pytest.raises(ConfigError, match=r"with 4 words no word is left between the two cutoffs; use softmax=full"):
        start_run([tmp_path / "c.txt"], tmp_path / "run", recipe(softmax="adaptive"), pretokenized=True)
    assert [p.name for p in tmp_path.iterdir()] == ["c.txt"]


@pytest.mark.parametrize("cutoffs", [None, CUTOFFS])
def test_a_step_loses_what_the_perplexity_of_the_sentence_is_made_of(cutoffs):
    model = small_model(scale=1.0, cutoffs=cutoffs)
    sentence = ["the", "river", "bank", "."]
    found = measure_perplexity(model, [sentence])
    assert loss_of_first_step(model, sentence) == pytest.approx(found.forward_nats + found.backward_nats, rel=1e-5)


@pytest.mark.parametrize(
    ("settings", "overrides", "message"),
    [
        ({"rowz": 3}, [], "rowz: no such setting; did you mean rows?"),
        ({}, ["rows=none"], "rows: Input should be a valid integer"),
        ({}, ["optimizer.name=lion"], "optimizer.name: Input should be 'adagrad', 'adam', 'adamw' or 'sgd'"),
        ({}, ["rows"], "--set rows: write key=value"),
        ({"size": "huge"}, [], "no size 'huge'"),
        ({}, ["bilm.lstm.cell_sizes=3"], "bilm.lstm.cell_sizes: no such setting; did you mean bilm.lstm.cell_size?"),
        ({}, ["dropout=1.5"], "dropout.layer_inputs: Input should be less than 1"),
        ({}, ["size.x=1"], "no size {'x': '1'}"),
        ({}, ["a." * 3000 + "b=1"], "settings are not nested that deep"),
        ({}, ["checkpoint_minutes=inf"], "checkpoint_minutes: Input should be a finite number"),
        ({}, ["bilm.lstm.forget_bias=nan"], "bilm.lstm.forget_bias: Input should be a finite number"),
        ({}, ["seed=99999999999999999999999"], "seed: Input should be less than"),
        ({}, ["bilm.lstm.cell_size=1000000000000"], "cell_size: Input should be less than or equal to 1048576"),
        ({"bilm": 3}, [], "bilm: Input should be a valid dictionary"),
        (
            {"softmax": "adaptive"},
            ["tied=true"],
            "tied: Value error, softmax=adaptive uses smaller vectors for rare words",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused_by_name(settings, overrides, message):
    with pytest.raises(ConfigError, match=message):
        pretrain_config(settings, overrides)


def test_settings_come_from_size_recipe_and_overrides_in_this_order():
    config = pretrain_config(
        {"size": "small", "rows": 5, "bilm": {"lstm": {"n_layers": 3}}}, ["rows=6", "bilm.lstm.cell_clip=none"]
    )
    assert (config.rows, config.bilm.encoder.n_layers, config.bilm.encoder.cell_clip) == (6, 3, None)
    assert config.bilm.encoder.cell_size == 1024
    assert pretrain_config({"size": "small"}, ["size=medium"]).bilm.encoder.cell_size == 2048


def test_adagrad_resumes_too(tmp_path, corpus_file):
    settings = recipe(optimizer={"name": "adagrad", "learning_rate": 0.2, "final_share": 1.0})
    start_run([corpus_file], tmp_path / "run", settings, max_steps=10)
    continue_run(tmp_path / "run", stop=iter([False, False, True, True, True]).__next__)
    assert continue_run(tmp_path / "run").progress.step == 10
