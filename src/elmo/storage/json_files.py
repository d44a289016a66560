"""JSON files, read so that every fault of one is reported; files of a folder that are no regular files."""

import json
import os
import stat
from pathlib import Path
from typing import Any

from elmo.errors import ElmoError


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        OSError: it cannot be read, or is a pipe or a device. ValueError: it is not JSON, not UTF-8, or nested too deep.
    """
    refuse_special(path)
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except RecursionError:
        raise ValueError("nested too deep") from None


def require_json(path: Path, missing: str, kind: type[ElmoError]) -> Any:
    """`read_json` of a file that must exist.

    Args:
        missing: what to say if it is not.
    Raises:
        ElmoError: of this kind: it is missing, or is not JSON.
    """
    try:
        return read_json(path)
    except (FileNotFoundError, NotADirectoryError):
        raise kind(f"{no_such_file(path)}; {missing}") from None
    except (OSError, ValueError) as error:
        raise kind(f"{path}: not a readable JSON file ({error})") from error


def refuse_special(path: Path) -> None:
    """Refuse a file of a folder that is a pipe or a device: a reader would wait for it, or never come to its end.

    Raises:
        OSError: it is one, or it cannot be looked at.
    """
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(f"{path.name} is not a regular file")


def no_such_file(path: Path) -> str:
    """What is missing, for a message: the file, or the folder in place of which there is a file."""
    return f"{path.parent}: a file, not a folder" if path.parent.is_file() else f"{path.absolute()}: no such file"


def is_unicode(text: str) -> bool:
    """Whether a text can be encoded in UTF-8: file names that are not UTF-8, and lone surrogates, cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def unicode_name(path: Path) -> str:
    """The name of a file as text; bytes that are not UTF-8 become U+FFFD."""
    return os.fsencode(path.name).decode("utf-8", "replace")
