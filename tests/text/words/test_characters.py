import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo.text.words.characters import encode_word, encode_words
from twins.bilm import spell


def test_a_word_is_its_bytes_between_two_marks():
    assert encode_word("The", 7).tolist() == [259, 85, 105, 102, 260, 261, 261]


@pytest.mark.parametrize(("word", "inner"), [("<S>", 257), ("</S>", 258)])
def test_boundaries_have_rows_of_their_own(word, inner):
    assert encode_word(word, 5).tolist() == [259, inner, 260, 261, 261]


def test_unk_is_spelled_like_any_word():
    assert encode_word("<UNK>", 7).tolist() == [259, *(b + 1 for b in b"<UNK>"), 260]


@pytest.mark.parametrize(("length", "kept"), [(47, 47), (48, 48), (49, 48), (100_000, 48)])
def test_a_word_is_cut_to_48_bytes(length, kept):
    row = encode_word("x" * length)
    assert (row == ord("x") + 1).sum() == kept
    assert row[kept + 1] == 260


def test_a_character_may_be_cut_in_the_middle_and_lone_surrogates_vanish():
    assert encode_word("a日", 5).tolist() == [259, ord("a") + 1, 0xE6 + 1, 0x97 + 1, 260]
    assert encode_word("a\ud800", 5).tolist() == encode_word("a", 5).tolist()


def test_no_words_give_no_rows():
    assert encode_words([], 9).shape == (0, 9)


@given(st.text(alphabet=st.characters(exclude_categories=[]), max_size=60))
def test_spelling_agrees_with_its_twin(word):
    assert np.array_equal(encode_word(word), spell(word))
