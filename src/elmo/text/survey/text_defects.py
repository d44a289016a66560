"""The defects of a line of text: signs of damage, of another format, of another encoding.

`find_text_defects` names them by the keys of `TEXT_DEFECTS`. A line without defects costs a few searches.
"""

import re
from collections.abc import Iterator

TEXT_DEFECTS = {
    "control": "control characters",
    "replacement": "U+FFFD (lost letters)",
    "carriage_return": "CR inside a line",
    "byte_order_mark": "byte order mark inside",
    "zero_width": "zero-width or soft hyphen",
    "bidi": "direction marks",
    "private_use": "private use",
    "mojibake": "mojibake",
    "html": "HTML tags",
    "entity": "HTML entities",
    "url": "URLs",
    "email": "e-mail addresses",
    "boilerplate": "boilerplate",
    "no_letters": "no letter",
}

_C1 = "\x80-\x84\x86-\x9f"  # \x85 is a line end of some systems, white space to us
_ODD = {
    "control": re.compile(f"[\x00-\x08\x0e-\x1b\x7f{_C1}]"),  # \x1c-\x1f: white space to us
    "replacement": re.compile("\ufffd"),
    "carriage_return": re.compile("\r"),
    "byte_order_mark": re.compile("\ufeff"),
    "zero_width": re.compile("[\u200b\u2060\xad]"),  # not U+200C, U+200D: Persian, Hindi and emoji need them
    "bidi": re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]"),
    "private_use": re.compile("[\ue000-\uf8ff\U000f0000-\U0010fffd]"),
}
_ANY_ODD = re.compile("|".join(pattern.pattern for pattern in _ODD.values()))
_ANY_ODD_ASCII = re.compile("[\x00-\x08\x0e-\x1b\x7f\r]")

# The bytes 0x80-0xbf as Latin-1 and Windows-1252 show them, but for those that may well follow a letter: quotation marks,
# no-break space, dashes, ellipsis.
_REST = "\x80-\x9f¡-ª¬-º¼-¿€‚ƒ„†‡ˆ‰ŠŒŽ•˜™šœžŸ"
_MOJIBAKE = re.compile(
    rf"[ÃÂÐÑ][{_REST}]"  # é as Ã©, a Cyrillic letter as Ð¶
    rf"|â€[{_REST}“”’‘–—…›‹]"  # ’ as â€™
    rf"|[à-ï][{_REST}]{{2}}"  # a Han character as ä¸­
    "|Ã\xa0|Â\xa0|Â»|Â«"
)

_TAGS = (
    "a|abbr|b|blockquote|body|br|code|dd|div|dl|dt|em|font|h[1-6]|head|html|hr|i|iframe|img|li|link|math|meta|nowiki|ol|"
    "p|pre|ref|script|section|small|span|strong|style|sub|sup|table|tbody|td|th|thead|title|tr|ul"
)
_HTML = re.compile(rf"</?\ ?(?:{_TAGS})(?:\s[^<>]*)?/?>|<!--", re.IGNORECASE)  # not <unk>, <s>, <eos>
_ENTITY = re.compile(
    r"&\ ?(?:amp|lt|gt|quot|nbsp|apos|mdash|ndash|hellip|[lr][ds]quo|\w{2,8}acute|#[0-9]{2,6}|#x[0-9a-f]{2,6})\ ?;",
    re.IGNORECASE,
)
_URL = re.compile(r"https?\ ?:\ ?/\ ?/|\bwww\ ?\.\ ?\w")
_EMAIL = re.compile(r"[\w.+-]@[\w-]+\.\w")
_GATED = (  # most lines have none of the signs, and need no search
    ("html", _HTML, "<"),
    ("entity", _ENTITY, "&"),
    ("url", _URL, ("://", ": /", "www")),
    ("email", _EMAIL, "@"),
)
_LETTER = re.compile(r"[^\W\d_]")
_PHRASES = (  # without their first letters: at the start of a sentence or inside it
    "ll rights reserved",
    "roject Gutenberg",
    "lick here",
    "ookie policy",
    "rivacy policy",
    "rivacy Policy",
    "erms of use",
    "erms of Use",
    "版权所有",
    "点击这里",
)


def find_text_defects(line: str) -> Iterator[tuple[str, int]]:
    """The defects of a line that is not empty: each once, with the position of its first sign."""
    if line.isascii():
        odd = _ANY_ODD_ASCII.search(line)
    else:
        odd = _ANY_ODD.search(line)
        if found := _MOJIBAKE.search(line):
            yield "mojibake", found.start()
    if odd:
        for name, pattern in _ODD.items():
            if found := pattern.search(line):
                yield name, found.start()
    for name, pattern, signs in _GATED:
        if any(sign in line for sign in signs) and (found := pattern.search(line)):
            yield name, found.start()
    if any(phrase in line for phrase in _PHRASES):
        yield "boilerplate", min(line.find(phrase) for phrase in _PHRASES if phrase in line)
    if not _LETTER.search(line):
        yield "no_letters", 0
