"""Static vectors: of a file the words that are worth keeping are kept, and a token finds its own."""

import numpy as np
import pytest
import torch

from elmo.apps.embedding.to_static import write_word2vec
from elmo.tasks.batches import Words, make_batch
from elmo.tasks.config import InputConfig
from elmo.tasks.data.static_words import StaticWords, read_task_vectors, words_in
from elmo.tasks.examples import Example, with_blanks
from elmo.tasks.kinds.registry import task_config
from elmo.tasks.layers.encoder import Encoder

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


def test_the_first_words_and_those_that_are_needed_are_kept(file):
    needed = words_in([of_words("River", other=of_words("nowhere"))])
    assert needed == {"River", "river", "nowhere"}
    found = read_task_vectors(file, 2, needed)
    assert found.words == ["the", "bank", "river"]
    assert np.allclose(found.table, TABLE[[0, 1, 4]], rtol=1e-6)


def test_a_token_has_the_row_of_its_word_or_of_its_lower_case():
    static = StaticWords(WORDS, 3)
    assert static.ids(["the", "The", "Bank", "BANK", "日本", "money"]) == [2, 2, 4, 3, 5, 1]


def test_each_token_is_read_with_its_vector_and_an_unknown_one_with_zeros():
    words = Words(["the"], StaticWords(WORDS, 3))
    config = task_config(task="tag", model=None)
    encoder = Encoder(config, words.sizes, None)
    encoder.static.fill(torch.from_numpy(TABLE))
    batch = make_batch([of_words("The", "money"), of_words("river", "of", "the")], None, words, InputConfig())
    found = encoder.static(batch.static_ids)
    zeros = np.zeros(3)
    assert np.allclose(found[0], [TABLE[0], zeros, zeros])
    assert np.allclose(found[1], [TABLE[4], zeros, TABLE[0]])
    assert encoder.lstm.forwards[0].input_size == encoder.own.width + 3
    assert not encoder.static.rows.weight.requires_grad
