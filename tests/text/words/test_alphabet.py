from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo.errors import TextError
from elmo.text.words.alphabet import Alphabet, alphabet_from_counts, read_alphabet, write_alphabet
from twins.input_layers import spell

CHARACTERS = "日本e\u0301𠀀"  # ids 1 to 5; 6 is any other; 7, 8 sentence; 9, 10 word; 11 fills


def encode(word, max_characters=7):
    return Alphabet(CHARACTERS).encode_words([word], max_characters)[0].tolist()


def test_a_word_is_its_characters_between_two_marks():
    assert encode("日本") == [9, 1, 2, 10, 11, 11, 11]
    assert encode("") == [9, 10, 11, 11, 11, 11, 11]


def test_a_character_beyond_the_first_plane_is_one_and_a_combining_mark_is_its_own():
    assert encode("𠀀日") == [9, 5, 1, 10, 11, 11, 11]
    assert encode("e\u0301") == [9, 3, 4, 10, 11, 11, 11]
    assert encode("é") == [9, 6, 10, 11, 11, 11, 11]


def test_unknown_characters_and_lone_surrogates_share_one_id():
    assert encode("x日\ud800") == [9, 6, 1, 6, 10, 11, 11]


@pytest.mark.parametrize(("word", "inner"), [("<S>", 7), ("</S>", 8)])
def test_boundaries_have_rows_of_their_own(word, inner):
    assert encode(word, 4) == [9, inner, 10, 11]


def test_a_long_word_is_cut_to_whole_characters():
    assert encode("本" * 9, 5) == [9, 2, 2, 2, 10]


@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_categories=[]) | st.sampled_from(CHARACTERS), max_size=12), max_size=3
    )
)
def test_spelling_agrees_with_its_twin(words):
    rows = Alphabet(CHARACTERS).encode_words(words, 9)
    assert rows.shape == (len(words), 9)
    for row, word in zip(rows, words, strict=True):
        assert np.array_equal(row, spell(word, CHARACTERS, 9))


def test_the_most_frequent_characters_are_learned_and_ties_stand_in_the_order_of_unicode():
    counts = Counter({"ba": 2, "ab𠀀": 3, "日日": 1, "日本": 4, "<S>": 9, "c": 1})
    assert alphabet_from_counts(counts, 99).characters == "日ab本𠀀"
    assert alphabet_from_counts(counts, 2).characters == "日a"


def test_characters_that_stand_once_teach_the_unknown_one():
    assert alphabet_from_counts(Counter({"abca": 1, "d": 2}), 99).characters == "ad"
    with pytest.raises(TextError, match="no character occurs more than once in the corpus"):
        alphabet_from_counts(Counter({"abc": 1, "\ud800\ud800": 1}), 99)


@given(st.text(min_size=1).map(lambda text: "".join(dict.fromkeys(text))))
def test_any_characters_survive_the_file_which_is_ascii(tmp_path_factory, characters):
    path = tmp_path_factory.mktemp("alphabet") / "alphabet.json"
    write_alphabet(Alphabet(characters), path)
    assert read_alphabet(path).characters == characters
    assert path.read_bytes().isascii()


@pytest.mark.parametrize("characters", ["", "aba", "a\udfff"])
def test_what_is_no_alphabet_is_refused(characters):
    with pytest.raises(TextError, match="one or more different characters, none of them a lone surrogate"):
        Alphabet(characters)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file; it holds the alphabet"),
        (b'"ab', "not a readable JSON file"),
        (b"\xff", "not a readable JSON file"),
        (b"[" * 100_000, "nested too deep"),
        (b'["a", "b"]', "one or more different characters"),
        (b'"\\ud800"', "one or more different characters"),
    ],
)
def test_a_file_that_holds_no_alphabet_is_refused_by_name(tmp_path, content, message):
    path = tmp_path / "alphabet.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TextError, match=rf"alphabet\.json: {message}|alphabet\.json: .*{message}"):
        read_alphabet(path)
