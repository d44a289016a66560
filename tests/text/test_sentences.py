import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo.text.sentences import sentences_of_words, split_sentences, tokenize_sentences

CASES = {
    "two sentences": "She ran. He fell.|She ran.|He fell.",
    "titles and initials": "Mr. J. Brown met Dr. Who. They talked.|Mr. J. Brown met Dr. Who.|They talked.",
    "an abbreviation inside": "The U.S. Congress met, e.g. on Monday.|The U.S. Congress met, e.g. on Monday.",
    "an abbreviation at the end": "He lives in the U.S. The house is old.|He lives in the U.S.|The house is old.",
    "quotes go with their sentence": "“Go on.” She ran. (It rained.) We left.|“Go on.”|She ran.|(It rained.)|We left.",
    "speech goes on in lower case": '"Stop!" he said. "Why?" she asked.|"Stop!" he said.|"Why?" she asked.',
    "numbers": "It costs 3.50 today. 1. First item.|It costs 3.50 today.|1. First item.",
    "the word I": "It was I. The end.|It was I.|The end.",
    "ellipsis": "He waited... Then he left.|He waited...|Then he left.",
    "line ends": "A title\nA paragraph. More|A title|A paragraph.|More",
    "Chinese": "今天很好。我去银行！你呢？|今天很好。|我去银行！|你呢？",
    "Japanese quotes": "「行く。」と言った。|「行く。」|と言った。",
    "Hindi": "वह आया। वह गया।|वह आया।|वह गया।",
    "Arabic": "هل جاء؟ نعم.|هل جاء؟|نعم.",
    "nothing": "",
    "white space": " \n\t \n|",
}


@pytest.mark.parametrize("case", CASES)
def test_sentences_of(case):
    text, _, rest = CASES[case].partition("|")
    assert [text[a:b] for a, b in split_sentences(text)] == [s for s in rest.split("|") if s]


@given(st.text(alphabet=st.characters(exclude_categories=[]) | st.sampled_from('.!?。\n "A'), max_size=80))
def test_sentences_lose_nothing_but_white_space(text):
    spans = split_sentences(text)
    assert all(a < b and text[a:b] == text[a:b].strip() for a, b in spans)
    assert all(b <= c for (_, b), (c, _) in pairwise(spans))
    kept = "".join(text[a:b] for a, b in spans)
    assert "".join(kept.split()) == "".join(text.split())


@given(st.text(alphabet='aB. \n!?’"日。1', max_size=60))
def test_tokens_carry_offsets_into_the_whole_text(text):
    sentences = tokenize_sentences(text)
    assert all(text[t.start : t.end] == t.text for s in sentences for t in s)
    assert [[t.text for t in s] for s in sentences] == list(sentences_of_words(text))


@pytest.mark.parametrize("piece", [".", "a. ", "!", '."', "。", "\n", "A.B. ", "? "])
def test_long_monotony_takes_linear_time(piece):
    text = piece * (300_000 // len(piece))
    begun = time.process_time()
    split_sentences(text)
    assert time.process_time() - begun < 5
