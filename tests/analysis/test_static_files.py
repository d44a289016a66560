"""Files of static vectors: word2vec, GloVe and fastText's models; what holds none is refused."""

import io
import struct

import numpy as np
import pytest

from elmo.analysis.static_files import read_static_vectors
from elmo.analysis.static_vectors import fnv_hash
from elmo.apps.embedding.to_static import write_word2vec
from elmo.errors import TextError

WORDS = ["the", "river", "日本"]
VECTORS = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
BUCKETS = 7


def text_file():
    file = io.BytesIO()
    write_word2vec(file, WORDS, VECTORS)
    return file.getvalue()


def fasttext_file(quantized=False, shape=(3 + BUCKETS, 5)):
    arguments = struct.pack("<12id", 5, 5, 5, 1, 5, 1, 2, 1, BUCKETS, 3, 6, 100, 1e-4)
    entries = b"".join(word.encode() + b"\0" + struct.pack("<qb", 9, 0) for word in WORDS)
    matrix = np.concatenate([VECTORS, np.arange(BUCKETS * 5).reshape(BUCKETS, 5) / 8]).astype("<f4")
    head = struct.pack("<ii", 793712314, 12) + arguments + struct.pack("<iiiqq", 3, 3, 0, 99, -1)
    return head + entries + bytes([quantized]) + struct.pack("<qq", *shape) + matrix.tobytes()


@pytest.mark.parametrize("content", [text_file(), text_file().split(b"\n", 1)[1]])
def test_vectors_of_word2vec_and_glove_are_read(tmp_path, content):
    (tmp_path / "v").write_bytes(content)
    vectors, known = read_static_vectors(tmp_path / "v").of(["River", "日本", "sea"])
    assert known.tolist() == [True, True, False]
    np.testing.assert_allclose(vectors, [VECTORS[1], VECTORS[2], np.zeros(5)], rtol=1e-6)


def test_a_fasttext_model_gives_unknown_words_their_subwords(tmp_path):
    (tmp_path / "m.bin").write_bytes(fasttext_file())
    static = read_static_vectors(tmp_path / "m.bin")
    rows = np.arange(BUCKETS * 5).reshape(BUCKETS, 5) / 8
    of_the = [rows[fnv_hash(g) % BUCKETS] for g in ("<th", "<the", "<the>", "the", "the>", "he>")]
    of_sea = [rows[fnv_hash(g) % BUCKETS] for g in ("<se", "<sea", "<sea>", "sea", "sea>", "ea>")]
    vectors, known = static.of(["the", "sea"])
    assert known.all()
    np.testing.assert_allclose(vectors[0], np.mean([VECTORS[0], *of_the], axis=0), atol=2e-3)
    np.testing.assert_allclose(vectors[1], np.mean(of_sea, axis=0), atol=2e-3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "contains no vector"),
        (b"hello\n", "0 numbers after a word"),
        (b"-3 5\n", "-3 vectors of 5 numbers"),
        (b"99999999 99999\n", "vectors of 99999 numbers"),
        (fasttext_file()[:-5], "ends within a vector"),
        (fasttext_file(quantized=True), "quantized models"),
        (fasttext_file(shape=(9, 5)), "a matrix 9 x 5, expected 10 x 5"),
        (fasttext_file()[:40], "not a fastText model"),
        (fasttext_file()[:120], "it ends within a word; the file is cut short"),
    ],
)
def test_what_holds_no_vectors_is_refused(tmp_path, content, message):
    (tmp_path / "v.bin").write_bytes(content)
    with pytest.raises(TextError, match=message):
        read_static_vectors(tmp_path / "v.bin")
