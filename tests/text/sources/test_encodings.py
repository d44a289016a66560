import io

import pytest

from elmo.errors import TextError
from elmo.text.sources.encodings import as_utf8, conversion_advice, wide_encoding

TEXT = "The bank, 日本 and 😀.\n\u2028\n"


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_recognised_by_its_zeros(codec):
    assert wide_encoding("The bank\n".encode(codec)) == codec
    assert wide_encoding("日本の銀行は川のそば\n".encode(codec)) == codec
    assert wide_encoding("Привет, мир\n".encode(codec)) == codec


@pytest.mark.parametrize("codec", ["utf-16", "utf-32"])
def test_a_mark_tells_the_encoding(codec):
    assert wide_encoding(TEXT.encode(codec)) == codec


@pytest.mark.parametrize(
    "head", [b"", b"plain", "日本".encode(), b"a\0b\n", b"\0", b"a\0", bytes(range(256)), b"\0\0\0\0"]
)
def test_other_bytes_are_not_taken_for_utf_16(head):
    assert wide_encoding(head) in (None, "utf-16-le") if head == b"a\0" else wide_encoding(head) is None


@pytest.mark.parametrize("n", [1, 7, 10_000])
def test_a_wide_text_is_read_in_a_stream_whatever_the_pieces(n):
    file = as_utf8(io.BufferedReader(io.BytesIO(TEXT.encode("utf-16") * 1)), "utf-16", "a.txt")
    assert b"".join(iter(lambda: file.read(n), b"")).decode("utf-8") == TEXT


def test_a_wide_text_that_is_cut_is_named():
    file = as_utf8(io.BufferedReader(io.BytesIO(TEXT.encode("utf-16")[:-1])), "utf-16", "a.txt")
    with pytest.raises(TextError, match=r"a\.txt: broken UTF-16"):
        file.read()


def test_bytes_of_no_language_have_no_likely_encoding():
    assert "find out which encoding" in conversion_advice(bytes(range(128, 256)), "a.txt")


def test_the_command_unpacks_what_is_packed_and_quotes_names():
    sample = "près de la forêt".encode("cp1252")
    assert conversion_advice(sample, "a b.txt.gz").endswith(
        "gzip -dc 'a b.txt.gz' | iconv -f WINDOWS-1252 -t UTF-8 > 'a b.utf8.txt'"
    )
    assert conversion_advice(sample, "standard input").endswith("... | iconv -f WINDOWS-1252 -t UTF-8 | elmo ...")
