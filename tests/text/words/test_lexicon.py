from collections import Counter

import pytest

from elmo.errors import TextError
from elmo.text.words.lexicon import Lexicon, count_input_words, learn_lexicon, read_lexicon, write_lexicon

COUNTS = Counter({"the": 5, "日本": 3, "bank": 2, "once": 1, "<unk>": 7})


def test_a_lexicon_holds_what_was_asked_for():
    assert learn_lexicon(COUNTS, None, None) == Lexicon(None, None)
    alphabet, words = learn_lexicon(COUNTS, 3, 2)
    assert len(alphabet) == 3
    assert words.words == ("<S>", "</S>", "<UNK>", "the", "日本")


def test_words_that_stand_once_teach_the_vector_of_unknown_words():
    _, words = learn_lexicon(COUNTS, None, 99)
    assert words.words[3:] == ("the", "日本", "bank")
    assert count_input_words(words) == 3
    assert words.encode(["once", "never", "<unk>"]).tolist() == [words.unknown_id] * 3
    with pytest.raises(TextError, match="no word occurs more than once in the corpus"):
        learn_lexicon(Counter({"a": 1, "b": 1}), None, 99)


@pytest.mark.parametrize("asked", [(None, None), (4, None), (None, 3), (4, 3)])
def test_a_lexicon_survives_its_folder(tmp_path, asked):
    lexicon = learn_lexicon(COUNTS, *asked)
    write_lexicon(lexicon, tmp_path)
    again = read_lexicon(tmp_path, *(size is not None for size in asked))
    for before, after, name in zip(lexicon, again, ("characters", "words"), strict=True):
        assert getattr(before, name, None) == getattr(after, name, None)
    assert len(list(tmp_path.iterdir())) == sum(size is not None for size in asked)
