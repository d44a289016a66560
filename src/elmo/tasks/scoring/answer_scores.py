"""Scores of answers: exact match and F1 of SQuAD (Rajpurkar et al. 2016, section 6; SQuAD 2.0 for questions without answer).

Case, ASCII punctuation, the articles a, an, the, and white space do not count; in a text with Han characters no punctuation does.
F1 is that of the bags of tokens; where a script has no blanks between words each character is a token. `cmrc_scores.py` has the
measure of CMRC 2018.
"""

import string
from collections import Counter
from collections.abc import Sequence

import regex

_HAN = regex.compile(r"\p{Han}")
_PUNCTUATION = regex.compile(r"\p{P}")
_ARTICLES = regex.compile(r"\b(a|an|the)\b")
_TOKEN = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]|[^\s\p{Han}\p{Hiragana}\p{Katakana}]+")


def normal_tokens(answer: str) -> list[str]:
    """The tokens of an answer that count."""
    kept = "".join(c for c in answer.lower() if c not in string.punctuation)
    if _HAN.search(kept):
        kept = _PUNCTUATION.sub("", kept)
    return _TOKEN.findall(_ARTICLES.sub(" ", kept))


def exact_match(predicted: str, answers: Sequence[str]) -> bool:
    """Whether an answer is one of the gold answers; "" is correct if there is none."""
    return any(normal_tokens(predicted) == normal_tokens(answer) for answer in answers or [""])


def f1(predicted: str, answers: Sequence[str]) -> float:
    """The highest F1, 0 to 1, with one of the gold answers; of no answer 1 if there is none, else 0."""
    return max(_f1(normal_tokens(predicted), normal_tokens(answer)) for answer in answers or [""])


def _f1(predicted: list[str], gold: list[str]) -> float:
    if not predicted or not gold:
        return float(predicted == gold)
    shared = (Counter(predicted) & Counter(gold)).total()
    return 2 * shared / (len(predicted) + len(gold))
