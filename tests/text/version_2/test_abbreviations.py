from itertools import combinations

from elmo.text.version_2 import abbreviations as a


def test_an_abbreviation_has_one_meaning():
    for one, other in combinations((a.TITLES, a.MAY_END, a.BEFORE_NUMBERS, a.INSIDE, a.OF_PARTS), 2):
        assert not one & other


def test_words_that_begin_a_sentence_are_no_abbreviations_whose_sentence_always_goes_on():
    assert not a.STARTERS & a.TITLES


def test_all_months_of_english_are_there():
    assert set("Jan Feb Mar Apr Jun Jul Aug Sep Oct Nov Dec".split()) <= a.INSIDE  # May is none
