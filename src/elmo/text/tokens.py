"""Version 1: raw text -> tokens with character offsets, any script (after UAX 29, with the Penn Treebank's contractions).

Models were trained on these tokens, so the rules never change; `tokenizer.py` has the versions.

What becomes one token:

- a run of letters, marks and digits of a script that writes blanks between words, inner apostrophes included (o'clock);
  hyphens separate (state - of - the - art);
- a contraction's parts: do + n't, it + 's, they + 're;
- an abbreviation with its periods: U.S., e.g., Dr., an initial before a name (J. Smith);
- a number with the signs inside it: 1,234.56, 2026-11-24, 10:30; units and signs separate (5 + kg stay together if
  written together, 50 + %, $ + 5);
- a URL, an e-mail address, a @mention, a #hashtag, without the punctuation behind it;
- an emoji with all that joiners, skin tones, flags and keycaps add to it;
- each Han or Hiragana character, a run of Katakana, each cluster of Thai, Lao, Khmer, Myanmar, Tibetan (no dictionary);
- a run of one and the same of . ! ? - = * ~ _ and dashes; any other sign alone.

White space separates and is no token; so do zero-width space and byte order mark. Nothing else is lost.
"""

from collections.abc import Iterator
from typing import NamedTuple

import regex

TOKENIZER_NAME = "elmo-words"

TITLES = "Mr Mrs Ms Dr Prof St Mt Rev Hon Gen Col Capt Lt Sgt Maj Gov Sen Rep Pres Messrs Mme Mlle"
ABBREVIATIONS = (
    f"{TITLES} Jr Sr vs etc Inc Ltd Co Corp Bros Fig Figs Vol Ch Eq No Nos "  # in English text
    "Jan Feb Aug Sept Oct Nov Dec cf al viz approx"
)

SPACE = r"\s\x1c-\x1f\u200b\ufeff"
_ALONE = r"\p{Han}\p{Hiragana}"
_CLUSTERED = r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}"
_MOST = 999  # pieces of a token: more than anyone writes. The regex module keeps a record of each, a gigabyte in all is too much
_TOKEN = regex.compile(
    rf"""
      [A-Za-z]++ (?=[ ,;\n])                                             # most of English, fast
    | (?:https?|ftp):// [^{SPACE}<>"“”]*[^{SPACE}<>"“”.,;:!?'’)\]}}] | www\.[\w-][^{SPACE}<>"“”]*[^{SPACE}<>"“”.,;:!?'’)\]}}]
    | (?<![\w.]) [\w.+-]{{1,64}}+ @ [\w-]{{1,64}}+ (?:\.[\w-]{{1,64}}+){{1,{_MOST}}}+  # e-mail
    | (?<!\w) [@\#] [\p{{L}}\p{{M}}\p{{N}}_]++
    | \p{{RI}}{{2}} | [0-9\#*]\ufe0f?\u20e3
    | \p{{Extended_Pictographic}} (?:\ufe0f|\p{{EMod}}|[\U000e0020-\U000e007f]){{0,{_MOST}}}+
      (?:\u200d \p{{Extended_Pictographic}} (?:\ufe0f|\p{{EMod}}){{0,{_MOST}}}+ ){{0,{_MOST}}}+
    | \p{{Nd}}++ (?:[.,:/-]\p{{Nd}}++){{1,{_MOST}}}+                            # a number with something inside
    | (?<![\w.]) (?: \p{{L}}\. ){{2,8}}+ (?!\p{{L}})                           # U.S., e.g.
    | (?<![\w.]) \p{{Lu}}\. (?=[{SPACE}]++\p{{Lu}}[\p{{L}}.])                    # J. Smith
    | (?<!\w) (?: {"|".join(ABBREVIATIONS.split())} )\.
    | ( [A-Za-z]++ (?<=[A-Za-z]n) ['’][tT] (?!\w) )                      # group 1: don't, to be cut before n't
    | (?<=\w) ['’] (?:s|S|re|RE|ve|VE|ll|LL|d|D|m|M) (?!\w)
    | [[\p{{L}}\p{{M}}\p{{N}}_\xad\u200c\u200d\u2060]--[{_ALONE}{_CLUSTERED}\p{{Katakana}}]]++
      (?: ['’] (?!(?:s|S|re|RE|ve|VE|ll|LL|d|D|m|M|t|T)(?!\w))
          [[\p{{L}}\p{{M}}]--[{_ALONE}{_CLUSTERED}\p{{Katakana}}]]++ ){{0,{_MOST}}}+
    | [{_ALONE}]\p{{M}}*+ | [\p{{Katakana}}ー]++ | [{_CLUSTERED}]\p{{M}}*+
    | \.++ | !++ | \?++ | -++ | =++ | \*++ | ~++ | …++ | —++ | –++
    | [^{SPACE}] \p{{M}}*+
    """,
    regex.VERBOSE | regex.VERSION1,
)


class Token(NamedTuple):
    """A piece of a text: text[start:end], offsets in characters."""

    text: str
    start: int
    end: int


def find_tokens(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the tokens of text[start:end] start and end, in order."""
    return spans_of_matches(_TOKEN, text, start, end)


def spans_of_matches(token: regex.Pattern[str], text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the tokens that a pattern finds in text[start:end] start and end; a match with a group is cut before its n't."""
    for match in token.finditer(text, start, end):
        a, b = match.span()
        if match.lastindex:
            yield a, b - 3
            yield b - 3, b
        else:
            yield a, b


def tokenize(text: str) -> list[Token]:
    """Split a text into tokens: text[token.start:token.end] == token.text; between tokens is white space."""
    return [Token(text[a:b], a, b) for a, b in find_tokens(text, 0, len(text))]


def split_words(line: str) -> list[str]:
    """The tokens of a pre-tokenized line: whatever white space separates."""
    return line.split()
