import numpy as np
import pytest

from conftest import WORDS
from elmo.errors import TextError
from elmo.text.words import encoded_words as spelled_words
from elmo.text.words.encoded_words import read_encoded_words, spell_words, write_encoded_words
from elmo.text.words.vocabulary import Vocabulary
from elmo.text.words.word_encoder import WordEncoder


def test_words_written_some_at_a_time_are_those_spelled_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(spelled_words, "_AT_ONCE", 3)
    words = [*WORDS, "über", "<unk>"]
    write_encoded_words(words, WordEncoder(13), Vocabulary(WORDS), tmp_path / "words")
    found, expected = read_encoded_words(tmp_path / "words"), spell_words(words, WordEncoder(13), Vocabulary(WORDS))
    assert isinstance(found.spellings, np.memmap)
    assert (found.spellings.dtype, found.spellings.shape) == (np.int16, (11, 13))
    assert np.array_equal(found.spellings, expected.spellings)
    assert found.targets.tolist() == [*range(9), 2, 2]


def test_altered_spellings_do_not_open(tmp_path):
    write_encoded_words(WORDS, WordEncoder(13), Vocabulary(WORDS), tmp_path / "words")
    raw = (tmp_path / "words" / "spellings.bin").read_bytes()
    (tmp_path / "words" / "spellings.bin").write_bytes(raw[:-1] + b"\x7f")
    with pytest.raises(TextError, match=r"spellings\.bin was changed"):
        read_encoded_words(tmp_path / "words")
