"""Perplexity and speed of an LSTM and a gated CNN with as many weights, trained for the same time on WikiText-2.

    python -m benchmarks.measure.training.encoders [--only lstm|gated_cnn] [--minutes M] [--again] [--write-docs]

Each is trained by `elmo pretrain --max-minutes 20` with the same token layer, vocabulary, windows, optimizer and seed; the
learning rate of both falls to the end of that time. Perplexity is measured by `elmo perplexity` on the test text. The speed of
training is the median over the log; the speed of embedding is the best of three runs over a thousand lines. Each finished row
is stored in results/encoders.json. They run one after the other; use a machine without other load. Needs WikiText-2 in
../shared.
"""

import argparse
import json
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.pages.encoders import write_table
from benchmarks.record import SHARED, keep_row, kept_rows
from elmo import Elmo
from elmo.apps.models.perplexity import measure_file
from elmo.checkpoints.load import load_model
from elmo.text.sources.corpus import corpus_words

NAME = "encoders"  # in results/
MODULE = "benchmarks.measure.training.encoders"
TEXTS = SHARED / "data" / "lm" / "wikitext2"
MINUTES = 20.0
EMBEDDED_LINES = 1000
SHARED_SETTINGS = (
    "vocabulary_size=30000",
    "rows=64",
    "window=35",
    "state_reset=sentences",
    "dropout=0.1",
    "evaluate_every=100000",
    "seed=1",
)
# 2.37 and 2.36 million weights in both directions together.
ENCODERS = {
    "lstm": ("bilm.lstm.n_layers=2", "bilm.lstm.cell_size=512", "bilm.lstm.projection_size=128"),
    "gated_cnn": (
        "bilm.encoder.kind=gated_cnn",
        "bilm.encoder.n_layers=4",
        "bilm.encoder.channels=256",
        "bilm.encoder.kernel_width=4",
        "bilm.encoder.projection_size=128",
    ),
}


def measure(name: str, minutes: float) -> dict[str, Any]:
    """Train one of ENCODERS for the given time, and measure it."""
    settings = [part for setting in (*SHARED_SETTINGS, *ENCODERS[name]) for part in ("--set", setting)]
    with TemporaryDirectory() as room:
        run = Path(room) / "run"
        files = ["--corpus", str(TEXTS / "train.txt.gz"), "--heldout", str(TEXTS / "valid.txt.gz"), "--pretokenized"]
        command = ["pretrain", *files, "-o", str(run), "--size", "tiny", "--max-minutes", str(minutes), *settings]
        subprocess.run([sys.executable, "-m", "elmo", *command], check=True)
        log = [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
        facts = measure_file(str(run), TEXTS / "test.txt.gz", pretokenized=True)
        bilm = load_model(run).bilm
        parts = (*bilm.forward_lm.parameters(), *bilm.backward_lm.parameters())
        return {
            "encoder_parameters": sum(p.numel() for p in parts),
            "minutes": minutes,
            "tokens_read": log[-1]["step"] * 64 * 35,
            "epochs": log[-1]["epoch"],
            "trained_tokens_per_s": median(line["tokens_per_s"] for line in log),
            **{key: facts[key] for key in ("forward", "backward", "mean", "bits_per_byte", "spelling_bits")},
            "embedded_tokens_per_s": _embedding_speed(run),
        }


def _embedding_speed(run: Path) -> float:
    elmo = Elmo.from_pretrained(run)
    lines = list(islice(corpus_words([TEXTS / "test.txt.gz"], pretokenized=True), EMBEDDED_LINES))
    seconds = []
    for _ in range(3):
        begun = time.perf_counter()
        elmo.embed(lines)
        seconds.append(time.perf_counter() - begun)
    return sum(map(len, lines)) / min(seconds)


def main() -> None:
    """Measure and store the rows, or write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=list(ENCODERS), help="an encoder; may be repeated")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="training time of each encoder")
    parser.add_argument("--again", action="store_true", help="measure rows again that are stored already")
    parser.add_argument("--trial", action="store_true", help="print the figures without storing them")
    parser.add_argument("--write-docs", action="store_true", help="only write the stored rows into docs/")
    given = parser.parse_args()
    for name in [] if given.write_docs else given.only or list(ENCODERS):
        if name in kept_rows(NAME) and not given.again and not given.trial:
            continue
        figures = measure(name, given.minutes)
        print(json.dumps({name: figures}), flush=True)
        if not given.trial:
            keep_row(NAME, name, f"python -m {MODULE} --only {name} --minutes {given.minutes:g}", figures)
    if given.write_docs:
        print(write_table(kept_rows(NAME)))


if __name__ == "__main__":
    main()
