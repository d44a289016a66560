import numpy as np
import pytest

from conftest import INPUT_LAYERS
from elmo.text.words.characters import encode_words
from elmo.text.words.lexicon import Lexicon
from elmo.text.words.vocabulary import SPECIALS, Vocabulary
from elmo.text.words.word_encoder import WordEncoder

TEXT = ["the", "", "日本", "never", "<S>", "</S>", "<UNK>"]
WORD_IDS = [4, 3, 7, 3, 1, 2, 3]


@pytest.mark.parametrize(
    ("layer", "width", "n_ids"),
    [("bytes", 13, 262), ("alphabet", 13, 23), ("bytes, words", 14, 262), ("alphabet, words", 14, 23), ("words", 1, 8)],
)
def test_a_row_holds_the_characters_and_last_the_id_of_the_word(layer, width, n_ids):
    config, lexicon = INPUT_LAYERS[layer]
    word_encoder = WordEncoder(config.max_characters, lexicon)
    rows = word_encoder.encode(TEXT)
    assert (word_encoder.width, word_encoder.n_ids) == (width, n_ids)
    assert rows.shape == (7, width)
    assert word_encoder.encode([]).shape == (0, width)
    if lexicon.input_words is not None:
        assert rows[:, -1].tolist() == WORD_IDS
    if config.char_cnn is not None:
        alphabet = lexicon.alphabet
        characters = encode_words(TEXT, 13) if alphabet is None else alphabet.encode_words(TEXT, 13)
        assert np.array_equal(rows[:, :13], characters)


@pytest.mark.parametrize(("n_rows", "dtype"), [(2**15 - 1, np.int16), (2**15, np.int32)])
def test_compact_rows_hold_every_id(n_rows, dtype):
    words = Vocabulary(["<S>", "</S>", "<UNK>", *(f"w{i}" for i in range(n_rows - 3))])
    rows = WordEncoder(None, Lexicon(None, words)).encode_compact([words.words[-1], "<S>"])
    assert rows.tolist() == [[n_rows], [1]]
    assert rows.dtype == dtype


def test_words_without_a_vector_are_looked_up_in_small_letters():
    lexicon = Lexicon(input_words=Vocabulary([*SPECIALS, "bank", "Bank", "river"]))
    words = ["bank", "Bank", "BANK", "river", "River", "RIVER", "x", "<S>", "</S>"]
    exact, folded = (WordEncoder(20, lexicon, fold_case=fold).encode(words)[:, -1].tolist() for fold in (False, True))
    assert exact == [4, 5, 3, 6, 3, 3, 3, 1, 2]
    assert folded == [4, 5, 4, 6, 6, 6, 3, 1, 2]
