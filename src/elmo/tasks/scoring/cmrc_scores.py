"""Scores of answers in Chinese: exact match and F1 of CMRC 2018 (Cui et al. 2019), as its program computes them.

Case, the punctuation below and white space at the ends do not count. Each Han character is a segment, other text is cut into
words. F1 is that of the longest run of segments that both answers have, not of a bag. (The program cuts Latin text with NLTK,
this one with `tokenize`; they differ in rare spellings.)
"""

from collections.abc import Sequence

import regex

from elmo.text.tokens import tokenize

_PUNCTUATION = frozenset("-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")
_HAN = regex.compile(r"[\u4e00-\u9fa5]")
_LETTER = regex.compile(r"\p{L}")


def is_chinese(text: str) -> bool:
    """Whether more than half of the letters are Han characters."""
    letters = _LETTER.findall(text)
    return 2 * sum(bool(_HAN.match(letter)) for letter in letters) > len(letters)


def segments(answer: str) -> list[str]:
    """The segments of an answer that count."""
    return [token.text for token in tokenize(_HAN.sub(r" \g<0> ", _bare(answer)))]


def exact_match(predicted: str, answers: Sequence[str]) -> bool:
    """Whether an answer is one of the gold answers, without punctuation; "" is correct if there is none."""
    return any(_bare(predicted) == _bare(answer) for answer in answers or [""])


def f1(predicted: str, answers: Sequence[str]) -> float:
    """The highest F1, 0 to 1, with one of the gold answers; of no answer 1 if there is none, else 0."""
    return max(_f1(segments(predicted), segments(answer)) for answer in answers or [""])


def _bare(answer: str) -> str:
    return "".join(c for c in answer.lower().strip() if c not in _PUNCTUATION)


def _f1(predicted: Sequence[str], gold: Sequence[str]) -> float:
    if not predicted or not gold:
        return float(predicted == gold)
    shared = _longest_run(predicted, gold)
    return 2 * shared / (len(predicted) + len(gold))


def _longest_run(a: Sequence[str], b: Sequence[str]) -> int:
    """The length of the longest common contiguous part."""
    best = 0
    before = [0] * (len(b) + 1)  # of the runs that end with the segment before in `a`, by where they end in `b`
    for one in a:
        row = [0, *(length + 1 if one == other else 0 for length, other in zip(before, b, strict=False))]
        best = max(best, *row)
        before = row
    return best
