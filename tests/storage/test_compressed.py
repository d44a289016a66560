import bz2
import gzip
import io
import lzma
from pathlib import Path

import pytest

from elmo.errors import TextError
from elmo.storage.compressed import STANDARD_INPUT, inner_suffix, open_unpacked, packing_of, read_errors, unpack_command

CONTENT = b"one line\n" * 20_000
PACK = {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress}


def read(path, n=-1):
    with read_errors(path), open_unpacked(path) as file:
        return file.read(n)


@pytest.mark.parametrize("packing", PACK)
def test_a_file_is_unpacked_as_its_first_bytes_say(tmp_path, packing):
    for name in (f"a.{packing}", f"a.{packing.upper()}", "a.txt", "a.gz"):
        (tmp_path / name).write_bytes(PACK[packing](CONTENT))
        assert read(tmp_path / name) == CONTENT
    assert packing_of(PACK[packing](b"")) == packing


@pytest.mark.parametrize("packing", PACK)
def test_several_members_are_one_text(tmp_path, packing):
    (tmp_path / "a").write_bytes(b"".join(PACK[packing](part) for part in (CONTENT, b"", b"end")))
    assert read(tmp_path / "a") == CONTENT + b"end"


def test_zeros_between_the_streams_of_an_xz_file_are_padding(tmp_path):
    (tmp_path / "a.xz").write_bytes(lzma.compress(CONTENT) + bytes(2**17) + lzma.compress(b"end") + bytes(4))
    assert read(tmp_path / "a.xz") == CONTENT + b"end"


@pytest.mark.parametrize("packing", PACK)
def test_what_is_cut_short_is_said_so(tmp_path, packing):
    (tmp_path / "a.x").write_bytes(PACK[packing](CONTENT)[:-7])
    with pytest.raises(TextError, match=r"a\.x: cannot be read .* broken or cut short"):
        read(tmp_path / "a.x")


@pytest.mark.parametrize("ending", ["gz", "xz", "bz2"])
def test_a_name_that_promises_too_much_is_reported(tmp_path, ending):
    (tmp_path / f"a.{ending}").write_bytes(b"plain text\n")
    with pytest.raises(TextError, match=f"named .{ending}, but not compressed; if it is plain text, rename it"):
        read(tmp_path / f"a.{ending}")


def test_standard_input_stays_open_for_others(monkeypatch):
    source = io.TextIOWrapper(io.BytesIO(gzip.compress(CONTENT)))
    monkeypatch.setattr("sys.stdin", source)
    assert read(STANDARD_INPUT) == CONTENT
    assert not source.closed


def test_the_file_beneath_is_closed_with_its_stream(tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(CONTENT))
    file = open_unpacked(tmp_path / "a.gz")
    beneath = file._file
    file.close()
    assert beneath.closed


def test_names_are_taken_apart_in_any_case():
    assert inner_suffix(Path("A.JSONL.GZ")) == ".jsonl"
    assert inner_suffix(Path("a.gz")) == ""
    assert unpack_command(Path("a b.txt.xz")) == "xz -dc 'a b.txt.xz'"
    assert unpack_command(Path("a.txt")) is None
