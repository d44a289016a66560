import pytest

from elmo.text.survey.text_defects import TEXT_DEFECTS, find_text_defects


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("a\x07b and \x9f", {"control"}),
        ("caf\ufffd au lait", {"replacement"}),
        ("one\rtwo", {"carriage_return"}),
        ("in\ufeffside", {"byte_order_mark"}),
        ("soft\xadhyphen", {"zero_width"}),
        ("left \u202eright", {"bidi"}),
        ("许可：\ue004", {"private_use"}),
        ("It cost <b>five</b> pounds", {"html"}),
        ("fish &amp; chips, &#233;t&eacute;", {"entity"}),
        ("see https://example.org/a for more", {"url"}),
        ("write to a.b@example.org soon", {"email"}),
        ("Copyright 2020. All rights reserved.", {"boilerplate"}),
        ("1914 -- 1918 ...", {"no_letters"}),
        ("&lt;a\rb\ufffd", {"entity", "carriage_return", "replacement"}),
    ],
)
def test_the_defects_of_a_line_are_reported(line, names):
    assert {name for name, _ in find_text_defects(line)} == names
    assert names <= set(TEXT_DEFECTS)


def misread(text: str, encoding: str) -> str:
    """Its UTF-8 in another encoding; bytes without a sign there as browsers show them, like Latin-1."""
    single = (bytes([byte]) for byte in text.encode("utf-8"))
    return "".join(byte.decode(encoding, "ignore") or byte.decode("latin-1") for byte in single)


@pytest.mark.parametrize("text", ["café", "It’s “so”", "Привет", "für", "àéîõü", "日本語の文", "l’œuvre", "«ja»"])
@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_utf8_read_as_latin_1_is_found(text, encoding):
    assert "mojibake" in {name for name, _ in find_text_defects(misread(text, encoding))}
    assert "mojibake" not in {name for name, _ in find_text_defects(text)}


@pytest.mark.parametrize(
    "line",
    [
        "Plain text; with (marks) - and 'quotes' & a/b, 3 < 5 > 2.",
        "« Il est arrivé\xa0», dit-elle ; « CAFÉ » et l’été…",
        "“Ã” e “SÃO” — IRMÃ” – São Paulo, AÑO, Ðe",
        "<unk> <s> </s> <eos> AT&T; R&D",
        "می\u200cخواهم क्\u200dष 👩\u200d🔬",
        "Tab\tand\x85next line",
        "ⅷ a @-@ b @.@ c",
    ],
)
def test_what_is_right_in_some_language_is_no_defect(line):
    assert list(find_text_defects(line)) == []


def test_the_position_of_the_first_sign_is_reported():
    assert dict(find_text_defects("ab <i>c</i> d\ufffd")) == {"html": 3, "replacement": 13}
