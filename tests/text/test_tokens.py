import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo.text.tokens import find_tokens, split_words, tokenize

CASES = {
    "contractions": ("Don't, can’t, it's, they’re I'll", "Do n't , ca n’t , it 's , they ’re I 'll"),
    "possessive and inner apostrophes": (
        "O'Brien's rock'n'roll o'clock l'homme",
        "O'Brien 's rock'n'roll o'clock l'homme",
    ),
    "abbreviations": ("Dr. Smith of the U.S., e.g. at 9 a.m.", "Dr. Smith of the U.S. , e.g. at 9 a.m."),
    "initials": ("J. K. Rowling took vitamin C.", "J. K. Rowling took vitamin C ."),
    "numbers": ("1,234.56 on 2026-11-24 at 10:30, 50%, $5", "1,234.56 on 2026-11-24 at 10:30 , 50 % , $ 5"),
    "numbers with letters": ("the 3rd 5kg 3.5mm", "the 3rd 5kg 3.5 mm"),
    "hyphens and dashes": ("state-of-the-art — yes--no", "state - of - the - art — yes -- no"),
    "addresses": (
        "See https://a.b/c?d=e#f, (www.x.org) or a.b+c@d-e.co.uk!",
        "See https://a.b/c?d=e#f , ( www.x.org ) or a.b+c@d-e.co.uk !",
    ),
    "mentions": ("@you #tag C#", "@you #tag C #"),
    "repeated signs": ("Wait... what?! No!!! ((", "Wait ... what ? ! No !!! ( ("),
    "emoji": ("👩‍🔬👍🏽 🇩🇪 1️⃣ ❤️ 👨‍👩‍👧‍👦", "👩‍🔬 👍🏽 🇩🇪 1️⃣ ❤️ 👨‍👩‍👧‍👦"),
    "Chinese": ("今天天气很好。", "今 天 天 气 很 好 。"),
    "Chinese with Latin": ("用Python写NLP", "用 Python 写 NLP"),
    "Japanese": ("東京タワーに行く", "東 京 タワー に 行 く"),
    "Korean": ("안녕하세요 세계", "안녕하세요 세계"),
    "Thai": ("ผมชื่อ", "ผ ม ชื่ อ"),
    "Arabic": ("مرحبا بالعالم؟", "مرحبا بالعالم ؟"),
    "Arabic with marks": ("مُحَمَّد", "مُحَمَّد"),
    "Hebrew": ("שָׁלוֹם עולם", "שָׁלוֹם עולם"),
    "Hindi": ("नमस्ते दुनिया।", "नमस्ते दुनिया ।"),
    "German": ("Die Straße heißt Übergröße.", "Die Straße heißt Übergröße ."),
    "Basque": ("Etxean nago, eta zu?", "Etxean nago , eta zu ?"),
    "combining accent": ("cafe\u0301 s", "cafe\u0301 s"),
    "zero-width space separates": ("a\u200bb", "a b"),
    "soft hyphen stays inside": ("so\xadft", "so\xadft"),
    "control characters": ("x\x00y", "x \x00 y"),
    "Burmese, Khmer, Lao": ("မြန်မာ ខ្ញុំ ລາວ", "မြ န် မာ ខ្ ញុំ ລ າ ວ"),
    "a long sentence of Han is no long token": ("国" * 9, " ".join("国" * 9)),
    "flags side by side": ("🇩🇪🇫🇷", "🇩🇪 🇫🇷"),
    "initials written together": ("M.I.T. J.K. Rowling", "M.I.T. J.K. Rowling"),
    "a word from right to left between others": ("say שלום, now", "say שלום , now"),
    "lone surrogate": ("a\ud800b", "a \ud800 b"),
}


@pytest.mark.parametrize("case", CASES)
def test_tokens_of(case):
    text, tokens = CASES[case]
    assert [token.text for token in tokenize(text)] == tokens.split(" ")


@given(st.text(alphabet=st.characters(exclude_categories=[]), max_size=80))
def test_offsets_point_at_the_token_and_nothing_but_space_lies_between(text):
    done = 0
    for token in tokenize(text):
        assert text[token.start : token.end] == token.text
        assert token.text
        assert not token.text[0].isspace()
        assert not any(c.isspace() for c in token.text)
        assert not text[done : token.start].strip("\u200b\ufeff \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0").strip()
        done = token.end
    assert not text[done:].strip("\u200b\ufeff \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0").strip()


@given(st.text(alphabet="ab1.,'’-@/: \t日ーア🇩👍🏽\u200d\u0301", max_size=30))
def test_tokens_written_with_blanks_are_read_back_as_pretokenized_words(text):
    words = [token.text for token in tokenize(text)]
    assert split_words(" ".join(words)) == words


@pytest.mark.parametrize(
    "piece", ["a", "'", ".", "http://", "a.", "a-", "1,", "@", "a@", "n't ", "\u0301", "👩\u200d", "a.a@", "A. "]
)
def test_long_monotony_takes_linear_time(piece):
    text = piece * (200_000 // len(piece))
    begun = time.process_time()
    tokenize(text)
    assert time.process_time() - begun < 5


def test_a_tab_is_white_space_in_a_pretokenized_line():
    assert split_words("one\ttwo  three\u3000four\n") == ["one", "two", "three", "four"]


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["1,", "a'b", "a'", "👩\u200d", "👩\ufe0f", "x@y.z.", "http://"])
def test_ten_megabytes_without_a_blank_are_cut_and_nothing_is_lost(piece):
    text = piece * (10_000_000 // len(piece.encode()))
    assert "".join(text[a:b] for a, b in find_tokens(text, 0, len(text))) == text
