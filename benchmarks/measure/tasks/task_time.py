"""Time to train and test on names in social media (WNUT-17), and to tag 1,000 sentences.

    python -m benchmarks.measure.tasks.task_time [--save]

Each step is a command in a separate process, with all cores of the machine: `elmo train` with an empty cache of layers, `elmo
evaluate`, and `elmo predict` on 1,000 held-out sentences, including the start of the program. Memory is the peak of each process,
including pages of mapped files. Needs ../shared.
"""

import json
import os
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.record import ROOT, SHARED, parser_with_save, record, show
from elmo.text.sources.corpus import corpus_words

DATA = SHARED / "data" / "ner" / "wnut17-en"
HELDOUT = SHARED / "data" / "lm" / "english" / "heldout.txt.gz"
N_SENTENCES = 1_000


def timed(*command: str | Path) -> tuple[float, float, str]:
    """Seconds, megabytes and output of an `elmo` command."""
    begun = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "elmo", *command], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"elmo {command[0]} ended with {process.returncode}")
    return time.perf_counter() - begun, usage.ru_maxrss / 1024, output


def measure(room: Path) -> dict[str, Any]:
    """All figures."""
    task, sentences = room / "task", room / "sentences.txt"
    chosen = islice(corpus_words([HELDOUT], pretokenized=False), N_SENTENCES)
    sentences.write_text("".join(" ".join(words) + "\n" for words in chosen), encoding="utf-8")
    files = "--train", DATA / "train.conll.gz", "--dev", DATA / "valid.conll.gz"
    recipe = ROOT / "recipes" / "tasks" / "wnut17.toml"
    train = timed("train", recipe, *files, "--cache", room / "layers", "-o", task, "--json")
    evaluate = timed("evaluate", task, DATA / "test.conll.gz", "--json")
    predict = timed("predict", task, sentences, "--pretokenized", "--json")
    assert len(predict[2].splitlines()) == N_SENTENCES
    return {
        "train_s": round(train[0], 1),
        "evaluate_s": round(evaluate[0], 1),
        "from_nothing_to_score_minutes": round((train[0] + evaluate[0]) / 60, 2),
        "predict_1000_sentences_s": round(predict[0], 1),
        "test_f1": round(json.loads(evaluate[2])["f1"], 2),
        "train_memory_mb": round(train[1]),
        "predict_memory_mb": round(predict[1]),
    }


def main() -> None:
    """Print the figures; with --save keep them in results/task_time.json."""
    given = parser_with_save(__doc__).parse_args()
    with TemporaryDirectory() as room:
        figures = measure(Path(room))
    show(figures)
    if given.save:
        print(record("task_time", "python -m benchmarks.measure.tasks.task_time --save", figures))


if __name__ == "__main__":
    main()
