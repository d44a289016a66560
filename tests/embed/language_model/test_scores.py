"""Scores and fillings beside a twin that reads each prefix and suffix alone and computes the softmax in NumPy."""

import math

import numpy as np
import pytest
import torch

from conftest import small_model
from elmo import Elmo
from elmo.embed.language_model.scores import scores_of_each
from elmo.errors import CheckpointError, ConfigError, TextError
from elmo.train.perplexity import measure_perplexity

pytestmark = pytest.mark.filterwarnings("ignore:.* of the words of this text are not in the vocabulary")

SENTENCES = [
    ["The", "bank", "of", "the", "river", "was", "green", "."],
    ["She", "put", "money", "in", "the", "bank", "."],
    ["Unseen", "words", "日本", "bank"],
    ["bank"],
    [],
]


@pytest.fixture(scope="module")
def elmo():
    return Elmo(small_model())


def twin(model, words):
    """log2 of the probability of every word of the vocabulary: before each token and the end mark, float64 (n + 1, V)."""
    start, end = model.word_encoder.boundaries
    rows = []
    for t in range(len(words) + 1):
        pair = []
        for part, direction in (([start, *words[:t]], 0), ([*words[t:], end], 1)):
            ids = torch.from_numpy(model.word_encoder.encode(part))[None]
            with torch.no_grad():
                layers, _ = model.bilm(ids, torch.ones(1, len(part), dtype=torch.bool))
            top = layers[0, -1].double().numpy()
            P = top.shape[1] // 2
            x = top[-1, :P] if direction == 0 else top[0, P:]
            logits = model.softmax.weight.detach().double().numpy() @ x + model.softmax.bias.detach().double().numpy()
            pair.append((logits - logits.max() - np.log(np.exp(logits - logits.max()).sum())) / math.log(2))
        rows.append(pair)
    return np.array(rows)  # (n + 1, 2, V): before t from the left, and from t on from the right


def test_the_bits_of_each_token_are_those_of_the_twin(elmo):
    vocabulary = elmo.model.vocabulary
    for words, found in zip(SENTENCES, elmo.score(SENTENCES), strict=True):
        rows, ids = twin(elmo.model, words), vocabulary.encode(words)
        forward = [-rows[t, 0, i] for t, i in enumerate(ids)] + [-rows[len(words), 0, vocabulary.end_id]]
        backward = [-rows[t + 1, 1, i] for t, i in enumerate(ids)] + [-rows[0, 1, vocabulary.start_id]]
        assert np.allclose(found.forward_bits, forward, atol=1e-5)
        assert np.allclose(found.backward_bits, backward, atol=1e-5)
        assert found.tokens == words
        assert found.unknown == sum(i == vocabulary.unknown_id for i in ids)
        assert found.bits == pytest.approx((sum(forward) + sum(backward)) / 2, abs=1e-4)
        assert np.allclose(found.token_bits, (np.array(forward) + np.array(backward))[:-1] / 2, atol=1e-5)


def test_the_scores_of_a_text_add_up_to_its_perplexity(elmo):
    found = elmo.score(SENTENCES[:4])
    whole = measure_perplexity(elmo.model, SENTENCES[:4])
    n = sum(len(one.forward_bits) for one in found)
    assert 2 ** (sum(one.bits for one in found) / n) == pytest.approx(whole.mean, rel=1e-6)
    assert 2 ** (sum(one.forward_bits.sum() for one in found) / n) == pytest.approx(whole.forward, rel=1e-6)
    assert sum(one.unknown for one in found) / n == whole.oov_rate
    assert found[3].pseudo_perplexity == pytest.approx(measure_perplexity(elmo.model, [["bank"]]).mean, rel=1e-6)


def test_a_stream_is_scored_as_it_is_read_and_strings_are_tokenized(elmo):
    assert [one.tokens for one in scores_of_each(elmo.model, iter(SENTENCES))] == SENTENCES
    (found,) = elmo.score(["The bank ."])
    assert found.tokens == ["The", "bank", "."]
    assert repr(found).startswith("SentenceScore(3 tokens, ")
    assert set(found.facts()) == {
        *("tokens", "forward_bits", "backward_bits", "bits", "pseudo_perplexity", "unknown", "spelling_bits", "warning")
    }


@pytest.mark.parametrize(("words", "at"), [(SENTENCES[0], 1), (SENTENCES[0], 0), (SENTENCES[1], 6), (["bank"], 0)])
def test_a_place_is_filled_by_the_product_of_both_directions(elmo, words, at):
    rows, vocabulary = twin(elmo.model, words), elmo.model.vocabulary
    both = rows[at, 0] + rows[at + 1, 1]
    both[[vocabulary.start_id, vocabulary.end_id, vocabulary.unknown_id]] = -np.inf
    expected = np.exp2(both - both.max())
    expected /= expected.sum()
    order = np.argsort(-expected, kind="stable")
    for inside in ("MASK", words[at]):
        found = elmo.fill([*words[:at], f"[{inside}]", *words[at + 1 :]], k=5)
        assert [p for _, p in found] == pytest.approx(expected[order[:5]], rel=1e-4)
        assert [word for word, _ in found] == [vocabulary.words[i] for i in order[:5]]
    everything = elmo.fill([*words[:at], "[MASK]", *words[at + 1 :]], k=10**6)
    assert len(everything) == len(vocabulary) - 3
    assert sum(p for _, p in everything) == pytest.approx(1)


def test_a_string_is_tokenized_around_the_place(elmo):
    expected = elmo.fill(["The", "[MASK]", "of", "the", "river", "."])
    for text in ("The [MASK] of the river.", "The [no such word] of the river."):
        assert elmo.fill(text) == expected
    assert elmo.fill("[x]") == elmo.fill(["[x]"])


@pytest.mark.parametrize("sentence", ["The bank", "[a] and [b]", "The [] bank", "", ["bank"], ["[a]", "[b]"], ["a[b]"]])
def test_a_sentence_has_one_place(elmo, sentence):
    with pytest.raises(TextError, match="put one word in brackets, as in"):
        elmo.fill(sentence)


def test_what_cannot_be_scored_is_refused(elmo):
    with pytest.raises(ConfigError, match="k=0: give at least 1"):
        elmo.fill("The [MASK]", k=0)
    with pytest.raises(TextError, match="a list of sentences"):
        elmo.score("The bank")
    saved = small_model()
    bare = Elmo(type(saved)(saved.config, saved.bilm, saved.vocabulary))
    for call in (lambda: bare.score(["a"]), lambda: bare.fill("a [MASK]")):
        with pytest.raises(CheckpointError, match="softmax"):
            call()
