"""Vectors of a teacher that are kept: the same numbers whoever asks first, within their bytes, damage computed anew."""

import numpy as np
import pytest
import torch

from conftest import encode_text
from elmo.text.words.vocabulary import Vocabulary
from elmo.text.words.word_encoder import WordEncoder
from elmo.train.adaptation.mixed_text import MixedText
from elmo.train.data.encoded_corpus import EncodedCorpus, encode_corpus
from elmo.train.teachers import kept_vectors
from elmo.train.teachers.kept_vectors import SentenceVectors
from elmo.train.teachers.teacher import TaughtSentence, Teacher, normalised

RANDOM = np.random.default_rng(0)
SENTENCES = [[f"s{i}w{k}" for k in range(n)] for i, n in enumerate(RANDOM.integers(1, 12, size=25))]
OTHERS = [[f"o{i}w{k}" for k in range(n)] for i, n in enumerate(RANDOM.integers(1, 5, size=12))]
SIZE, LAYERS = 8, [0, 2]
PER_WORD = 2 * (len(LAYERS) * SIZE + 1)


class Company(Teacher):
    """Says something else of a word when other sentences are read with it, as a batch of another shape might."""

    n_layers, size = 3, SIZE

    def __init__(self):
        self.n_read = 0

    def keep(self, folder):
        raise NotImplementedError

    def read(self, sentences):
        self.n_read += len(sentences)
        found = []
        for words in sentences:
            own = np.random.default_rng(len("".join(words)))
            layers = torch.from_numpy(own.normal(size=(3, len(words), SIZE))).float() * (1 + 1e-3 * len(sentences)) + 1
            found.append(TaughtSentence(layers, torch.tensor(["w2" not in word for word in words])))
        return found


@pytest.fixture
def corpus(monkeypatch):
    monkeypatch.setattr(kept_vectors, "BLOCK", 4)
    first = encode_corpus(encode_text(SENTENCES), [], Vocabulary(["<S>", "</S>", "<UNK>"]), WordEncoder(20))
    return EncodedCorpus(first.text, [], first.spellings, first.targets, MixedText(encode_text(OTHERS), 0.5, False))


def all_of(vectors, order):
    found = {}
    for number in order:
        (found[number],) = vectors.read([number])
    return [found[number] for number in sorted(found)]


def test_kept_numbers_do_not_depend_on_the_order(tmp_path, corpus):
    n = len(SENTENCES) + len(OTHERS)
    kept = [SentenceVectors(Company(), LAYERS, corpus, tmp_path / name, 1e9) for name in "ab"]
    assert kept[0].n_kept == kept[0].n_sentences == n
    found = [all_of(kept[0], range(n)), all_of(kept[1], reversed(range(n)))]
    again = SentenceVectors(Company(), LAYERS, corpus, tmp_path / "a", 1e9)
    found.append(again.read(range(n)))
    for number, (a, b, c) in enumerate(zip(*found, strict=True)):
        words = [*SENTENCES, *OTHERS][number]
        assert a.layers.shape == (2, len(words), SIZE)
        assert torch.equal(a.layers, b.layers)
        assert torch.equal(a.layers, c.layers)
        assert a.known.tolist() == b.known.tolist() == c.known.tolist() == ["w2" not in word for word in words]
    assert again._teacher.n_read == 0
    right = Company().read([[*SENTENCES, *OTHERS][k] for k in range(4)])
    for each, own in zip(right, found[0], strict=False):
        assert torch.allclose(normalised(each.layers[LAYERS]), own.layers, atol=2e-3)


@pytest.mark.parametrize("n_blocks", [0, 1, 3, 7, 99])
def test_no_more_is_kept_than_it_may(tmp_path, corpus, n_blocks):
    sentences = [*SENTENCES, *OTHERS]
    n_sentences = min(4 * n_blocks, len(sentences))
    n_bytes = sum(map(len, sentences[:n_sentences])) * PER_WORD
    for room, expected in ((n_bytes, n_sentences), (n_bytes - 1, max(0, n_sentences - (n_sentences % 4 or 4)))):
        folder = tmp_path / f"kept{room}"
        vectors = SentenceVectors(Company(), LAYERS, corpus, folder, room)
        assert vectors.n_kept == (expected if n_bytes else 0)
        read = vectors.read(range(len(sentences)))
        assert [each.layers.shape[1] for each in read] == [len(words) for words in sentences]
        written = sum(path.stat().st_size for path in folder.glob("*/*.bin")) if folder.exists() else 0
        assert written <= max(room, 0)


def test_a_damaged_or_torn_block_is_computed_anew(tmp_path, corpus):
    vectors = SentenceVectors(Company(), LAYERS, corpus, tmp_path / "kept", 1e9)
    right = vectors.read(range(8))
    blocks = sorted((tmp_path / "kept").iterdir())
    file = blocks[0] / "vectors.bin"
    content = bytearray(file.read_bytes())
    content[10] ^= 1
    file.write_bytes(content)
    (blocks[1] / "index.json").unlink()
    again = SentenceVectors(Company(), LAYERS, corpus, tmp_path / "kept", 1e9)
    for a, b in zip(right, again.read(range(8)), strict=True):
        assert torch.equal(a.layers, b.layers)
    assert again._teacher.n_read == 8


def test_what_is_not_kept_is_read_each_time(corpus):
    teacher = Company()
    vectors = SentenceVectors(teacher, LAYERS, corpus)
    vectors.read([3, 1])
    vectors.read([3])
    assert teacher.n_read == 3
    assert vectors.read([]) == []
