"""Quality of models trained on 1, 3, 10 or 50 MB of text: bits per byte compared with a 5-gram model, word senses, time.

    python -m benchmarks.measure.training.corpus_sizes [--only ROW]... [--device cuda] [--again] [--write-docs]

English: sentences sampled from the texts of the model in the package, up to the given number of bytes. Basque: the sentences
of lm/lowresource. Each model is trained by its recipe, recipes/text-SIZEmb.toml, and measured on the held-out text of its
language; for comparison, an interpolated Kneser-Ney 5-gram model is estimated on the same text with the same vocabulary. Senses
are first-neighbour accuracies as in word_sense.py, mean of the three words, mean of the layers. Each finished row is stored in
results/corpus_sizes.json, and later runs skip it. Needs ../shared.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import torch

from benchmarks.measure.models.perplexity import KNESER_NEY, SHIPPED, bits_per_byte
from benchmarks.measure.probes.word_sense import WORDS
from benchmarks.measure.probes.word_sense import measure as measure_senses
from benchmarks.pages.corpus_sizes import PICTURE, draw_curves, write_tables
from benchmarks.record import ROOT, SHARED, keep_row, kept_rows
from elmo.apps.models.perplexity import measure_file
from elmo.apps.pretraining.pretrain import continue_run
from elmo.text.sources.corpus import corpus_words
from elmo.train.memory import keep_freed_memory
from elmo.train.ranks import join_ranks
from elmo.train.recipe import pretrain_config, read_recipe
from elmo.train.run_log import Report
from elmo.train.runs.begin import start_run

NAME = "corpus_sizes"  # in results/
_LM = SHARED / "data" / "lm"


class Language(NamedTuple):
    """Training texts and the held-out text."""

    train: list[Path]
    heldout: Path


LANGUAGES = {
    "english": Language([_LM / "english" / f"{name}.txt.xz" for name in SHIPPED], _LM / "english" / "heldout.txt.gz"),
    "basque": Language([_LM / "lowresource/basque.train.txt.gz"], _LM / "lowresource/basque.test.txt.gz"),
}
ROWS = {  # -> recipe
    "basque/1": "text-1mb",
    "basque/3": "text-1mb",
    "english/1": "text-1mb",
    "english/10": "text-10mb",
    "english/50": "text-50mb",
}


def write_sample(language: Language, megabytes: int, target: Path) -> int:
    """Write tokenized sentences in random order, up to the given size; returns the number of bytes written."""
    lines = [" ".join(words) + "\n" for words in corpus_words(language.train, pretokenized=False)]
    random.Random(0).shuffle(lines)
    size = 0
    with target.open("w", encoding="utf-8") as file:
        for line in lines:
            if size >= megabytes * 1_000_000:
                break
            file.write(line)
            size += len(line.encode())
    return size


def measure(row: str, device: str) -> dict[str, Any]:
    """Train and measure one row."""
    name, megabytes = row.split("/")
    language = LANGUAGES[name]
    keep_freed_memory()
    ranks = join_ranks(device)
    config = pretrain_config(read_recipe(ROOT / "recipes" / f"{ROWS[row]}.toml"), [])
    curve: list[tuple[float, float]] = []

    def note(line: Report) -> None:
        print(f"  step {line.step:,} of {line.n_steps:,} loss {line.loss_nats:.3f}", flush=True)
        if line.heldout is not None:
            curve.append((round(line.epoch, 2), round(line.heldout.mean, 1)))

    with TemporaryDirectory() as room:
        text, heldout, run = (Path(room) / part for part in ("text.txt", "heldout.txt", "run"))
        size = write_sample(language, int(megabytes), text)
        heldout.write_text(
            "".join(" ".join(words) + "\n" for words in corpus_words([language.heldout], pretokenized=False)),
            encoding="utf-8",
        )
        start_run([str(text)], run, config, heldout_file=heldout, pretokenized=True)
        begun = time.monotonic()
        continue_run(run, report=note, ranks=ranks)
        minutes = (time.monotonic() - begun) / 60
        own = measure_file(str(run), language.heldout)
        command = [sys.executable, KNESER_NEY, text, heldout, "--vocabulary", run / "vocabulary.txt", "--json"]
        rival = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        senses = measure_senses(str(run), SHARED / "data" / "wsd") if name == "english" else {}
        tokens = json.loads((run / "run.json").read_text(encoding="utf-8"))["tokens"]
    assert rival["tokens"] == own["tokens"]
    figures = {
        "recipe": ROWS[row],
        "bytes": size,
        "tokens": tokens,
        "epochs": config.epochs,
        "minutes": round(minutes, 1),
    }
    figures["device"] = torch.cuda.get_device_name(ranks.device) if ranks.device.type == "cuda" else "cpu"
    measured = ("forward", "backward", "mean", "bits_per_byte", "oov_rate", "spelling_bits")
    figures |= {key: own[key] for key in measured} | {"kneser_ney_5": rival["mean"]}
    figures["kneser_ney_5_bits_per_byte"] = bits_per_byte(rival["mean"], own)
    if senses:
        figures["senses"] = sum(senses[f"{word}.mean"] for word in WORDS) / len(WORDS)
    return figures | {"curve": curve}


def main() -> None:
    """Measure and store the rows, or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=list(ROWS), help="a row; may be repeated")
    parser.add_argument("--device", default="cpu", help="cpu or cuda: where the models are trained")
    parser.add_argument("--again", action="store_true", help="measure rows again that are stored already")
    parser.add_argument("--write-docs", action="store_true", help="only write the stored rows into docs/")
    given = parser.parse_args()
    for row in [] if given.write_docs else given.only or list(ROWS):
        if row in kept_rows(NAME) and not given.again:
            continue
        print(f"{row} ...", flush=True)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            figures = process.submit(measure, row, given.device).result()
        there = "" if given.device == "cpu" else f" --device {given.device}"
        keep_row(NAME, row, f"python -m benchmarks.measure.training.corpus_sizes --only {row}{there}", figures)
        print(f"  {figures}", flush=True)
    if given.write_docs:
        for page in write_tables(kept_rows(NAME)):
            print(page)
        if draw_curves(kept_rows(NAME)):
            print(PICTURE)


if __name__ == "__main__":
    main()
