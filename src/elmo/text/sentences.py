"""Version 1: raw text -> sentences, by rules that never change: marks that end one, what may follow, where they only seem to."""

from collections.abc import Iterable, Iterator

import regex

from elmo.text.tokens import ABBREVIATIONS, SPACE, Token, find_tokens

_CLOSING = r"""["'”’»›)\]}」』】）〉》]"""
_END = regex.compile(
    rf"""
      (?P<soft> (?<!\.)\. ) {_CLOSING}*+ (?= [{SPACE}] )           # a period may belong to an abbreviation
    | (?: (?<!\.)\.{{2,}}+ | (?<![!?…‽])[!?…‽]++ ) {_CLOSING}*+ (?= [{SPACE}] )
    | [。！？｡．؟۔।॥։።፧။༎]++ {_CLOSING}*+                            # scripts that need no blank
    | \n
    """,
    regex.VERBOSE | regex.VERSION1,
)
_NEXT = regex.compile(rf"""[{SPACE}]*+ ["'“‘«‹(\[]*+ (?P<word> \w++ )?""", regex.VERBOSE | regex.VERSION1)
_LAST = regex.compile(r"[\p{L}\p{M}\p{N}]++(?:\.[\p{L}\p{N}]++)*+$", regex.VERSION1)
_NO_END = frozenset(ABBREVIATIONS.split()) - {"etc", "Inc", "Ltd", "Co", "Corp", "Jr", "Sr", "al"}
_MAY_END = frozenset({"etc", "Inc", "Ltd", "Co", "Corp", "Jr", "Sr", "al"})
_STARTERS = frozenset(
    "The A An This That These Those He She It They We You I In On At But And Or If When While As For With From By To After "
    "Before Although However There Here His Her Its Their Our My What Who Why How Where So Then Since Because Not No".split()
)
_LOOK_BACK = 40  # characters before a period that decide what it belongs to


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Character spans of the sentences, in order, without white space at their ends; a line end always ends a sentence."""
    return spans_between(text, _ends(text))


def spans_between(text: str, ends: Iterable[int]) -> list[tuple[int, int]]:
    """The pieces of a text that end at `ends`, and the rest: without white space at their ends; blank ones are left out."""
    spans = []
    start = 0
    for end in [*ends, len(text)]:
        a, b = _trimmed(text, start, end)
        if a < b:
            spans.append((a, b))
        start = end
    return spans


def tokenize_sentences(text: str) -> list[list[Token]]:
    """The tokens of each sentence, offsets into the whole text; sentences without a token are left out."""
    cut = ([Token(text[a:b], a, b) for a, b in find_tokens(text, *span)] for span in split_sentences(text))
    return [tokens for tokens in cut if tokens]


def sentences_of_words(text: str) -> Iterator[list[str]]:
    """The words of each sentence, as `tokenize_sentences` cuts them."""
    for span in split_sentences(text):
        words = [text[a:b] for a, b in find_tokens(text, *span)]
        if words:
            yield words


def _ends(text: str) -> Iterator[int]:
    start = 0
    for match in _END.finditer(text):
        if match.group() == "\n" or not text[match.end() : match.end() + 1].isspace() or _is_end(text, match, start):
            start = match.end()
            yield start


def _is_end(text: str, match: regex.Match[str], start: int) -> bool:
    following = _NEXT.match(text, match.end())
    word = following["word"] if following else None
    if word and word[0].islower():
        return False  # "Stop!" he said
    if match["soft"] is None:
        return True
    before = _LAST.search(text[max(start, match.start() - _LOOK_BACK) : match.start()])
    last = before[0] if before else ""
    if last.isdecimal() and not text[start : match.start() - len(last)].strip():
        return False  # 1. The first item
    if last in _NO_END:
        return False
    if last in _MAY_END or "." in last or (len(last) == 1 and last.isupper() and last != "I"):
        return word in _STARTERS  # the U.S. Congress; in the U.S. The ...
    return True


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - (len(piece) - len(piece.rstrip()))
