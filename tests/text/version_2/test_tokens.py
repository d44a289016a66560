import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo.text.tokenizer import VERSION_2
from elmo.text.version_2.tokens import find_tokens

CASES = {
    "capital contractions": ("DON'T CAN'T don't DIDN’T", "DO N'T CA N'T do n't DID N’T"),
    "a URL before and between Chinese": (
        "请看https://example.com/a，谢谢http://b.cn/c谢谢",
        "请 看 https://example.com/a ， 谢 谢 http://b.cn/c 谢 谢",
    ),
    "a URL with parentheses": (
        "(see http://a.b/c_(d)) https://a.b/c).",
        "( see http://a.b/c_(d) ) https://a.b/c ) .",
    ),
    "a URL with letters of its language": ("https://a.de/Straße?ü=1!", "https://a.de/Straße?ü=1 !"),
    "an address in Japanese": ("私のa.b@c.co.jpです", "私 の a.b@c.co.jp で す"),
    "hosts and files": (
        "example.com, main.py; a.b.co.uk/x? the.end",
        "example.com , main.py ; a.b.co.uk/x ? the . end",
    ),
    "names": ("@user的 @小明 你 a@b @a@m.social", "@user 的 @小明 你 a @ b @a@m.social"),
    "hashtags": ("#新闻#今天 #tag #1 C#", "#新闻# 今 天 #tag # 1 C #"),
    "digits of Thai, Lao, Khmer, Burmese, Tibetan": ("๒๕๖๓ ໑໒ ១២ ၂၀၂၀ ༡༢", "๒๕๖๓ ໑໒ ១២ ၂၀၂၀ ༡༢"),
    "a number in Thai": ("ราคา๑๐๐บาท", "ร า ค า ๑๐๐ บ า ท"),
    "SARA AM and its Lao sister": ("กำน้ำ ນ້ຳ", "กำ น้ำ ນ້ຳ"),
    "direction marks": ("שלום\u200f עולם abc\u202cdef \u202bab\u202c. \u200f", "שלום עולם abc\u202cdef ab ."),
    "half-width Katakana": ("ﾊﾞｽに", "ﾊﾞｽ に"),
    "degrees": ("Ph.D. M.Sc. LL.B. Dipl.-Ing.", "Ph.D. M.Sc. LL.B. Dipl.-Ing."),
    "numbers": ("3.5kg 5kg .5 1'000'000 3.º ３．１４ v2.0", "3.5kg 5kg .5 1'000'000 3.º ３．１４ v2.0"),
    "number and possessive": ("the 1990-91's 3.5'lik", "the 1990-91 's 3.5'lik"),
    "a number that answers": ("No. 5, p. 7; no.", "No. 5 , p. 7 ; no ."),
    "gershayim": ('צה"ל ג\'ורג\' "כן"', 'צה"ל ג\'ורג\' " כן "'),
    "emoticons": ("fine :-) (see: p) x:(", "fine :-) ( see : p ) x : ("),
}
INVISIBLE = "\u200b\ufeff\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
PIECES = [
    "a",
    "'",
    ".",
    "http://",
    "a.",
    "a-",
    "1,",
    "@",
    "a@",
    "n't ",
    "\u0301",
    "👩\u200d",
    "a.a@",
    "A. ",
    "(",
    "http://(",
    "#新",
]
PIECES += ["1. ", "www.", "a\u202c", 'ש"', "1'000", "p. ", "a.b.", "x.com", ":)", "กำ", "%", "c-", "No. ", "X. ", "1:"]


@pytest.mark.parametrize("case", CASES)
def test_tokens_of(case):
    text, expected = CASES[case]
    assert [token.text for token in VERSION_2.tokenize(text)] == expected.split(" ")


@given(
    st.text(
        alphabet=st.characters(exclude_categories=[]) | st.sampled_from(".,'@#:)-1aZ新กำ\u200f\u0301 "), max_size=80
    )
)
def test_tokens_are_in_order_and_only_white_space_and_invisible_marks_lie_between(text):
    at = 0
    for token in VERSION_2.tokenize(text):
        assert text[token.start : token.end] == token.text
        assert token.text
        assert not any(c.isspace() for c in token.text)
        assert token.text[0] not in INVISIBLE
        assert token.text[-1] not in INVISIBLE
        assert all(c.isspace() or c in INVISIBLE for c in text[at : token.start])
        at = token.end
    assert all(c.isspace() or c in INVISIBLE for c in text[at:])


@given(st.text(alphabet="aB1.,'’-@/:#() \t日ーア🇩👍🏽\u200d\u0301", max_size=30))
def test_the_tokens_of_a_part_are_found_without_looking_beyond_it(text):
    middle = len(text) // 2
    found = [text[a:b] for a, b in find_tokens(text, 0, middle)]
    assert found == [text[a:b] for a, b in find_tokens(text[:middle], 0, middle)]


@pytest.mark.parametrize("piece", PIECES)
def test_long_monotony_takes_linear_time(piece):
    text = piece * (100_000 // len(piece)) + "a"
    begun = time.process_time()
    found = "".join(text[a:b] for a, b in find_tokens(text, 0, len(text)))
    assert time.process_time() - begun < 20
    assert [c for c in found if c not in INVISIBLE] == [c for c in "".join(text.split()) if c not in INVISIBLE]
