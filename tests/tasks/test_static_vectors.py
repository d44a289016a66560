"""Static vectors: a file of them is read, the words that are worth keeping are kept, and a token finds its own."""

import gzip

import numpy as np
import pytest
import torch

from elmo.apps.to_static import write_word2vec
from elmo.errors import TextError
from elmo.tasks.batches import Words, make_batch
from elmo.tasks.config import InputConfig, TaskConfig
from elmo.tasks.encoder import Encoder
from elmo.tasks.examples import Example, with_blanks
from elmo.tasks.static_vectors import StaticWords, read_static_vectors, words_in

WORDS = ["the", "bank", "Bank", "日本", "river"]
TABLE = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)


def of_words(*words, other=None):
    text, tokens = with_blanks(words)
    return Example(tokens, [], text, 1, other)


@pytest.fixture
def file(tmp_path):
    with (tmp_path / "v.txt").open("wb") as target:
        write_word2vec(target, WORDS, TABLE)
    return tmp_path / "v.txt"


@pytest.mark.parametrize("form", ["word2vec", "GloVe", "gz"])
def test_a_file_comes_back_whatever_its_form(file, form, tmp_path):
    path, content = file, file.read_bytes()
    if form == "GloVe":  # no first line; a word may hold a blank
        path.write_bytes(content.split(b"\n", 1)[1] + b". . 1 2 3\n")
    if form == "gz":
        path = tmp_path / "v.txt.gz"
        path.write_bytes(gzip.compress(content))
    found = read_static_vectors(path, 99, ())
    assert found.words == [*WORDS, *([". ."] if form == "GloVe" else [])]
    assert np.allclose(found.table[:5], TABLE, rtol=1e-6)


def test_the_first_words_and_those_that_are_needed_are_kept(file):
    needed = words_in([of_words("River", other=of_words("nowhere"))])
    assert needed == {"River", "river", "nowhere"}
    found = read_static_vectors(file, 2, needed)
    assert found.words == ["the", "bank", "river"]
    assert np.allclose(found.table, TABLE[[0, 1, 4]], rtol=1e-6)


def test_of_a_word_that_stands_there_twice_the_first_counts(file):
    with file.open("a") as more:
        more.write("the 7 7 7\n")
    assert np.allclose(read_static_vectors(file, 99, ()).table[0], TABLE[0], rtol=1e-6)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "no vector in it"),
        ("2 3\n", "no vector in it"),
        ("2 3\na 1 2 3\nb 1 2\n", r"line 3: 2 numbers after a word, expected 3"),
        ("a 1 2\nb 1 x\n", r"line 2: '1 x' are no numbers"),
        ("a 1 2\nb 1 nan\n", "line 2: a number that is not finite"),
        ("word\n", "line 1: 0 numbers"),
    ],
)
def test_what_is_no_file_of_vectors_is_refused(tmp_path, content, told):
    (tmp_path / "v.txt").write_text(content)
    with pytest.raises(TextError, match=told):
        read_static_vectors(tmp_path / "v.txt", 99, ())


def test_a_token_has_the_row_of_its_word_or_of_its_lower_case():
    static = StaticWords(WORDS, 3)
    assert static.ids(["the", "The", "Bank", "BANK", "日本", "money"]) == [2, 2, 4, 3, 5, 1]


def test_each_token_is_read_with_its_vector_and_an_unknown_one_with_zeros():
    words = Words(["the"], StaticWords(WORDS, 3))
    config = TaskConfig(task="tag", model=None)
    encoder = Encoder(config, words.sizes, None)
    encoder.static.fill(torch.from_numpy(TABLE))
    batch = make_batch([of_words("The", "money"), of_words("river", "of", "the")], None, words, InputConfig())
    found = encoder.static(batch.static_ids)
    zeros = np.zeros(3)
    assert np.allclose(found[0], [TABLE[0], zeros, zeros])
    assert np.allclose(found[1], [TABLE[4], zeros, TABLE[0]])
    assert encoder.lstm.forwards[0].input_size == encoder.own.width + 3
    assert not encoder.static.rows.weight.requires_grad
