"""Version 2 of the tokens: a span of a text -> its tokens with character offsets, any script.

After Unicode's UAX 29 (marks stay on their base, GB9 and GB9a; direction marks and other invisible characters cut no word, WB4),
with the Penn Treebank's contractions. What becomes one token:

- a run of letters, marks and digits of a script that writes blanks between words, inner apostrophes included (o'clock, l'homme,
  Hebrew gershayim); hyphens separate (state - of - the - art);
- a contraction's parts: do + n't, DO + N'T, it + 's, they + 're;
- an abbreviation with its periods: U.S., e.g., Ph.D., Dr., No. before a number, an initial before a name (J. Smith);
- a number with what stands inside it and letters that follow: 1,234.56, 2026-11-24, 10:30, 3.5kg; an ordinal before a small
  letter, before a month or after a German article (3. Oktober, im 19. Jahrhundert); signs separate (50 + %, $ + 5);
- a URL, a host or file name (example.com, main.py), an e-mail address, a @name, a #hashtag, #话题#, without the punctuation
  behind them; a URL, an address and a @name in Latin letters end where a script without blanks begins;
- an emoji with all that joiners, skin tones, flags and keycaps add to it; an emoticon of punctuation between blanks;
- each Han or Hiragana character, a run of Katakana, each cluster of Thai, Lao, Khmer, Myanmar, Tibetan (no dictionary), where
  digits make a number;
- a run of one and the same of . ! ? - = * ~ _ and dashes; any other sign alone.

White space separates and is no token; so do zero-width space, byte order mark, and direction marks at the edge of a token.
"""

from collections.abc import Iterator

import regex

from elmo.text.tokens import SPACE, spans_of_matches
from elmo.text.version_2.abbreviations import BEFORE_NUMBERS, INSIDE, MAY_END, MONTHS, OF_PARTS, STARTERS, TITLES

DIRECTION = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
EMOTICON = r"(?: [:;=] [-'o^]?+ [()\[\]DPpOo/\\|*] [()]*+ | <3 | \^_*+\^ )"
_GAP = SPACE + DIRECTION
_CLUSTERED = r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}--\p{Nd}]"
_KATAKANA = r"\p{Katakana}ー゛゜ﾞﾟｰ"
_NO_BLANKS = rf"\p{{Han}}\p{{Hiragana}}{_KATAKANA}{_CLUSTERED}"  # scripts that write none between words
_IN_WORD = rf"[\p{{L}}\p{{M}}\p{{N}}_\xad\u200c\u200d\u2060--[{_NO_BLANKS}]]"
_LETTERS = rf"[\p{{L}}\p{{M}}--[{_NO_BLANKS}]]"
_HASHTAG = r"[\p{L}\p{M}\p{N}_]"
_HEBREW = r"[\p{Hebrew}--\p{P}]"
_MARKS = r"[\p{M}\p{Grapheme_Cluster_Break=SpacingMark}\p{Grapheme_Cluster_Break=Extend}\u200d]"
_BEGINS = rf"(?<![\w--[{_NO_BLANKS}]])"  # of a word
_APART = rf"(?<![[\w.]--[{_NO_BLANKS}]])"  # nor behind a period
_MOST = 999  # pieces of a token: more than anyone writes. The regex module keeps a record of each, a gigabyte in all is too much

_SUFFIXES = "(?:s|S|re|RE|ve|VE|ll|LL|d|D|m|M)"
_CONTRACTION = rf"""
  ( [A-Za-z]++ (?<=[A-Za-z][nN]) ['’][tT] (?!\w) )                     # group 1: don't, to be cut before n't
| (?<=\w) ['’] {_SUFFIXES} (?!\w)
"""

_NOT_IN_URL = (
    rf"{_GAP}<>\"“”„«»‘|\\^`{{}}\[\]\p{{CJK_Symbols_And_Punctuation}}\p{{Halfwidth_And_Fullwidth_Forms}}{_NO_BLANKS}"
)
_URL_PUNCTUATION = r".,;:!?'’*…"
_URL_CHARACTER = rf"[^{_NOT_IN_URL}{_URL_PUNCTUATION}()]"
_URL = rf"(?: {_URL_CHARACTER}++ | [{_URL_PUNCTUATION}]++ (?={_URL_CHARACTER}) | \( [^{_NOT_IN_URL}()]*+ \) ){{1,{_MOST}}}+"
_HOST_CHARACTER = rf"[\w\---[{_NO_BLANKS}]]"
_HOST = rf"{_HOST_CHARACTER}{{1,64}}+ (?:\. {_HOST_CHARACTER}{{1,64}}+ )"
_TOP = (
    "com|org|net|edu|gov|info|biz|io|dev|app|eus|uk|eu|de|fr|es|nl|ru|cn|jp|kr|tw|br|ca|ch|tv"  # no words of a language
)
_FILE = (
    "py|txt|pdf|html?|csv|tsv|json|jsonl|xml|md|docx?|xlsx?|pptx?|jpe?g|png|gif|svg|zip|gz|tar|js|ts|css|java|cpp|toml|ya?ml|exe|"
    "mp3|mp4|ipynb|conllu|log|rtf|sql|sh"
)
_ADDRESS = rf"""
  (?i:https?|ftp):// {_URL} | {_BEGINS} www\. (?=\w) {_URL}
| {_APART} [[\w.+%-]--[{_NO_BLANKS}]]{{1,64}}+ @ {_HOST}{{1,{_MOST}}}+
| {_APART} (?<!@) (?: [A-Za-z0-9_-]{{1,64}}+ \. ){{1,9}}
  (?: (?:{_TOP}) (?!{_HOST_CHARACTER}) (?:/{_URL})? | (?:{_FILE}) (?!{_HOST_CHARACTER}) ) (?!\.\w)
| {_APART} (?<!@) (?: [A-Za-z0-9_-]{{2,64}}+ \. ){{2,9}} [a-z]{{2,4}} (?!{_HOST_CHARACTER}|\.\w) (?:/{_URL})?
"""

_ORDINAL = rf"""
  {_BEGINS} (?: \p{{Nd}}{{1,4}}+ | [IVXLC]{{1,7}}+ ) \. (?=[{SPACE}] (?: \p{{Ll}} | (?i:\L<months>) (?!\w) ))
| {_BEGINS} [IVXLC]{{2,7}}+ \. (?=[{SPACE}] (?! \L<starters> (?!\w) ) \p{{Lu}})
| {_BEGINS} \p{{Nd}}{{1,2}}+ \. (?=[{SPACE}] (?! \L<starters> (?!\w) ) \p{{Lu}})
  (?<= (?<!\w) (?i:d(?:er|ie|as|en|em|es)|[ia]m|vom|zum|zur|beim) [{SPACE}] \p{{Nd}}{{1,2}} \. )  # im 19. Jahrhundert
| {_BEGINS} \p{{Nd}}++ \. [ºª]
"""
_ABBREVIATION = rf"""
  {_APART} (?: \L<of_parts>\. | (?: \p{{L}}\p{{M}}*+ \. ){{2,8}}+ | (?: [\p{{Devanagari}}--\p{{Po}}]{{1,4}}+ \. ){{2,8}}+ )
  (?! [\p{{L}}--[{_NO_BLANKS}]] )                                       # Ph.D., U.S.
| {_APART} [\p{{Lu}}\p{{Arabic}}--\p{{P}}]\. (?=[{SPACE}]++[\p{{Lu}}\p{{Lo}}][\p{{L}}\p{{M}}.])  # J. Smith
| {_BEGINS} \p{{L}}\p{{M}}*+\. (?=[{SPACE}] (?: \p{{L}}\p{{M}}*+\. | Chr\. | [\p{{Ll}}\p{{Nd}}] ))  # z. B., p. 7
| {_BEGINS} (?: \L<always>\. | (?:\p{{L}}{{1,2}}['’])?+ \L<before_numbers>\. (?=[{SPACE}]*+ (?: \p{{Nd}} | [IVXLC]{{2,}} \b )) )
| {_BEGINS} \L<inside>\. (?= [,;:)/] | [{SPACE}]*+ [\p{{Ll}}\p{{Nd}}] )
"""
_NUMBER = rf"""
  (?: (?<![\w.]) \.)? \p{{Nd}}++ (?:[.,:/٫٬．-]\p{{Nd}}++){{1,{_MOST}}}+
  (?: (?!['’]{_SUFFIXES}(?!\w)) ['’]?+ {_LETTERS}++ (?:[.:]?+\p{{Nd}}++ {_LETTERS}*+){{0,9}}+ )?
| (?<![\w.]) \.\p{{Nd}}++
| {_BEGINS} \p{{Nd}}{{1,3}}+ (?:['’]\p{{Nd}}{{3}}+){{1,9}}+ (?!\p{{Nd}})
"""
_TAG = rf"""
  {_BEGINS} @ (?: {_IN_WORD}++ (?:@ {_HOST}{{1,9}}+ )? | {_HASHTAG}++ )
| {_BEGINS} \# {_HASHTAG}{{0,40}}+ (?<=[{_NO_BLANKS}]) \#
| {_BEGINS} \# (?= [\p{{N}}_]*+ \p{{L}} ) {_HASHTAG}++
"""
_PICTURE = rf"""
  \p{{RI}}{{2}} | [0-9\#*]\ufe0f?\u20e3
| \p{{Extended_Pictographic}} (?:\ufe0f|\p{{EMod}}|[\U000e0020-\U000e007f]){{0,{_MOST}}}+
  (?:\u200d \p{{Extended_Pictographic}} (?:\ufe0f|\p{{EMod}}){{0,{_MOST}}}+ ){{0,{_MOST}}}+
| (?<![^{_GAP}]) {EMOTICON} (?=[{_GAP}.,!?]|$)
"""
_WORD = rf"""
  (?<!['’]) {_HEBREW}++ (?: (?: ["”'’״׳]{_HEBREW}++ ){{1,9}}+ (?: ['’׳] (?!\w) )?+ | ['’׳] (?!\w) )  # gershayim, geresh
| {_IN_WORD}++
  (?:
    (?: ['’] (?! (?:{_SUFFIXES}|t|T) (?!\w) ) (?={_LETTERS}) | (?<=\p{{Nd}}) [.,] (?=\p{{Nd}}) | [{DIRECTION}]++ (?={_IN_WORD}) )
    {_IN_WORD}++
  ){{0,{_MOST}}}+
| [\p{{Han}}\p{{Hiragana}}]{_MARKS}*+ | [{_KATAKANA}] [{_KATAKANA}\p{{M}}]*+ | {_CLUSTERED}{_MARKS}*+
"""
_TOKEN = regex.compile(
    rf"""
    (?=[^{_GAP}]) (?:
      [A-Za-z]++ (?=[ ,;\n)"”?!]) | [.,;!?"“”)] (?=[ \n]|$) | [a-z]{{7,}}+ (?=\.(?:[ \n]|$))  # most of English, fast
    | (?= [\w\p{{M}}.%+'’-]{{1,66}}+ [@:] | [\w\p{{M}}%+'’-]{{1,66}}+ \. ) (?: {_ADDRESS} | {_ORDINAL} | {_ABBREVIATION} )
    | {_CONTRACTION}
    | (?=\P{{L}}) (?: {_TAG} | {_PICTURE} | {_NUMBER} )
    | {_WORD}
    | \.++ | !++ | \?++ | -++ | =++ | \*++ | ~++ | …++ | —++ | –++
    | . \p{{M}}*+
    )
    """,
    regex.DOTALL | regex.VERBOSE | regex.VERSION1,
    always=TITLES | MAY_END,
    before_numbers=BEFORE_NUMBERS,
    inside=INSIDE,
    of_parts=OF_PARTS,
    months=MONTHS,
    starters=STARTERS,
)


def find_tokens(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the tokens of text[start:end] start and end, in order."""
    return spans_of_matches(_TOKEN, text, start, end)
