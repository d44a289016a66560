"""Perplexity by its counting rule, against plain NumPy."""

import json
import math

import h5py
import numpy as np
import pytest
import torch

from conftest import WORDS, small_model
from elmo.checkpoints.bilm_tf import save_bilm_tf
from elmo.errors import TextError
from elmo.train.perplexity import Perplexity, measure_perplexity
from twins import bilm as twin

SENTENCES = [["the", "river", "bank"], ["unheard", "money", "."], ["bank"], ["<unk>", "lends"]]


def plain_numpy(model, folder, sentences):
    """Both directions with the slow twin and a softmax in plain numpy: sums of nats, tokens, unknown words."""
    save_bilm_tf(model, folder)
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
    found = measure_perplexity(
        model.bilm, model.softmax, model.vocabulary, model.speller, [*SENTENCES, []], max_places=12
    )
    assert (found.tokens, found.unknown) == (tokens, unknown) == (13, 2)
    assert found.forward == pytest.approx(math.exp(forward / tokens), rel=1e-4)
    assert found.backward == pytest.approx(math.exp(backward / tokens), rel=1e-4)
    assert found.mean == pytest.approx(math.exp((forward + backward) / 2 / tokens), rel=1e-4)
    assert found.oov_rate == pytest.approx(2 / 13)
    assert found.bits_per_byte(100) == pytest.approx((forward + backward) / 2 / math.log(2) / 100, rel=1e-4)


def test_a_model_of_no_preference_has_the_perplexity_of_its_vocabulary():
    model = small_model()
    with torch.no_grad():
        for p in model.softmax.parameters():
            p.zero_()
    found = measure_perplexity(model.bilm, model.softmax, model.vocabulary, model.speller, SENTENCES)
    assert found.forward == pytest.approx(len(WORDS), rel=1e-5)
    assert found.backward == pytest.approx(len(WORDS), rel=1e-5)


def test_batches_do_not_change_it():
    model = small_model(scale=1.0)
    results = [
        measure_perplexity(model.bilm, model.softmax, model.vocabulary, model.speller, SENTENCES * 9, places)
        for places in (1, 30, 4096)
    ]
    assert results[0].mean == pytest.approx(results[1].mean, rel=1e-6)
    assert results[0].mean == pytest.approx(results[2].mean, rel=1e-6)


def test_no_sentence_is_refused():
    model = small_model()
    with pytest.raises(TextError, match="the text is empty"):
        measure_perplexity(model.bilm, model.softmax, model.vocabulary, model.speller, [[]])


def test_a_model_that_went_astray_has_an_infinite_perplexity():
    assert Perplexity(1e9, 10.0, 10, 0).forward == math.inf
    assert Perplexity(1e9, 10.0, 10, 0).backward == pytest.approx(math.e)
