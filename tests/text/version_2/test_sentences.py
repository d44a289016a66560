import time
from itertools import pairwise

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from elmo.text.tokenizer import VERSION_2
from elmo.text.version_2.sentences import split_sentences

CASES = {
    "a number at the end": "It rose to 3.5. Bonds fell.|It rose to 3.5.|Bonds fell.",
    "a file at the end": "Run main.py. Then wait.|Run main.py.|Then wait.",
    "an answer": "Did he go? No. He stayed.|Did he go?|No.|He stayed.",
    "all months": "In Apr. 5, Mar. 6 and Jul. 7 it rained.|In Apr. 5, Mar. 6 and Jul. 7 it rained.",
    "no capitals": "i am here. he is there. ok?|i am here.|he is there.|ok?",
    "no capitals, an abbreviation": "i saw dr. smith. he left.|i saw dr. smith.|he left.",
    "speech": "“Stop!” he said. — Non ! dit-il.|“Stop!” he said.|— Non ! dit-il.",
    "a question before a small letter": "What is it? i want to know.|What is it?|i want to know.",
    "a name with a mark": "Yahoo! is big. So is Jeopardy! here.|Yahoo! is big.|So is Jeopardy! here.",
    "a quotation within a sentence": "他说“好。”然后走了。他说：“好。”她走了。|他说“好。”然后走了。|他说：“好。”|她走了。",
    "German quotes": "„Geh.“ Er ging.|„Geh.“|Er ging.",
    "French quotes": "« Va. » Il partit.|« Va. »|Il partit.",
    "initials": "J. A. Smith and D. H. Lee left.|J. A. Smith and D. H. Lee left.",
    "the ordinal of a month": "Am 3. Oktober kam er. Am 4. Mai ging er.|Am 3. Oktober kam er.|Am 4. Mai ging er.",
    "an emoticon goes with its sentence": "It works! :) Thanks. 👍 Bye.|It works! :)|Thanks. 👍|Bye.",
    "a footnote": "It ended.[12] Then peace.|It ended.[12]|Then peace.",
    "spaced dots": "Well . . . no. Yes.|Well . . . no.|Yes.",
    "a number with a full-width point": "约为３．１４。好。|约为３．１４。|好。",
    "right to left": "שלום.\u200f מה?|שלום.\u200f|מה?",
    "letters that are names": "Take vitamin C. Bob left. Plan B. It failed.|Take vitamin C.|Bob left.|Plan B.|It failed.",
}
WITH_BLANK = "!?.‼‽⁇⁈⁉⸮⸼⹓⹔﹒﹖﹗"


@pytest.mark.parametrize("case", CASES)
def test_sentences_of(case):
    text, _, rest = CASES[case].partition("|")
    assert [text[a:b] for a, b in split_sentences(text)] == rest.split("|")


def test_every_terminator_of_unicode_ends_a_sentence():
    terminators = regex.findall(r"\p{Sentence_Terminal}", "".join(map(chr, range(0x110000))))
    assert len(terminators) > 100
    for mark in terminators:
        blank = " " if mark in WITH_BLANK else ""
        text = f"Да{mark}{blank}Нет"
        assert [text[a:b] for a, b in split_sentences(text)] == [f"Да{mark}", "Нет"], f"U+{ord(mark):04X}"


@given(st.text(alphabet=st.characters(exclude_categories=[]) | st.sampled_from('.!?。”» \n"“AaI1Dr'), max_size=80))
def test_sentences_lose_nothing_but_white_space(text):
    spans = split_sentences(text)
    assert all(a < b and text[a:b] == text[a:b].strip() for a, b in spans)
    assert all(b <= c for (_, b), (c, _) in pairwise(spans))
    assert "".join("".join(text[a:b] for a, b in spans).split()) == "".join(text.split())


@given(st.lists(st.text(alphabet='aB. !?’"日。1', max_size=20), max_size=5))
def test_lines_are_split_one_by_one_as_a_stream_does(lines):
    text = "\n".join(lines)
    one_by_one = [s for line in lines for s in VERSION_2.tokenize_sentences(line)]
    assert [[t.text for t in s] for s in VERSION_2.tokenize_sentences(text)] == [
        [t.text for t in s] for s in one_by_one
    ]


PIECES = [
    ".",
    "a. ",
    "!",
    '."',
    "。",
    "\n",
    "A.B. ",
    "? ",
    "1. a ",
    "a 1. B ",
    "。”",
    "“。”a",
    "...",
    "« ",
    "a? ",
    "No. ",
    "II. ",
    ". ",
]


@pytest.mark.parametrize("piece", PIECES)
def test_long_monotony_takes_linear_time(piece):
    text = piece * (100_000 // len(piece))
    begun = time.process_time()
    split_sentences(text)
    assert time.process_time() - begun < 20
