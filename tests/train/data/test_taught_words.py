"""The words that a teacher explains are those that both directions read in a window, each with its own vectors."""

import numpy as np
import pytest
import torch

from conftest import encode_text
from elmo.text.windows import WindowReader
from elmo.text.words.vocabulary import Vocabulary
from elmo.text.words.word_encoder import WordEncoder
from elmo.train.adaptation.mixed_reader import MixedReader
from elmo.train.adaptation.mixed_text import MixedText
from elmo.train.data.encoded_corpus import encode_corpus
from elmo.train.data.taught_words import WindowTeacher, words_in_both
from elmo.train.teachers.kept_vectors import SentenceVectors
from elmo.train.teachers.teacher import TaughtSentence, Teacher

RANDOM = np.random.default_rng(0)
SENTENCES = [[f"s{i}w{k}" for k in range(n)] for i, n in enumerate(RANDOM.integers(1, 12, size=40))]
OTHERS = [[f"o{i}w{k}" for k in range(n)] for i, n in enumerate(RANDOM.integers(1, 5, size=30))]
SIZE = 3


class Numbering(Teacher):
    """Says of each word a number that is its own, in every layer another; words with `w2` it does not know."""

    n_layers, size = 4, SIZE

    def keep(self, folder):
        raise NotImplementedError

    def read(self, sentences):
        return [
            TaughtSentence(
                torch.stack([torch.stack([vector_of(word, layer) for word in words]) for layer in range(4)]),
                torch.tensor(["w2" not in word for word in words]),
            )
            for words in sentences
        ]


def vector_of(word, layer):
    seed = sum(ord(c) * 31**i for i, c in enumerate(word)) % 2**31 + layer
    return torch.from_numpy(np.random.default_rng(seed).normal(size=SIZE)).float()


def reader_of(sentences, n_rows, window):
    return WindowReader(encode_text(sentences), n_rows, window, seed=0, shuffle="sentences", heldout=[])


@pytest.mark.parametrize("window", [1, 2, 5, 9, 16, 40])
def test_the_words_in_both_are_those_of_a_search(window):
    text = encode_text(SENTENCES)
    reader = reader_of(SENTENCES, 3, window)
    position = reader.start()
    for _ in range(12):
        found, position = reader.read(position)
        read = words_in_both(found, slice(None))
        right = set()
        for row in range(3):
            spans = np.cumsum(found.begins[row])
            for a in range(window):
                for b in range(window):
                    same = spans[a] == spans[b] and found.forward_words[row, a] == found.backward_words[row, b]
                    if same and 0 <= found.forward_words[row, a] < len(text.sentence(found.sentences[row, a])):
                        right.add((row, a, b))
        assert set(zip(*(part.tolist() for part in read), strict=True)) == right
        for row, a, b in right:
            assert found.forward_inputs[row, a] == found.backward_inputs[row, b]
            word = text.sentence(found.sentences[row, a])[found.forward_words[row, a]]
            assert text.words[found.forward_inputs[row, a]] == word


def normal(vector):
    return (vector - vector.mean()) / (vector.var(correction=0) + 1e-5).sqrt()


@pytest.mark.parametrize("rows", [slice(0, 5), slice(1, 3), slice(3, 5)])
def test_each_word_has_its_own_vectors_in_both_texts(rows):
    vocabulary = Vocabulary(["<S>", "</S>", "<UNK>"])
    corpus = encode_corpus(encode_text(SENTENCES), [], vocabulary, WordEncoder(20))
    other = encode_text(OTHERS)
    corpus = type(corpus)(corpus.text, [], corpus.spellings, corpus.targets, MixedText(other, 0.4, is_predicted=False))
    reader = MixedReader(reader_of(SENTENCES, 3, 16), reader_of(OTHERS, 2, 16), 3, 2, len(corpus.text.words))
    teacher = WindowTeacher(SentenceVectors(Numbering(), [1, 3], corpus), 2)
    position = reader.start()
    n_known = 0
    for _ in range(8):
        window, position = reader.read(position)
        taught = teacher.explain(window, rows)
        ahead, behind = (window.forward_inputs[rows].reshape(-1), window.backward_inputs[rows].reshape(-1))
        words = [corpus.words[i] for i in ahead[taught.ahead].tolist()]
        assert words == [corpus.words[i] for i in behind[taught.behind].tolist()]
        for word, vectors in zip(words, taught.layers, strict=True):
            assert "w2" not in word
            for layer, vector in zip((1, 3), vectors, strict=True):
                assert torch.allclose(vector, normal(vector_of(word, layer)), atol=1e-4)
        own = [word.partition("w")[0] for word in words]
        begins = [k for k in range(len(own)) if k == 0 or own[k] != own[k - 1] or words[k].endswith("w0")]
        assert np.flatnonzero(np.diff(taught.sentence, prepend=-1)).tolist() == begins
        n_rows = window.sentences[rows].shape[0]
        expected = np.repeat((np.arange(5) < 3)[rows], 16)
        assert taught.is_predicted.tolist() == expected.tolist()
        assert len(expected) == n_rows * 16
        n_known += len(words)
    assert n_known > 100


def test_a_window_in_which_no_word_meets_itself_teaches_nothing():
    sentences = [[f"w{k}x" for k in range(60)]]
    corpus = encode_corpus(encode_text(sentences * 2), [], Vocabulary(["<S>", "</S>", "<UNK>"]), WordEncoder(20))
    window, _ = reader_of(sentences * 2, 1, 10).read(reader_of(sentences * 2, 1, 10).start())
    taught = WindowTeacher(SentenceVectors(Numbering(), [0], corpus), 0).explain(window, slice(None))
    assert taught.layers.shape == (0, 1, SIZE)
    assert len(taught.ahead) == len(taught.behind) == len(taught.sentence) == 0
    assert taught.is_predicted is None
