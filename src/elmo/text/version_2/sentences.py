"""Version 2 of the sentences: a text -> its sentences, by Unicode's terminators and by the context on both sides of a period."""

from collections.abc import Iterator
from typing import NamedTuple

import regex

from elmo.text.sentences import spans_between
from elmo.text.tokens import SPACE
from elmo.text.version_2.abbreviations import (
    BEFORE_NUMBERS,
    ENGLISH_STARTERS,
    INSIDE,
    LABELLED,
    MAY_END,
    MONTHS,
    NAME_PARTICLES,
    OF_PARTS,
    ORDINAL_WORDS,
    OTHER_WORDS,
    STARTERS,
    TITLES,
)
from elmo.text.version_2.tokens import DIRECTION, EMOTICON

_CLOSING = r"""["'”’»›)\]}״」』】）〉》〕〗〙〛＂＇｣]"""
_CLOSERS = rf"""(?: {_CLOSING} | [“‘«‹] (?=[{SPACE}]) | [\x20\xa0\u202f] [»›] (?=[{SPACE}.,;:!?])
  | \[\d{{1,3}}\] | \x20 (?: {EMOTICON} | \p{{Extended_Pictographic}}\ufe0f?+ ) (?=[{SPACE}]) )*+"""
_BEHIND = rf"[{DIRECTION}]*+ (?= [{SPACE}])"
_WITH_BLANK = r"!?…‽‼⁇⁈⁉⸮⸼⹓⹔﹒﹖﹗"  # terminators with a blank behind them
_WITHOUT = rf"[[\p{{Sentence_Terminal}}༎]--[.{_WITH_BLANK}]]"  # terminators of scripts that need none
_ASCII_ENDS = rf"""
      (?P<soft> (?<!\.)\. ) {_CLOSERS} {_BEHIND}                    # a period may belong to an abbreviation
    | (?P<dots> (?<!\.)\.{{2,}}+ [!?]*+ ) {_CLOSERS} {_BEHIND}
    | (?P<hard> (?<![!?])[!?]++ (?: \.(?!\.) )? ) {_CLOSERS} {_BEHIND}
    | \n
"""
_ENDS = rf"""
      (?P<soft> (?<!\.)\. ) {_CLOSERS} {_BEHIND}
    | (?P<dots> (?: (?<!\.)\.{{2,}}+ | (?<!…)…++ ) [!?]*+ ) {_CLOSERS} {_BEHIND}
    | (?P<hard> (?<![{_WITH_BLANK}])[{_WITH_BLANK}]++ (?: \.(?!\.) )? ) {_CLOSERS} {_BEHIND}
    | (?P<own> {_WITHOUT}++ [{_WITH_BLANK}]*+ (?: {_CLOSING}*+ {_WITHOUT}++ )*+ ) {_CLOSING}*+ [{DIRECTION}]*+
    | \n
"""
_END_ASCII = regex.compile(_ASCII_ENDS, regex.VERBOSE | regex.VERSION1)
_END = regex.compile(_ENDS, regex.VERBOSE | regex.VERSION1)
_OPENING = r"""["'״“‘«‹(\[„‚»›¿¡「『《〈（【*_\u2013\u2014-]"""
_NEXT = regex.compile(
    rf"[{SPACE}{DIRECTION}]*+ (?P<opening> (?:{_OPENING}[{SPACE}]*+)*+ ) (?P<word> \w++ )?",
    regex.VERBOSE | regex.VERSION1,
)
_LAST = regex.compile(r"[\p{L}\p{M}\p{N}]++(?:[.-]{1,2}[\p{L}\p{M}\p{N}]++)*+$", regex.VERSION1)
_SPEECH = regex.compile(r"\s*+(?:[—–-]|[«„“‘»](?![^\n]{0,300}?[»“”’]))", regex.VERSION1)
_FIRST_LETTER = regex.compile(r"[^\p{L}\p{N}\n]{0,40}+(\p{L})", regex.VERSION1)
_ACRONYM = regex.compile(
    r"\p{L}\p{M}*+(?:\.\p{L}\p{M}*+)++ | \p{Devanagari}{1,4}+(?:\.\p{Devanagari}{1,4}+)++",
    regex.VERBOSE | regex.VERSION1,
)
_LETTER = regex.compile(r"\p{L}\p{M}*+", regex.VERSION1)
_ROMAN = regex.compile(r"[IVXLC]++", regex.VERSION1)
_LIST_MARKS = regex.compile(r"[\s(\[*•-]{0,40}+", regex.VERSION1)
_NUMBERED = regex.compile(r"\p{L}++\.\s?\p{Nd}++$", regex.VERSION1)  # Abs. 1
_WORDS = regex.compile(r"\p{L}++", regex.VERSION1)
_LISTED = TITLES | MAY_END | INSIDE | OF_PARTS  # abbreviations
_LOOK_BACK = 40  # characters before a period that can tell what it belongs to
_SHORTEST, _SHORTEST_NAME = 4, 6  # letters of words that are taken for whole ones before a period and a small letter
_NEVER_FIRST = frozenset([".", ",", ";", ":", ")", "]", "!", "?"])  # of a sentence
_QUOTATION = 200  # characters of a quotation at most, whose beginning tells whether its sentence goes on
_NEIGHBOURS = 120  # characters on both sides of a number that tell whether its language writes ordinals with a period
_PAIRS = {
    "”": "“",
    "’": "‘",
    "」": "「",
    "』": "『",
    "）": "（",
    "》": "《",
    "〉": "〈",
    "】": "【",
    "｣": "｢",
    "〕": "〔",
}


class _Mark(NamedTuple):
    """A mark that may end a sentence, and what stands around it."""

    text: str
    start: int  # of the sentence
    at: int  # where the mark begins
    end: int  # behind it and its closing marks
    quoted: bool  # a closing mark stands behind it
    opening: str  # what opens before the next word
    word: str  # the next one; empty: none

    def word_before(self) -> str:
        """The word before the mark; empty: none."""
        found = _LAST.search(self.text[max(self.start, self.at - _LOOK_BACK) : self.at])
        return found[0] if found else ""

    @property
    def before_small(self) -> bool:
        """A small letter follows."""
        return self.word[:1].islower()

    @property
    def is_speech(self) -> bool:
        """What was said ends here or may go on: "Stop!" he said. — Non ! dit-il."""
        return self.quoted or _SPEECH.match(self.text, self.start, self.at) is not None or "-" in self.opening

    @property
    def begins_small(self) -> bool:
        """The sentence begins with a small letter: its writer may begin others so, too."""
        first = _FIRST_LETTER.match(self.text, self.start, self.at)
        return first is not None and first[1].islower()


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Character spans of the sentences, in order, without white space at their ends; a line end always ends a sentence."""
    return spans_between(text, _ends(text))


def _ends(text: str) -> Iterator[int]:
    start = 0
    for match in (_END_ASCII if text.isascii() else _END).finditer(text):
        if match.group() == "\n" or _is_end(text, start, match):
            start = match.end()
            yield start


def _is_end(text: str, start: int, match: regex.Match[str]) -> bool:
    kind, (at, end) = match.lastgroup or "", match.span()
    following = _NEXT.match(text, end)
    opening, word, behind = "", "", ""
    if following:
        opening, word = following["opening"], following["word"] or ""
        behind = text[following.end() : following.end() + 1]
    if not word and not opening and behind in _NEVER_FIRST:
        return False  # spaced dots, a comma on its own
    if behind == "." and len(word) == 1 and word.isalpha():
        word = word if word.islower() else "J"  # an initial, no starter
    if behind == "." and word in BEFORE_NUMBERS and word.istitle():
        word = "J"  # a number follows: 5th Ave. No. 7
    mark = _Mark(text, start, at, end, end - at > len(match[kind]), opening, word)
    if kind == "own":
        return _ends_without_blank(mark, match[kind])
    if kind == "soft":
        return _ends_with_period(mark)
    if mark.before_small:
        named = match[kind] == "!" and mark.word_before().istitle()  # Yahoo! is a company
        return kind == "hard" and not mark.is_speech and not named
    return True


def _ends_without_blank(mark: _Mark, marks: str) -> bool:
    """A terminator of a script without blanks; a quotation within a sentence, she said "..." and left, does not end it."""
    text = mark.text
    before, behind = text[mark.at - 1 : mark.at], text[mark.end : mark.end + 1]
    if marks == "．":
        return not (before.isdecimal() and behind.isdecimal())
    if behind.isspace() or not mark.quoted:
        return not (mark.before_small and behind.isspace())
    opening = _PAIRS.get(text[mark.end - 1])
    opened = -1 if opening is None else text.rfind(opening, max(mark.start, mark.at - _QUOTATION), mark.at)
    return opened <= mark.start or not text[opened - 1].isalnum()


def _ends_with_period(mark: _Mark) -> bool:
    text, word = mark.text, mark.word
    last = mark.word_before()
    if last.isdecimal() or _ROMAN.fullmatch(last):
        ends = _ends_with_number(mark, last)
        if ends is not None:
            return ends
    if mark.before_small:
        if not last:
            return not mark.is_speech and not text[mark.at - 1 : mark.at].isspace()
        return not mark.is_speech and _is_whole_word(last, mark.begins_small)
    if last in TITLES:
        return False
    if last in BEFORE_NUMBERS and (word[:1].isdecimal() or (len(word) > 1 and _ROMAN.fullmatch(word))):
        return False
    if last in INSIDE and word[:1].isdecimal():
        return False
    if last in MAY_END or last in OF_PARTS:
        return word in STARTERS
    if _ACRONYM.fullmatch(last):
        return word in STARTERS
    if last != "I" and _LETTER.fullmatch(last):
        return _ends_with_letter(mark, last)
    return not _is_thai_abbreviation(last)


def _ends_with_letter(mark: _Mark, last: str) -> bool:
    """An initial, or a thing that has a letter as its name."""
    if mark.word in ENGLISH_STARTERS or (mark.word in STARTERS and mark.word not in NAME_PARTICLES):
        return True
    before = mark.text[max(mark.start, mark.at - _LOOK_BACK) : mark.at - 1]
    words = before.split()
    if last.islower() and (before[-1:] in ("'", "’") or (words and words[-1][-1:].isdecimal())):
        return True  # it's. 9 h.
    return bool(words) and words[-1] in LABELLED


def _ends_with_number(mark: _Mark, last: str) -> bool | None:
    """A list number, an ordinal or a number at the end; None: a Roman number that may be an initial, too."""
    text, word = mark.text, mark.word
    if _LIST_MARKS.fullmatch(text, mark.start, mark.at - len(last)):
        return False  # 1. The first item
    if last == "I" and (mark.before_small or word in STARTERS or not _writes_ordinals(text, mark)):
        return None
    if word.lower() in MONTHS:
        return False
    if mark.before_small:
        return mark.begins_small and last.isdecimal() and not _writes_ordinals(text, mark)
    if not word or mark.opening:
        return True
    ordinal = not last.isdecimal() or (len(last) <= 2 and not _NUMBERED.search(text, max(0, mark.at - 20), mark.at))
    if ordinal and word not in STARTERS and _writes_ordinals(text, mark):
        return False
    return True if last.isdecimal() or len(last) > 1 else None


def _writes_ordinals(text: str, mark: _Mark) -> bool:
    """Whether the text around a number is of a language that writes ordinals with a period."""
    around = text[max(0, mark.at - _NEIGHBOURS) : mark.at].rpartition("\n")[2]
    around += text[mark.at : mark.end + _NEIGHBOURS].partition("\n")[0]
    words = [word.lower() for word in _WORDS.findall(around)]
    turkish = any(letter in around for letter in "ğışİŞĞ")
    return sum(word in ORDINAL_WORDS for word in words) + turkish > sum(word in OTHER_WORDS for word in words)


def _is_whole_word(last: str, begins_small: bool) -> bool:
    """Whether the word before a period and a small letter is none of the abbreviations that nobody has listed."""
    if last in _LISTED or last.capitalize() in _LISTED or len(last) == 1 or _ACRONYM.fullmatch(last):
        return False
    if begins_small:
        return True  # the writer begins sentences so
    return len(last) >= (_SHORTEST if last.islower() else _SHORTEST_NAME) and last.isalpha()


def _is_thai_abbreviation(last: str) -> bool:
    """Thai has no periods but those of its abbreviations."""
    return 0 < len(last) <= 5 and "\u0e00" <= last[-1] <= "\u0e7f"
