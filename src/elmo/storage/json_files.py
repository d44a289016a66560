"""JSON files, read so that all that can be wrong with one is told."""

import json
from pathlib import Path
from typing import Any

from elmo.errors import ElmoError


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        OSError: it cannot be read. ValueError: it is no JSON, no UTF-8, or nested too deep.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except RecursionError:
        raise ValueError("nested too deep") from None


def require_json(path: Path, missing: str, kind: type[ElmoError]) -> Any:
    """`read_json` of a file that must be there.

    Args:
        missing: what to say if it is not.
    Raises:
        ElmoError: of this kind: it is missing, or is no JSON.
    """
    try:
        return read_json(path)
    except FileNotFoundError:
        raise kind(f"{path.absolute()}: no such file; {missing}") from None
    except (OSError, ValueError) as error:
        raise kind(f"{path}: not a readable JSON file ({error})") from error
