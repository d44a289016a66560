"""Seconds of `make demo` and `make test` on a fresh clone, then of both again without network.

    python -m benchmarks.measure.models.fresh_clone [--save]

Clones the current commit of this checkout, with the project's folder `shared` next to it if it exists.
"""

import os
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.record import ROOT, SHARED, parser_with_save, record, show


def seconds(command: list[str], folder: Path) -> float:
    """Run a command in a clean environment; its output goes to the terminal."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    begun = time.monotonic()
    subprocess.run(command, cwd=folder, env=environment, check=True)
    return round(time.monotonic() - begun, 1)


def main() -> None:
    """Print the seconds; with --save keep them in results/fresh_clone.json."""
    given = parser_with_save(__doc__).parse_args()
    with TemporaryDirectory() as room:
        clone = Path(room) / "elmo"
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        if SHARED.is_dir():
            (Path(room) / "shared").symlink_to(SHARED)
        blocked = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
        figures = {
            f"{target}_{when}_s": seconds([*prefix, "make", target], clone)
            for when, prefix in (("first", []), ("second_without_network", blocked))
            for target in ("demo", "test")
        }
    show(figures)
    if given.save:
        print(record("fresh_clone", "python -m benchmarks.measure.models.fresh_clone --save", figures))


if __name__ == "__main__":
    main()
