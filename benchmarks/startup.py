"""How long `import elmo` and `elmo --help` take: medians of eleven processes each, beside an empty Python process.

python benchmarks/startup.py [--save]
"""

import argparse
import statistics
import subprocess
import sys
import time

from record import record

COMMANDS = {"python_s": ["-c", "pass"], "import_elmo_s": ["-c", "import elmo"], "help_s": ["-m", "elmo", "--help"]}


def main() -> None:
    """Print the medians; with --save keep them in results/startup.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--save", action="store_true")
    given = parser.parse_args()
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(11):
        for name, command in COMMANDS.items():
            begun = time.perf_counter()
            subprocess.run([sys.executable, *command], check=True, capture_output=True)
            times[name].append(time.perf_counter() - begun)
    figures = {name: round(statistics.median(values), 3) for name, values in times.items()}
    for name, value in figures.items():
        print(f"{name:16}{value:8.3f}")
    if given.save:
        print(record("startup", "python benchmarks/startup.py --save", figures))


if __name__ == "__main__":
    main()
