"""The sentences of the demo are what its page says."""

from collections import Counter

from elmo.text.demo_sentences import read_occurrences


def test_there_are_five_words_of_two_senses_in_four_sentences_each():
    occurrences = read_occurrences()
    assert set(Counter((o.word, o.sense) for o in occurrences).values()) == {4}
    assert len({o.word for o in occurrences}) == 5
    assert all(o.tokens[o.position] == o.word for o in occurrences)
    assert len({o.text for o in occurrences}) == 40
