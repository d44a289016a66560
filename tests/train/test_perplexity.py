"""Perplexity by its counting rule, against plain NumPy."""

import json
import math
import subprocess
import sys

import h5py
import numpy as np
import pytest
import torch

from conftest import WORDS, small_model
from elmo.checkpoints.formats.allennlp_hdf5 import load_allennlp, save_allennlp
from elmo.checkpoints.saved_model import SavedModel
from elmo.errors import TextError
from elmo.model.output.softmax import Softmax
from elmo.text.sources.corpus import corpus_words
from elmo.text.words.characters import encode_words
from elmo.text.words.vocabulary import read_vocabulary
from elmo.train.perplexity import NOTHING, Perplexity, measure_each, measure_perplexity
from twins import bilm as twin

SENTENCES = [["the", "river", "bank"], ["unheard", "money", "."], ["bank"], ["<unk>", "lends"]]


def plain_numpy(model, folder, sentences):
    """Both directions with the slow twin and a softmax in plain numpy: sums of nats, tokens, unknown words."""
    save_allennlp(model, folder)
    arrays = {}
    with h5py.File(folder / "weights.hdf5") as file:
        file.visititems(lambda name, x: arrays.__setitem__(name, x[()]) if isinstance(x, h5py.Dataset) else None)
    options = json.loads((folder / "options.json").read_text())
    weight, bias = (p.detach().double().numpy() for p in (model.softmax.weight, model.softmax.bias))
    P = options["lstm"]["projection_dim"]

    def nats(vector, word):
        scores = weight @ vector + bias
        return (
            math.log(np.exp(scores - scores.max()).sum())
            + scores.max()
            - scores[WORDS.index(word if word in WORDS else "<UNK>")]
        )

    forward = backward = tokens = unknown = 0
    for words in sentences:
        words = ["<UNK>" if w == "<unk>" else w for w in words]
        line = ["<S>", *words, "</S>"]
        top = twin.bilm_of(words, options, arrays)[0][-1]
        forward += sum(nats(top[t, :P], line[t + 1]) for t in range(len(words) + 1))
        backward += sum(nats(top[t, P:], line[t - 1]) for t in range(1, len(words) + 2))
        tokens += len(words) + 1
        unknown += sum(w not in WORDS or w == "<UNK>" for w in words)
    return forward, backward, tokens, unknown


def test_perplexity_agrees_with_plain_numpy(tmp_path):
    model = small_model(scale=1.0)
    forward, backward, tokens, unknown = plain_numpy(model, tmp_path / "m", SENTENCES)
    found = measure_perplexity(model, [*SENTENCES, []], max_positions=12)
    assert (found.tokens, found.unknown) == (tokens, unknown) == (13, 2)
    assert found.forward == pytest.approx(math.exp(forward / tokens), rel=1e-4)
    assert found.backward == pytest.approx(math.exp(backward / tokens), rel=1e-4)
    assert found.mean == pytest.approx(math.exp((forward + backward) / 2 / tokens), rel=1e-4)
    assert found.oov_rate == pytest.approx(2 / 13)
    bits = (forward + backward) / 2 / math.log(2)
    spelled = sum(8 * (len(word.encode()) + 1) for words in SENTENCES for word in words if word not in WORDS)
    assert spelled > 0
    assert found.bits_per_byte(100) == pytest.approx((bits + spelled) / 100, rel=1e-4)


def test_a_model_of_no_preference_has_the_perplexity_of_its_vocabulary():
    model = small_model()
    with torch.no_grad():
        for p in model.softmax.parameters():
            p.zero_()
    found = measure_perplexity(model, SENTENCES)
    assert found.forward == pytest.approx(len(WORDS), rel=1e-5)
    assert found.backward == pytest.approx(len(WORDS), rel=1e-5)


def test_batches_do_not_change_it():
    model = small_model(scale=1.0)
    results = [measure_perplexity(model, SENTENCES * 9, max_tokens) for max_tokens in (1, 30, 4096)]
    assert results[0].mean == pytest.approx(results[1].mean, rel=1e-6)
    assert results[0].mean == pytest.approx(results[2].mean, rel=1e-6)


def total(each):
    return sum(each, start=NOTHING)


def assert_same(found, expected):
    assert (found.tokens, found.unknown) == (expected.tokens, expected.unknown)
    assert found.forward_nats == pytest.approx(expected.forward_nats, rel=1e-6)
    assert found.backward_nats == pytest.approx(expected.backward_nats, rel=1e-6)


@pytest.mark.parametrize("state", ["zero", "carry"])
@pytest.mark.parametrize(("group_tokens", "max_positions"), [(1, 4096), (11, 4096), (2**18, 3), (11, 1)])
def test_groups_and_windows_do_not_change_a_sentence(state, group_tokens, max_positions):
    model = small_model(scale=1.0)
    sentences = [words * (1 + i % 3) for i, words in enumerate(SENTENCES * 3)]
    expected = list(measure_each(model, sentences, state))
    how = {"group_tokens": group_tokens, "max_positions": max_positions}
    for a, b in zip(measure_each(model, sentences, state, **how), expected, strict=True):
        assert_same(a, b)


def test_each_sentence_has_its_own_figure():
    model = small_model(scale=1.0)
    for found, words in zip(measure_each(model, SENTENCES), SENTENCES, strict=True):
        assert_same(found, measure_perplexity(model, [words]))


@pytest.mark.parametrize("state", ["zero", "carry"])
def test_a_stream_is_read_as_it_is_needed(state):
    taken = []
    stream = (taken.append(i) or ["the", "bank"] for i in range(1000))
    each = measure_each(small_model(), stream, state, group_tokens=20, max_positions=20)
    for _ in range(33):
        next(each)
    assert 33 <= len(taken) <= 33 + 11


@torch.no_grad()
def test_a_carried_state_goes_on_where_the_last_word_ended():
    model = small_model(scale=1.0)
    found = list(measure_each(model, SENTENCES, "carry"))
    for direction, stack in enumerate((model.bilm.forward_lm, model.bilm.backward_lm)):
        state = None
        for words, figure in zip(SENTENCES, found, strict=True):
            line = ["<S>", *words, "</S>"][:: -1 if direction else 1]
            outputs, state = stack(spell(model, line[:-1]), None, state)
            ids = torch.from_numpy(model.vocabulary.encode(line[1:])).long()
            nats = model.softmax.loss(outputs[-1][0], ids).sum().item()
            assert (figure.forward_nats, figure.backward_nats)[direction] == pytest.approx(nats, rel=1e-5)
    assert found[0].forward_nats == pytest.approx(next(measure_each(model, SENTENCES)).forward_nats, rel=1e-6)
    assert found[1].forward_nats != pytest.approx(list(measure_each(model, SENTENCES))[1].forward_nats, rel=1e-3)


def spell(model, words):
    return model.bilm.char_cnn(torch.from_numpy(encode_words(words, 13)))[None]


@pytest.fixture
def tiny_lm(shared):
    """The language model that bilm-tf trained, with the softmax of its checkpoint, and the text it was tested on."""
    folder = shared / "fixtures" / "bilm_tf" / "tiny_lm"
    model = load_allennlp(folder / "options_for_embedding.json", folder / "weights.hdf5")
    arrays = np.load(folder / "checkpoint_arrays.npz")
    softmax = Softmax(*arrays["lm|softmax|W"].shape)
    with torch.no_grad():
        softmax.weight.copy_(torch.from_numpy(arrays["lm|softmax|W"]))
        softmax.bias.copy_(torch.from_numpy(arrays["lm|softmax|b"]))
    whole = SavedModel(model.config, model.bilm, softmax, read_vocabulary(folder / "vocab.txt"))
    return whole, list(corpus_words([folder / "train.txt"], pretokenized=True))


def test_the_carried_figure_is_that_of_bilm_tfs_own_test(tiny_lm):
    model, sentences = tiny_lm
    found = total(measure_each(model, sentences, "carry"))
    assert found.tokens == 139
    assert found.forward == pytest.approx(2.9830231745, rel=1e-6)
    assert found.backward == pytest.approx(2.4743649110, rel=1e-6)
    assert found.mean == pytest.approx(2.7168159485, rel=1e-6)


LARGE = """
import resource
import torch
from elmo.checkpoints.saved_model import ModelConfig, SavedModel
from elmo.model.bilm import BiLM
from elmo.model.config import BiLMConfig, CharCNNConfig
from elmo.model.encoders.lstm.settings import LSTMConfig
from elmo.model.output.softmax import Softmax
from elmo.text.words.vocabulary import Vocabulary
from elmo.train.perplexity import measure_perplexity

lstm = LSTMConfig(n_layers=1, cell_size=64, projection_size=512)
bilm = BiLM(BiLMConfig(char_cnn=CharCNNConfig(filters=((1, 8),), n_highway=1), lstm=lstm))
softmax = Softmax(800_000, 512)
vocabulary = Vocabulary(["<S>", "</S>", "<UNK>", *(f"w{i}" for i in range(799_997))])
sentences = [[f"w{97 * i + 1009 * j}" for j in range(19)] for i in range(100)]
model = SavedModel(ModelConfig(bilm=bilm.config, n_words=800_000), bilm, softmax, vocabulary)
found = measure_perplexity(model, sentences)
print(found.tokens, found.mean, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_a_softmax_of_800000_words_is_measured_in_4_gb():
    done = subprocess.run([sys.executable, "-c", LARGE], check=True, capture_output=True, text=True)
    tokens, mean, most_kb = done.stdout.split()
    assert int(tokens) == 2000
    assert float(mean) == pytest.approx(800_000, rel=0.05)  # a fresh model has hardly a preference
    assert int(most_kb) < 4_000_000


def test_no_sentence_is_refused():
    model = small_model()
    with pytest.raises(TextError, match="the text is empty"):
        measure_perplexity(model, [[]])


def test_a_model_that_went_astray_has_an_infinite_perplexity():
    assert Perplexity(1e9, 10.0, 10, 0, 0).forward == math.inf
    assert Perplexity(1e9, 10.0, 10, 0, 0).backward == pytest.approx(math.e)
