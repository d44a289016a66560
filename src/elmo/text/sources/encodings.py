"""The encoding of bytes: UTF-16 and UTF-32 are recognised by their bytes, others are guessed from their letters."""

import codecs
import io
import shlex
import unicodedata
from pathlib import Path
from typing import Any, BinaryIO, cast

from elmo.errors import TextError
from elmo.storage.compressed import unpack_command
from elmo.text.sources.encoding_likelihood import most_likely

_BLOCK_BYTES = 2**16
_WIDE_NULS = 0.2  # at least this fraction of the high bytes is zero in UTF-16 with Latin letters and white space


def wide_encoding(head: bytes) -> str | None:
    """The codec of a text that begins with these bytes if it is UTF-16 or UTF-32, with a mark or without; else None."""
    for mark, codec in ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32")):
        if head.startswith(mark):
            return codec
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" not in head:
        return None
    even = head[: len(head) // 2 * 2]
    zeros = [even[high::2].count(0) for high in (0, 1)]
    for high, codec in ((1, "utf-16-le"), (0, "utf-16-be")):  # the index of the high byte in each pair
        if zeros[1 - high] or not zeros[high]:
            continue
        latin = zeros[high] >= _WIDE_NULS * len(even) / 2
        if (latin or not _is_utf8(head)) and _is_plain(even, codec):
            return codec
    return None


def as_utf8(file: io.BufferedReader, codec: str, name: str) -> io.BufferedReader:
    """A file in another encoding as a file in UTF-8, read in a stream."""
    return io.BufferedReader(cast(io.RawIOBase, _Transcoded(file, codec, name)), _BLOCK_BYTES)


class _Transcoded(io.RawIOBase):
    def __init__(self, file: BinaryIO, codec: str, name: str) -> None:
        self._file, self._codec, self._name = file, codec, name
        self._decoder = codecs.getincrementaldecoder(codec)()
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and not self._ended:
            block = self._file.read(_BLOCK_BYTES)
            self._ended = not block
            try:
                self._ready = self._decoder.decode(block, final=self._ended).encode("utf-8")
            except UnicodeDecodeError as error:
                raise TextError(
                    f"{self._name}: broken {self._codec.upper()} ({error.reason}); save the text again as UTF-8"
                ) from error
        n = min(len(buffer), len(self._ready))
        buffer[:n], self._ready = self._ready[:n], self._ready[n:]
        return n


def conversion_advice(sample: bytes, name: str) -> str:
    """Advice for a text that is not UTF-8: the likely encoding, and the command that converts the file."""
    encoding = "UTF-8" if _is_mostly_utf8(sample) else most_likely(sample)
    if encoding is None:
        return "nor another known encoding; find out which encoding it is, and save the text as UTF-8"
    guess = f"most likely {encoding}; convert it:"
    convert = f"iconv -f {encoding} -t UTF-8"
    if encoding == "UTF-8":
        guess, convert = "the rest is UTF-8; leave such bytes out:", "iconv -f UTF-8 -t UTF-8 -c"
    if name == "standard input":
        return f"{guess} ... | {convert} | elmo ..."
    path = Path(name)
    unpack = unpack_command(path)
    plain = path if unpack is None else path.with_suffix("")
    target = shlex.quote(f"{plain.stem}.utf8{plain.suffix}")
    if unpack is None:
        return f"{guess} {convert} {shlex.quote(name)} > {target}"
    return f"{guess} {unpack} | {convert} > {target}"


def _is_mostly_utf8(sample: bytes) -> bool:
    """Whether nearly all characters beyond ASCII are UTF-8: then a few bytes are damaged, and it is not another encoding."""
    text = sample.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    return sum(not c.isascii() for c in text) - damaged >= 4 * damaged


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _is_plain(head: bytes, codec: str) -> bool:
    """Whether bytes decode to a text without control characters or code points that are not in use."""
    try:
        text = codecs.getincrementaldecoder(codec)().decode(head)
    except UnicodeDecodeError:
        return False
    odd = sum(unicodedata.category(c) in ("Cn", "Co", "Cs") or (c < " " and c not in "\t\n\r\f\v") for c in text)
    return bool(text) and odd <= len(text) // 100
