"""The encoding of bytes: UTF-16 and UTF-32 are recognised by their bytes, others are guessed from their letters."""

import codecs
import io
import shlex
import unicodedata
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from elmo.errors import TextError
from elmo.storage.compressed import unpack_command

_BLOCK_BYTES = 2**16
_LIKELY = 0.35  # the least part of the letters that must be common ones of the language
_WIDE_NULS = 0.2  # at least this fraction of the high bytes is zero in UTF-16 with Latin letters and white space


class Encoding(NamedTuple):
    """An encoding by the name that iconv knows, and the letters that are common in its texts."""

    name: str
    codec: str
    common: frozenset[str]
    dense: bool | None  # whether its letters are next to each other, as Cyrillic ones are; None: not checked


_WESTERN = "éèàäöüßñçêóíáôåøæîâãõúœëïùûÉÀÄÖÜ’‘“”–—…«»€£§°·"
_CENTRAL = "ąęłśżźćńóěščřžýáíéůúďťňőűöüșțŁŚŻČŘŠŽ’“”–—…„"
_TURKISH = "ığşçöüİŞĞÇÖÜâî’“”–—…"
_CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюіїє"
_GREEK = "αοιετσνηυρπκμλςωδγάίόέήύώ"
_HEBREW = "יוהלאתרבמשנםדעפקחכטגןצזסךץף"
_ARABIC = "اليمونرتبةعدسفهكقحجأىطصخشإذضز"
_CHINESE = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家"
)
_TRADITIONAL = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家"
)
_JAPANESE = "".join(map(chr, range(0x3041, 0x3094))) + "ーンスルトリイクアラ日本人年大中会国、。「」"
_KOREAN = "이다는에의을가고하지은로를한도서그나있사라기어자대시리해과정일수보인으성부들제것전"
_SIGNS = "，。、！？“”：；「」（）"

_CANDIDATES = (  # of equal ones the first wins
    Encoding("WINDOWS-1252", "cp1252", frozenset(_WESTERN), False),
    Encoding("WINDOWS-1250", "cp1250", frozenset(_CENTRAL), False),
    Encoding("WINDOWS-1254", "cp1254", frozenset(_TURKISH), False),
    Encoding("GB18030", "gb18030", frozenset(_CHINESE + _SIGNS), None),
    Encoding("BIG5", "big5", frozenset(_TRADITIONAL + _SIGNS), None),
    Encoding("SHIFT_JIS", "shift_jis", frozenset(_JAPANESE), None),
    Encoding("EUC-JP", "euc_jp", frozenset(_JAPANESE), None),
    Encoding("EUC-KR", "euc_kr", frozenset(_KOREAN), None),
    Encoding("WINDOWS-1251", "cp1251", frozenset(_CYRILLIC), True),
    Encoding("KOI8-R", "koi8_r", frozenset(_CYRILLIC), True),
    Encoding("CP866", "cp866", frozenset(_CYRILLIC), True),
    Encoding("WINDOWS-1253", "cp1253", frozenset(_GREEK), True),
    Encoding("WINDOWS-1255", "cp1255", frozenset(_HEBREW), True),
    Encoding("WINDOWS-1256", "cp1256", frozenset(_ARABIC), True),
)


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


def likely_encoding(sample: bytes) -> str | None:
    """The name of the encoding, as iconv knows it, in which bytes that are not UTF-8 were most likely written; None: unclear."""
    best, name = _LIKELY, None
    for candidate in _CANDIDATES:
        score = _score(sample, candidate)
        if score > best:
            best, name = score, candidate.name
    return name


def conversion_advice(sample: bytes, name: str) -> str:
    """Advice for a text that is not UTF-8: the likely encoding, and the command that converts the file."""
    encoding = "UTF-8" if _is_mostly_utf8(sample) else likely_encoding(sample)
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


def _score(sample: bytes, candidate: Encoding) -> float:
    """The fraction of the letters beyond ASCII that are common ones."""
    try:
        text = sample.decode(candidate.codec)
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 3:  # the sample may end within a character
            return 0.0
        text = sample[: error.start].decode(candidate.codec)
    foreign = [i for i, c in enumerate(text) if not c.isascii()]
    if not foreign:
        return 0.0
    common = sum(text[i] in candidate.common for i in foreign) / len(foreign)
    if candidate.dense is None:
        return common
    letters = [i for i in foreign if text[i].isalpha()]
    if not letters:
        return 0.0 if candidate.dense else common
    beside = [[text[k] for k in (i - 1, i + 1) if 0 <= k < len(text) and text[k].isalpha()] for i in letters]
    dense = sum(any(not c.isascii() for c in pair) for pair in beside) / len(letters)
    mixed = sum(any(c.isascii() for c in pair) for pair in beside) / len(letters)
    # capitals within words: the bytes of Chinese look so in KOI8-R
    inner = sum(text[i].isupper() and i > 0 and text[i - 1].islower() for i in letters) / len(letters)
    return common * (dense * (1 - mixed) * max(0.0, 1 - 5 * inner) if candidate.dense else 1 - dense**2)


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
