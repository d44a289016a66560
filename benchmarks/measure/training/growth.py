"""Speed and memory of reading and of training, for texts of 1 MB to 2 GB.

    python -m benchmarks.measure.training.growth [--megabytes 1,10,100,2000] [--steps N] [--save]

The text is generated: one megabyte with 10,000 different words, repeated, pretokenized, with a fixed vocabulary, so that only its
length grows. Each length runs in a separate process with one thread: `start_run` (reads the corpus, writes ids), then
`continue_run` for some steps of a tiny model.
Training time is counted from the first step to the last; `open` is the time from the call to the first step, in which all ids
are checked. Memory is the maximum of 20 samples per second, in MB: RssAnon is memory of the process itself, RssFile are pages of
files (libraries, mapped words) that the system may drop.
"""

import itertools
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from benchmarks.record import ROOT, parser_with_save, record
from elmo.apps.pretraining.pretrain import continue_run
from elmo.train.memory import keep_freed_memory
from elmo.train.recipe import pretrain_config
from elmo.train.run_log import Report
from elmo.train.runs.begin import start_run

N_WORDS = 10_000
LOOK_S = 0.05
RECIPE = {
    "bilm": {"lstm": {"cell_size": 64, "projection_size": 32}},
    "rows": 64,
    "window": 20,
    "n_negatives": 256,
    "log_every": 1,
    "checkpoint_minutes": 60,
    "evaluate_sentences": 100,
}


def memory_mb() -> dict[str, float]:
    """Memory of this process: VmRSS, and its parts RssAnon and RssFile."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    kilobytes = {name: value.split()[0] for name, _, value in (line.partition(":") for line in lines) if "kB" in value}
    return {name: round(int(kilobytes[name]) / 1024, 1) for name in ("VmRSS", "RssAnon", "RssFile")}


@contextmanager
def most_memory(figures: dict[str, Any], name: str) -> Iterator[None]:
    """Write the maximum memory during the block into the figures."""
    over, most = threading.Event(), memory_mb()

    def look() -> None:
        while not over.wait(LOOK_S):
            most.update({kind: max(most[kind], mb) for kind, mb in memory_mb().items()})

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        figures[f"{name}_anon_mb"], figures[f"{name}_file_mb"] = most["RssAnon"], most["RssFile"]


def write_text(folder: Path, megabytes: int) -> tuple[Path, Path]:
    """A text of the given size, and its vocabulary."""
    words, text, vocabulary = random.Random(0), folder / "text.txt", folder / "vocabulary.txt"
    lines, size = [], 0
    while size < 1_000_000:
        line = " ".join(f"w{int(N_WORDS ** words.random())}" for _ in range(words.randint(2, 40))) + " .\n"
        lines.append(line)
        size += len(line)
    with text.open("w", encoding="ascii") as file:
        file.writelines(itertools.repeat("".join(lines), megabytes))
    every = ["<S>", "</S>", "<UNK>", ".", *(f"w{i}" for i in range(1, N_WORDS))]
    vocabulary.write_text("".join(f"{word}\n" for word in every), encoding="ascii")
    return text, vocabulary


def measure(megabytes: int, n_steps: int) -> dict[str, Any]:
    """Read a text of the given size and train on it, in this process."""
    torch.set_num_threads(1)
    keep_freed_memory()
    figures: dict[str, Any] = {"megabytes": megabytes}
    reports: list[tuple[float, Report]] = []
    with TemporaryDirectory() as folder:
        text, vocabulary = write_text(Path(folder), megabytes)
        run = Path(folder) / "run"
        begun = time.monotonic()
        with most_memory(figures, "reading"):
            start_run(
                [str(text)],
                run,
                pretrain_config(RECIPE, []),
                vocabulary_file=vocabulary,
                pretokenized=True,
                max_steps=n_steps,
            )
        read_s = time.monotonic() - begun
        begun = time.monotonic()
        with most_memory(figures, "training"):
            continue_run(run, report=lambda line: reports.append((time.monotonic(), line)))
        tokens = json.loads((run / "run.json").read_text(encoding="utf-8"))["tokens"]
    (first_at, first), (last_at, last) = reports[0], reports[-1]
    n_positions = 64 * 20 * (last.step - first.step)
    return figures | {
        "tokens": tokens,
        "reading_tokens_per_s": round(tokens / read_s),
        "open_s": round(first_at - begun, 2),
        "training_tokens_per_s": round(n_positions / (last_at - first_at)),
    }


def main() -> None:
    """Print the table; with --save keep it in results/growth.json."""
    parser = parser_with_save(__doc__)
    parser.add_argument("--megabytes", default="1,10,100,2000", help="sizes of the text")
    parser.add_argument("--steps", type=int, default=200, help="training steps; fewer for a text that has fewer")
    parser.add_argument("--only", type=int, help="measure one size in this process and print it as JSON")
    given = parser.parse_args()
    if given.only is not None:
        print(json.dumps(measure(given.only, given.steps)))
        return
    rows = []
    for megabytes in map(int, given.megabytes.split(",")):
        command = [
            sys.executable,
            "-m",
            "benchmarks.measure.training.growth",
            "--only",
            str(megabytes),
            "--steps",
            str(given.steps),
        ]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
        rows.append(json.loads(done.stdout))
        if len(rows) == 1:
            print("  ".join(rows[0]))
        print("  ".join(f"{value:>{len(name)},}" for name, value in rows[-1].items()), flush=True)
    if given.save:
        options = f"--megabytes {given.megabytes} --steps {given.steps}"
        print(record("growth", f"python -m benchmarks.measure.training.growth {options} --save", {"lengths": rows}))


if __name__ == "__main__":
    main()
