"""Predicted parameters and bytes beside those of models that were built and trained."""

import os
import subprocess
import sys

import pytest

from conftest import CUTOFFS, INPUT_LAYERS, TEXT, encode_text, model_of, small_model, step_of
from elmo.model.bilm import BiLM
from elmo.model.config import SIZES
from elmo.model.output.softmax import Softmax
from elmo.train.cost import StepWords, count_activations, count_memory, count_parameters
from elmo.train.data.encoded_corpus import encode_corpus
from elmo.train.recipe import pretrain_config
from elmo.train.trainer import Trainer

WORDS = StepWords(read=700, predicted=2500)


def trained(trainer):
    return sum(p.numel() for p in (*trainer.update.dense, *trainer.update.rows))


@pytest.mark.parametrize("size", SIZES)
def test_parameters_are_those_of_the_built_modules(size):
    config = pretrain_config({"size": size}, [])
    counts = count_parameters(config.bilm, 1009, tied=config.tied)
    bilm, softmax = BiLM(config.bilm), Softmax(1009, config.bilm.encoder.projection_size)
    token_layer = sum(p.numel() for name, p in bilm.named_parameters() if name.startswith(("char_cnn", "word_emb")))
    assert counts.token_layer == token_layer
    assert counts.encoder == sum(p.numel() for p in bilm.parameters()) - token_layer
    assert counts.softmax == sum(p.numel() for p in softmax.parameters())


def trainer_of(layer, **settings):
    adaptive = settings.get("softmax") == "adaptive"
    model = small_model(scale=1.0, cutoffs=CUTOFFS) if adaptive else model_of(layer, scale=1.0)
    corpus = encode_corpus(
        encode_text([line.split() for line in TEXT.splitlines()]), [], model.vocabulary, model.word_encoder
    )
    defaults = {"rows": 3, "window": 5, "n_negatives": 4, "bilm": model.bilm.config.model_dump()}
    return Trainer(model, corpus, pretrain_config({**defaults, **settings}, []))


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("layer", INPUT_LAYERS)
def test_parameters_are_those_that_a_trainer_moves(layer, tied):
    trainer = trainer_of(layer, tied=tied)
    assert count_parameters(trainer.config.bilm, trainer.softmax.n_words, tied=trainer.config.tied).total == trained(
        trainer
    )


def test_parameters_with_an_adaptive_softmax_are_those_that_a_trainer_moves():
    trainer = trainer_of("bytes", softmax="adaptive")
    counts = count_parameters(trainer.config.bilm, trainer.softmax.n_words, CUTOFFS)
    assert counts.total == trained(trainer)
    assert counts.softmax == sum(p.numel() for p in trainer.softmax.parameters())


@pytest.mark.parametrize(
    ("softmax", "tied"),
    [("sampled", False), ("sampled", True), ("full", False), ("full", True), ("adaptive", False)],
)
@pytest.mark.parametrize(
    "optimizer",
    [{"name": "adagrad"}, {"name": "adam"}, {"name": "adamw"}, {"name": "sgd"}, {"name": "sgd", "momentum": 0.9}],
    ids=str,
)
def test_moments_are_what_the_optimizer_keeps_after_a_step(optimizer, tied, softmax):
    trainer = trainer_of("bytes", optimizer=optimizer, tied=tied, softmax=softmax)
    window, _ = trainer.reader.read(trainer.reader.start())
    step_of(trainer, 0, 10, window, trainer.zero_state())
    kept = [t for name, t in trainer.update.moments().items() if not name.endswith(".step")]
    cutoffs = CUTOFFS if softmax == "adaptive" else None
    predicted = count_memory(trainer.config, trainer.softmax.n_words, 20, StepWords(9, 9), cutoffs)
    assert predicted.moments == sum(4 * t.numel() for t in kept)
    weights = [*trainer.bilm.parameters(), *trainer.softmax.parameters()]
    assert predicted.weights == sum(4 * p.numel() for p in weights)


def test_what_saves_memory_is_reported_to_save_it():
    plain = pretrain_config({"size": "small"}, [])
    for settings in ({"accumulate": 4}, {"rows": 16}, {"window": 10}, {"precision": "bfloat16"}, {"size": "tiny"}):
        other = pretrain_config({"size": "small", **settings}, [])
        assert count_activations(other, 30_000, WORDS) < 0.75 * count_activations(plain, 30_000, WORDS), settings
    for settings in ({"softmax": "full"}, {"tied": True}, {"state_reset": "sentences"}, {"n_negatives": 9000}):
        other = pretrain_config({"size": "small", **settings}, [])
        assert count_activations(other, 30_000, WORDS) > 1.02 * count_activations(plain, 30_000, WORDS), settings


MEASURE = """
import json, sys
import torch
from conftest import encode_text, step_of
from elmo.apps.pretraining.run_cost import _words_of_step
from elmo.apps.pretraining.text_sample import TextSample
from elmo.checkpoints.saved_model import ModelConfig, SavedModel
from elmo.model.bilm import BiLM
from elmo.model.output.adaptive_softmax import output_layer
from elmo.text.words.word_encoder import WordEncoder
from elmo.text.words.vocabulary import Vocabulary
from elmo.train.cost import count_memory
from elmo.train.recipe import pretrain_config
from elmo.train.data.encoded_corpus import cutoffs_of, encode_corpus
from elmo.train.trainer import Trainer

def peak():  # of this program; ru_maxrss would be the peak of the one that started it too
    return 1024 * next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))

def run(config, n_steps):
    softmax = output_layer(len(vocabulary), config.bilm.encoder.projection_size, cutoffs)
    model = SavedModel(ModelConfig(bilm=config.bilm, n_words=len(vocabulary)), BiLM(config.bilm), softmax, vocabulary)
    trainer = Trainer(model, corpus, config)
    position, state = trainer.reader.start(), trainer.zero_state()
    for number in range(n_steps):
        window, position = trainer.reader.read(position)
        state = step_of(trainer, number, n_steps, window, state).state

words = [f"word{i * i % 9973}" for i in range(60_000)]
text = encode_text([words[i : i + 20] for i in range(0, len(words), 20)])
vocabulary = Vocabulary(["<S>", "</S>", "<UNK>", *dict.fromkeys(words)])
corpus = encode_corpus(text, [], vocabulary, WordEncoder(50))
cutoffs = None
run(pretrain_config({"rows": 1, "window": 2, "bilm": {"lstm": {"cell_size": 8}}}, []), 3)  # loads what PyTorch loads late
before = peak()
config = pretrain_config(json.loads(sys.argv[1]), [])
cutoffs = cutoffs_of(config, text, corpus.targets, vocabulary)
sample = TextSample(1, 1, 1, 1, 1, True, 0.0, text)
predicted = count_memory(config, len(vocabulary), 10_000, _words_of_step(sample, config, vocabulary), cutoffs)
run(config, 5)
print(peak() - before, predicted.weights + predicted.gradients + predicted.moments + predicted.activations)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        '{"size": "tiny", "rows": 128}',
        '{"size": "tiny", "rows": 256, "precision": "bfloat16"}',
        '{"size": "small"}',
        '{"size": "small", "rows": 128, "accumulate": 4, "optimizer": {"name": "adagrad"}}',
        '{"size": "small", "softmax": "full", "optimizer": {"name": "sgd"}}',
        '{"size": "tiny", "rows": 128, "tied": true}',
        '{"size": "small", "rows": 128, "softmax": "adaptive"}',
        '{"size": "tiny", "rows": 256, "softmax": "adaptive", "precision": "bfloat16"}',
        '{"size": "medium", "rows": 16}',
        '{"rows": 128, "bilm": {"encoder": {"kind": "gated_cnn"}}}',
        '{"rows": 256, "precision": "bfloat16", "bilm": {"encoder": {"kind": "gated_cnn", "channels": 512}}}',
    ],
)
def test_the_memory_of_a_run_is_the_predicted_within_a_factor_of_one_and_a_half(settings):
    tests = os.path.dirname(os.path.dirname(__file__))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([tests, *sys.path])}
    command = [sys.executable, "-c", MEASURE, settings]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600, env=environment)
    grown, predicted = map(int, ran.stdout.split())
    assert predicted / 1.5 < grown < predicted * 1.5, (grown >> 20, predicted >> 20)


@pytest.mark.parametrize(
    ("settings", "n_bytes"),
    [
        ({"size": "tiny"}, 136_457_600),
        ({"size": "small", "precision": "bfloat16", "state_reset": "sentences"}, 184_829_824),
        ({"size": "tiny", "dropout": {"layer_inputs": 0.1, "recurrent": 0.1}, "accumulate": 3}, 68_722_048),
        ({"size": "medium", "dropout": 0.0, "softmax": "full"}, 812_141_952),
    ],
)
def test_the_bytes_of_an_lstm_are_those_counted_before_there_was_another_encoder(settings, n_bytes):
    assert count_activations(pretrain_config(settings, []), 30_000, StepWords(600, 2000)) == n_bytes
