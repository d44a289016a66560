"""The characters of a file: unpacked, of any recognised encoding, bounded."""

import gzip

import pytest

from elmo.errors import TextError
from elmo.text.passages.decoded import read_decoded

TEXT = "Où est la banque ?\r\n河岸。\n"


def test_a_file_is_decoded_as_it_is(tmp_path):
    plain, marked, packed, wide = (tmp_path / name for name in ("a.txt", "b.txt", "c.txt.gz", "d.txt"))
    plain.write_bytes(TEXT.encode())
    marked.write_bytes(TEXT.encode("utf-8-sig"))
    packed.write_bytes(gzip.compress(TEXT.encode()))
    wide.write_bytes(TEXT.encode("utf-16"))
    assert [read_decoded(path) for path in (plain, marked, packed, wide)] == [TEXT] * 4
    with marked.open(encoding="utf-8-sig", newline="") as file:  # as the page says
        assert file.read() == TEXT


def test_another_encoding_and_a_file_that_is_too_long_are_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(("Où est la banque à côté de la rivière ? " * 20).encode("latin-1"))
    with pytest.raises(TextError, match=r"a.txt: not UTF-8 \(byte 0xf9 at position 1\), most likely .*iconv"):
        read_decoded(path)
    path.write_bytes(b"x" * 2**20 + b"x")
    with pytest.raises(TextError, match="over 1 MiB"):
        read_decoded(path, 2**20)
