import numpy as np
import pytest

from conftest import WORDS
from elmo.errors import TextError
from elmo.text.words import encoded_words as spelled_words
from elmo.text.words.encoded_words import read_spelled_words, spell_words, write_spelled_words
from elmo.text.words.vocabulary import Vocabulary
from elmo.text.words.word_encoder import Speller


def test_words_written_some_at_a_time_are_those_spelled_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(spelled_words, "_AT_ONCE", 3)
    words = [*WORDS, "über", "<unk>"]
    write_spelled_words(words, Speller(13), Vocabulary(WORDS), tmp_path / "words")
    found, expected = read_spelled_words(tmp_path / "words"), spell_words(words, Speller(13), Vocabulary(WORDS))
    assert isinstance(found.spellings, np.memmap)
    assert (found.spellings.dtype, found.spellings.shape) == (np.int16, (11, 13))
    assert np.array_equal(found.spellings, expected.spellings)
    assert found.targets.tolist() == [*range(9), 2, 2]


def test_altered_spellings_do_not_open(tmp_path):
    write_spelled_words(WORDS, Speller(13), Vocabulary(WORDS), tmp_path / "words")
    raw = (tmp_path / "words" / "spellings.bin").read_bytes()
    (tmp_path / "words" / "spellings.bin").write_bytes(raw[:-1] + b"\x7f")
    with pytest.raises(TextError, match=r"spellings\.bin was altered"):
        read_spelled_words(tmp_path / "words")
