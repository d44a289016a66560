"""Seconds of `import elmo` and `elmo --help`, compared with an empty Python process.

    python -m benchmarks.measure.models.startup [--save]

Medians of eleven processes each; the commands alternate.
"""

import statistics
import subprocess
import sys
import time

from benchmarks.record import parser_with_save, record, show

COMMANDS = {"python_s": ["-c", "pass"], "import_elmo_s": ["-c", "import elmo"], "help_s": ["-m", "elmo", "--help"]}


def main() -> None:
    """Print the medians; with --save keep them in results/startup.json."""
    given = parser_with_save(__doc__).parse_args()
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(11):
        for name, command in COMMANDS.items():
            begun = time.perf_counter()
            subprocess.run([sys.executable, *command], check=True, capture_output=True)
            times[name].append(time.perf_counter() - begun)
    figures = {name: round(statistics.median(values), 3) for name, values in times.items()}
    show(figures)
    if given.save:
        print(record("startup", "python -m benchmarks.measure.models.startup --save", figures))


if __name__ == "__main__":
    main()
