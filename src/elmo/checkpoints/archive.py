"""Archives (zip, tar, tar.gz, ...) unpacked safely: no file outside the folder, no link, no decompression bomb."""

import bz2
import gzip
import io
import lzma
import re
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

from elmo.errors import CheckpointError

UNPACKED_PREFIX = "elmo-archive-"
ARCHIVE_SUFFIXES = (".zip", ".gz", ".tgz", ".tar")
MAX_FILES = 10_000  # and headers
MAX_DEPTH = 32  # folders in each other
MAX_HEADER_BYTES = 1024  # of a tar's long names and attributes, whose reading takes the square of their length
MAX_BYTES = 2**35  # of all files together
MAX_RATIO = 100  # bytes out of one byte of archive; weights pack to half at best, word lists to a fifth
FREE_BYTES = 2**26  # small archives may hold so much, whatever the ratio
_AT_ONCE = 2**20
_HEADER_TYPES = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_PACKED: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}


class _RefusedError(Exception):
    """The archive must not be unpacked; the text says why."""


def is_archive(path: Path) -> bool:
    """Whether a file is a zip or a tar, compressed or not, by its first bytes."""
    try:
        with path.open("rb") as file:
            start = file.read(262)
    except OSError:
        return False
    return start[:4] == b"PK\x03\x04" or start[257:262] == b"ustar" or any(map(start.startswith, _PACKED))


@contextmanager
def unpacked(archive: Path, what: str = "archives of models") -> Iterator[Path]:
    """The temporary folder of an unpacked archive; it is removed when the block ends.

    Args:
        what: such archives are, for messages.
    Raises:
        CheckpointError: the archive is damaged, or holds links, names that lead outside, or far too much.
    """
    with tempfile.TemporaryDirectory(prefix=UNPACKED_PREFIX) as folder:
        try:
            limit = min(MAX_BYTES, max(FREE_BYTES, MAX_RATIO * archive.stat().st_size))
            _unpack(archive, Path(folder), limit)
        except _RefusedError as error:
            raise CheckpointError(f"{archive}: {error}; {what} have none of that; nothing was unpacked") from None
        except (
            *(OSError, EOFError, ValueError, RuntimeError, NotImplementedError, OverflowError, MemoryError),
            *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError),
        ) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
            raise CheckpointError(
                f"{archive}: cannot be unpacked ({reason}); copy it again from where it came"
            ) from error
        yield Path(folder)


def _unpack(archive: Path, folder: Path, limit: int) -> None:
    names: set[str] = set()
    written = 0
    for name, file in _members(archive, limit):
        if len(names) == MAX_FILES:
            raise _RefusedError(f"it holds more than {MAX_FILES:,} files")
        target = folder.joinpath(*_safe_parts(name))
        if name.casefold() in names:
            raise _RefusedError(f"it holds {name!r:.80} twice")
        names.add(name.casefold())
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as out:
            while block := file.read(_AT_ONCE):
                written += len(block)
                if written > limit:
                    raise _RefusedError(f"it unpacks to more than {limit:,} bytes")
                out.write(block)


def _members(archive: Path, limit: int) -> Iterator[tuple[str, IO[bytes]]]:
    """Names and contents of the files, in order."""
    with archive.open("rb") as file:
        start = file.read(6)
    if start[:4] == b"PK\x03\x04":
        yield from _zip_members(archive)
        return
    opener = next((opener for magic, opener in _PACKED.items() if start.startswith(magic)), None)
    with archive.open("rb") if opener is None else opener(archive, "rb") as packed:
        bounded = _Bounded(packed, limit)
        with tarfile.open(fileobj=bounded, mode="r|", tarinfo=_BoundedInfo) as tar:
            for number, member in enumerate(tar):
                if number > MAX_FILES:
                    raise _RefusedError(f"it holds more than {MAX_FILES:,} files")
                if member.isdir():
                    _safe_parts(member.name)
                    continue
                content = tar.extractfile(member) if member.isreg() else None
                if content is None:
                    raise _RefusedError(f"{member.name!r:.80} in it is a link or a device")
                yield member.name, content


def _zip_members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _RefusedError(f"{info.filename!r:.80} in it is a link or a device")
            if info.flag_bits & 1:
                raise _RefusedError(f"{info.filename!r:.80} in it is encrypted")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                # what is read of these at once has no bound
                raise _RefusedError(f"{info.filename!r:.80} in it is not compressed with deflate")
            if info.is_dir():
                _safe_parts(_with_slashes(info.filename))
                continue
            with opened.open(info) as content:
                yield _with_slashes(info.filename), content


def _with_slashes(name: str) -> str:
    """The name of a zip member with slashes, where a Windows program wrote backslashes."""
    return name.replace("\\", "/")


def _safe_parts(name: str) -> list[str]:
    """The parts of a name that stays within the folder."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts or "\\" in name or "\0" in name or re.match(r"[A-Za-z]:", name):
        raise _RefusedError(f"the name {name!r:.80} in it points outside the archive")
    if len(parts) > MAX_DEPTH:
        raise _RefusedError(f"the name {name!r:.80} in it is {len(parts)} folders deep")
    return parts


class _BoundedInfo(tarfile.TarInfo):
    """A header that is refused if it is long: `tarfile` keeps all of it in memory and scans it repeatedly."""

    def _proc_member(self, tar: tarfile.TarFile) -> Any:
        if self.type in _HEADER_TYPES and self.size > MAX_HEADER_BYTES:
            raise _RefusedError(f"it has a header of {self.size:,} bytes")
        return super()._proc_member(tar)  # type: ignore[misc]


class _Bounded(io.RawIOBase):
    """A stream that fails once too much was read: the headers of a tar may be bombs too."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream, self._limit, self._left = stream, limit, limit + 2**20  # room for headers

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(_AT_ONCE if size < 0 else min(size, _AT_ONCE))
        self._left -= len(block)
        if self._left < 0:
            raise _RefusedError(f"it unpacks to more than {self._limit:,} bytes")
        return block
