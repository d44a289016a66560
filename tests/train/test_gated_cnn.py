"""A gated CNN biLM from text to vectors: trained, resumed, measured, saved, embedded, tuned; and what it refuses."""

import json

import numpy as np
import pytest
import torch

from elmo import Elmo
from elmo.apps.models.info import describe_model
from elmo.apps.pretraining.pretrain import continue_run
from elmo.checkpoints.formats.allennlp_hdf5 import save_allennlp
from elmo.checkpoints.formats.many_langs import save_many_langs
from elmo.checkpoints.load import load_model
from elmo.compat.allennlp import Elmo as AllenNLPElmo
from elmo.errors import CheckpointError, ConfigError
from elmo.tasks.config import ElmoConfig
from elmo.tasks.tuned_bilm import TunedBiLM, to_be_tuned
from elmo.train.adaptation.layer_rates import layers_from_top
from elmo.train.perplexity import measure_each, measure_perplexity
from elmo.train.recipe import changed_settings, pretrain_config
from elmo.train.runs.begin import start_run

SETTINGS = [
    "bilm.encoder.kind=gated_cnn",
    "bilm.encoder.channels=24",
    "bilm.encoder.n_layers=3",
    "bilm.encoder.projection_size=16",
    "bilm.char_cnn.embedding_size=4",
    "bilm.char_cnn.n_highway=1",
    "rows=4",
    "window=7",
    "n_negatives=6",
    "epochs=40",
    "log_every=5",
    "evaluate_every=20",
    "dropout=0.1",
    "optimizer.learning_rate=0.01",
    "optimizer.warmup_steps=5",
]
FILTERS = {"bilm": {"char_cnn": {"filters": [[1, 8], [2, 8], [3, 16]]}}}


def recipe(*overrides):
    return pretrain_config(FILTERS, [*SETTINGS, *overrides])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model that has learned four lines, and the lines."""
    folder = tmp_path_factory.mktemp("gated")
    lines = [
        "the bank of the river was green .",
        "she put money in the bank .",
        "the river runs by the bank of the town .",
        "no money lies in a river .",
    ]
    text = folder / "text.txt"
    text.write_text("\n".join(lines * 10) + "\n")
    start_run([text], folder / "run", recipe(), heldout_file=text)
    continue_run(folder / "run")
    return folder / "run", [line.split() for line in lines]


def test_it_learns_text_better_than_its_shuffled_words_and_perplexity_cuts_no_sentence(trained):
    folder, sentences = trained
    model = load_model(folder)
    shuffled = [list(np.random.default_rng(0).permutation(words)) for words in sentences]
    own, other = (measure_perplexity(model, some) for some in (sentences, shuffled))
    assert own.mean < 3
    assert other.mean > 5 * own.mean
    whole = [word for words in sentences for word in words]
    pieces = measure_perplexity(model, [whole], max_positions=3)
    assert pieces.forward == pytest.approx(measure_perplexity(model, [whole]).forward, rel=1e-5)


@pytest.mark.parametrize("state_reset", ["windows", "sentences"])
def test_a_resumed_run_equals_an_unbroken_one_bit_for_bit(tmp_path, corpus_file, state_reset):
    settings = recipe(f"state_reset={state_reset}", "accumulate=2", "checkpoint_minutes=1e-9")
    for name in ("whole", "broken"):
        start_run([corpus_file], tmp_path / name, settings, max_steps=12)
    continue_run(tmp_path / "whole")
    calls = iter(range(100))
    assert not continue_run(tmp_path / "broken", stop=lambda: next(calls) >= 5).finished
    assert continue_run(tmp_path / "broken").finished
    whole, broken = load_model(tmp_path / "whole"), load_model(tmp_path / "broken")
    for a, b in ((whole.bilm, broken.bilm), (whole.softmax, broken.softmax)):
        assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))


def test_its_folder_holds_its_settings_under_encoder_and_loads_bit_for_bit(trained, tmp_path):
    folder, sentences = trained
    bilm = json.loads((folder / "config.json").read_text())["bilm"]
    assert "lstm" not in bilm
    assert bilm["encoder"] == {
        "kind": "gated_cnn",
        "n_layers": 3,
        "projection_size": 16,
        "channels": 24,
        "kernel_width": 4,
    }
    elmo = Elmo.from_pretrained(folder)
    elmo.save_pretrained(tmp_path / "copy")
    copy = Elmo.from_pretrained(tmp_path / "copy")
    for a, b in zip(elmo.embed(sentences, layers="all"), copy.embed(sentences, layers="all"), strict=True):
        assert np.array_equal(a, b)
        assert a.shape[0] == 4
    elmo.save_pretrained(tmp_path / "bytes", storage="int8")
    near = Elmo.from_pretrained(tmp_path / "bytes").embed(sentences, layers="top")
    assert all(
        np.abs(a - b).max() < 0.1 * np.abs(b).max() for a, b in zip(near, elmo.embed(sentences, "top"), strict=True)
    )
    facts = describe_model(str(folder))
    assert (facts["encoder"], facts["kernel_width"], facts["layers"], facts["warm_state"]) == ("gated_cnn", 4, 4, False)
    assert "gated_cnn" in (folder / "README.md").read_text()


def test_vectors_do_not_depend_on_neighbours_and_are_those_of_the_module(trained):
    folder, sentences = trained
    elmo = Elmo.from_pretrained(folder)
    together = elmo.embed(sentences, layers="all")
    for words, vectors in zip(sentences, together, strict=True):
        assert np.allclose(elmo.embed([words], layers="all")[0], vectors, atol=1e-5)
    double = Elmo.from_pretrained(folder, dtype="float64").embed(sentences, layers="all")
    assert all(np.allclose(a, b, atol=1e-5) for a, b in zip(double, together, strict=True))
    for dtype in ("bfloat16", "int8"):
        near = Elmo.from_pretrained(folder, dtype=dtype).embed(sentences, layers="top")
        assert all(np.abs(a - b[-1]).max() < 0.2 * np.abs(b[-1]).max() for a, b in zip(near, together, strict=True))


@pytest.mark.parametrize("state", ["carry", "warm"])
def test_a_state_is_refused_in_one_sentence(trained, state):
    elmo = Elmo.from_pretrained(trained[0])
    with pytest.raises(
        ConfigError, match=rf'state="{state}": the encoder of this model \(gated_cnn\) has no state; use state="zero"'
    ):
        elmo.embed([["a"]], state=state)


def test_a_carried_perplexity_and_the_calls_of_allennlp_with_a_state_are_refused(trained):
    folder, sentences = trained
    with pytest.raises(ConfigError, match=r"the encoder of this model \(gated_cnn\) has no state"):
        list(measure_each(load_model(folder), sentences, state="carry"))
    settings = recipe("bilm.char_cnn.max_characters=50")
    assert settings.bilm.max_characters == 50
    with pytest.raises(CheckpointError, match="give stateful=False"):
        AllenNLPElmo(folder, None, 1)
    assert AllenNLPElmo(folder, None, 1, stateful=False).get_output_dim() == 32


@pytest.mark.parametrize("save", [save_allennlp, save_many_langs])
def test_a_published_format_is_refused_in_one_sentence(trained, tmp_path, save):
    with pytest.raises(
        CheckpointError, match=r"this format stores LSTMs, the encoder of this model is gated_cnn; convert it"
    ):
        save(load_model(trained[0]), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_dropout_of_recurrent_weights_is_refused(trained):
    with pytest.raises(ConfigError, match=r"dropout.recurrent 0.1: gated_cnn has no recurrent weights"):
        recipe("dropout.recurrent=0.1")
    config = ElmoConfig(bilm_dropout={"recurrent": 0.1})
    with pytest.raises(ConfigError, match="gated_cnn has no recurrent weights"):
        TunedBiLM(to_be_tuned(Elmo.from_pretrained(trained[0])), config)


def test_a_misspelt_setting_is_answered_with_one_of_this_encoder():
    with pytest.raises(
        ConfigError, match=r"bilm.encoder.chanels: no such setting; did you mean bilm.encoder.channels\?"
    ):
        pretrain_config({}, ["bilm.encoder.kind=gated_cnn", "bilm.encoder.chanels=3"])
    with pytest.raises(
        ConfigError, match=r"bilm.encoder.cell_clip: no such setting; the settings here are .*kernel_width"
    ):
        pretrain_config({}, ["bilm.encoder.kind=gated_cnn", "bilm.encoder.cell_clip=3"])


def test_a_recipe_tells_its_settings_apart_from_those_of_the_size():
    changes = changed_settings(recipe().model_dump(mode="json"))
    assert changes["bilm.encoder.kind"] == "gated_cnn"
    assert changes["bilm.encoder.channels"] == 24
    assert not [key for key in changes if key.startswith("bilm.lstm")]


def test_layers_of_a_task_that_tunes_it_are_those_of_the_module_and_have_a_gradient(trained):
    from elmo.tasks.tuned_bilm import trained_layers

    folder, sentences = trained
    model = load_model(folder)
    dropout = ElmoConfig().bilm_dropout.model_copy(update={"layer_inputs": 0.0, "output": 0.0, "words": 0.0})
    for most_bytes in (2**30, 1):
        layers = trained_layers(model.bilm, model.word_encoder, sentences, dropout, [1], most_bytes)
        expected = Elmo(model).embed(sentences, layers="all")
        for row, right in zip(layers, expected, strict=True):
            assert np.allclose(row[:, : right.shape[1]].detach().numpy(), right, atol=1e-5)
    layers.square().sum().backward()
    groups = layers_from_top(model.bilm)
    assert len(groups) == 4
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for group in groups[:3] for p in group)
