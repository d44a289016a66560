"""Standard input as a file that can be read several times."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from elmo.errors import OutputError
from elmo.storage.compressed import STANDARD_INPUT, open_unpacked, read_errors

_BLOCK_BYTES = 2**20


@contextmanager
def rereadable(path: Path) -> Iterator[Path]:
    """The file itself; for `-`, a copy of standard input on disk, which is removed when the block ends.

    Raises:
        TextError: standard input is closed or broken. OutputError: there is no room for the copy.
    """
    if path != STANDARD_INPUT:
        yield path
        return
    with TemporaryDirectory(prefix="elmo-") as folder:
        copy = Path(folder) / "standard input"
        with read_errors(path), open_unpacked(path) as file, copy.open("wb") as target:
            while block := file.read(_BLOCK_BYTES):
                try:
                    target.write(block)
                except OSError as error:
                    room = shutil.disk_usage(folder).free >> 20
                    raise OutputError(
                        f"standard input cannot be stored in {folder} ({error.strerror}, {room:,} MiB free); "
                        "write it to a file, and give the file"
                    ) from error
        yield copy
