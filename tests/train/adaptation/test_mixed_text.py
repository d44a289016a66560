"""Old text beside the new: one numbering of words, counts of what is read."""

from collections import Counter

import numpy as np
import pytest

from conftest import encode_text
from elmo.errors import TextError
from elmo.text.words.vocabulary import Vocabulary
from elmo.train.adaptation.mixed_text import (
    JoinedWords,
    MixedText,
    count_words_of_both,
    counts_of_both,
    words_of_both,
    write_mixed_text,
)
from elmo.train.data.encoded_corpus import target_counts

NEW = encode_text([["gold", "rose"], ["gold", "fell", "."]])  # 5 words, 7 positions
OLD = encode_text([["the", "rose", "."], ["the", "</S>"]] * 3)  # 15 words, 21 positions


def test_the_words_of_the_old_text_follow_those_of_the_new():
    words = words_of_both(NEW, MixedText(OLD, 0.5))
    assert list(words) == ["<S>", "</S>", "gold", "rose", "fell", ".", "the", "rose", "."]
    assert words[5:7] == [".", "the"]
    assert len(words) == 9
    assert words_of_both(NEW, None) is NEW.words
    assert isinstance(words, JoinedWords)


def test_words_count_as_often_as_they_are_read():
    counts, n_sentences = counts_of_both(
        NEW, MixedText(OLD, 0.75)
    )  # three positions of old text for one of the new: once
    assert counts.tolist() == [0, 0, 2, 1, 1, 1, 6, 3, 3]
    assert n_sentences == 2 + 6
    assert count_words_of_both(NEW, MixedText(OLD, 0.75)) == Counter(the=6, rose=4, **{".": 4}, gold=2, fell=1)
    counts, n_sentences = counts_of_both(NEW, MixedText(OLD, 0.25))  # a ninth of it
    assert counts == pytest.approx([0, 0, 2, 1, 1, 1, 6 / 9, 3 / 9, 3 / 9])
    assert n_sentences == pytest.approx(2 + 6 / 9)


def test_a_text_that_is_measured_only_counts_nothing():
    counts, n_sentences = counts_of_both(NEW, MixedText(OLD, 0.0))
    assert counts.tolist() == [0, 0, 2, 1, 1, 1, 0, 0, 0]
    assert n_sentences == 2


def test_targets_are_counted_over_both():
    vocabulary = Vocabulary(["<S>", "</S>", "<UNK>", "rose", "the"])
    targets = vocabulary.encode(words_of_both(NEW, MixedText(OLD, 0.75)))
    found = target_counts(NEW, targets, vocabulary, MixedText(OLD, 0.75))
    assert found.tolist() == [8.5, 8.5, 2 + 1 + 1 + 3 + 0.5, 4.5, 6.5]
    of_new = target_counts(NEW, targets[: len(NEW.words)], vocabulary)
    assert of_new.dtype == np.float64
    assert of_new.tolist() == [2.5, 2.5, 4.5, 1.5, 0.5]


@pytest.mark.parametrize(("sentences", "found"), [([], "no text"), ([["a"]], "one sentence")])
def test_a_text_too_small_to_hold_some_out_is_refused(tmp_path, sentences, found):
    with pytest.raises(TextError, match=rf"old\.txt: {found} in the text to mix in"):
        write_mixed_text([(words, True) for words in sentences], tmp_path, 0, "old.txt", 0.2, is_predicted=True)
