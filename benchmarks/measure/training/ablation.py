"""What each part of the biLM contributes: one part is changed at a time, all else and the time are the same.

    OMP_NUM_THREADS=1 python -m benchmarks.measure.training.ablation [--only ROW]... [--seed S]... [--minutes M | --steps N]
                                                                    [--save] [--again] [--write-docs]

Each row is trained by recipes/text-10mb.toml with a few settings changed (`ROWS`), on the same 10 MB of English as row english/10
of corpus_sizes.py, for 20 minutes; the learning rate falls to the end of that time. `--steps` gives each row the same number
of steps instead, for machines with other load. Measured: perplexity on the held-out text of the English model;
the accuracy of a linear probe for parts of speech (UD-EWT, the layer with the best dev score); the accuracy of the first
neighbour's sense (mean of hard, line and serve, mean of the layers). One direction is no model of its own: row `forward` measures
the forward half of `full`, its perplexity and its half of every vector; both halves were trained together and share the token
layer and the softmax.

Runs are in runs/ablation; a row that was stopped continues there. With --save each row is stored in results/ablation.json as soon
as it is measured, and rows that are stored are skipped. Needs ../shared.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure.probes.word_sense import WORDS, measure_source
from benchmarks.measure.training.corpus_sizes import LANGUAGES, write_sample
from benchmarks.pages.ablation import write_tables
from benchmarks.record import ROOT, SHARED, keep_row, kept_rows
from elmo import Elmo
from elmo.analysis.probe_data import POS
from elmo.analysis.probe_scores import ProbeSettings, best_views
from elmo.analysis.probe_vectors import ElmoVectors, Words
from elmo.analysis.token_probes import probe_parts_of_speech
from elmo.apps.models.perplexity import measure_file
from elmo.storage.atomic import atomic_write, remove_whole
from elmo.train.run_state import PROGRESS_FILE, checkpoints_of

NAME = "ablation"  # in results/ and runs/
MODULE = "benchmarks.measure.training.ablation"
DATA = SHARED / "data"
RECIPE = ROOT / "recipes" / "text-10mb.toml"
SEEDS = (0, 1)
MINUTES = 20.0
FORWARD = "forward"
_WORDS = ("bilm.word_embedding.size=128", "bilm.word_embedding.n_words=30000")
_OF_ALL_ROWS = ("checkpoint_minutes=2", "keep_checkpoints=1", "evaluate_every=100000")
_PROBES = ProbeSettings(seeds=1, typed=0.0)
ROWS: dict[str, tuple[str, ...]] = {  # -> settings that differ from the recipe
    "full": (),
    "layers-1": ("bilm.lstm.n_layers=1",),
    "layers-3": ("bilm.lstm.n_layers=3",),
    FORWARD: (),
    "words": ("bilm.char_cnn=none", *_WORDS),
    "characters-and-words": _WORDS,
    "no-residual": ("bilm.lstm.skip_connections=false",),
    "no-clip": ("bilm.lstm.cell_clip=none", "bilm.lstm.projection_clip=none"),
    "state-never-reset": ("state_reset=never",),
    "no-unit-dropout": ("dropout.layer_inputs=0", "dropout.output=0"),
    "no-word-dropout": ("dropout.words=0",),
    "no-recurrent-dropout": ("dropout.recurrent=0",),
}


class ForwardHalf(ElmoVectors):
    """The vectors of the forward direction alone; the token layer, which is the same in both halves, once."""

    def stream(self, sentences: Iterable[Words], around: bool = False) -> Iterator[NDArray[np.float32]]:
        """As `ElmoVectors.stream`, the first half of each vector: float32 (P, T, D / 2)."""
        for parts in super().stream(sentences, around):
            yield parts[..., : parts.shape[-1] // 2]


def sample() -> Path:
    """The training text, one tokenized sentence per line; written once."""
    path = ROOT / "runs" / NAME / "text.txt"
    if not path.is_file():
        with atomic_write(path) as part:
            write_sample(LANGUAGES["english"], 10, part)
    return path


def heldout() -> Path:
    """The held-out text of the English model."""
    return LANGUAGES["english"].heldout


def train(row: str, seed: int, minutes: float, steps: int | None) -> Path:
    """Train the run of a row, or continue it, until its time or its steps are over; returns its folder."""
    own = "full" if row == FORWARD else row
    amount = f"{minutes:g}min" if steps is None else f"{steps}steps"
    run = ROOT / "runs" / NAME / f"{own}-{seed}-{amount}"
    if (run / "config.json").is_file():
        return run
    if (run / "run.json").is_file():
        more = ["--resume"]
        minutes = max(0.01, minutes - seconds_of(run) / 60)
    else:
        settings = [f"seed={seed}", *_OF_ALL_ROWS, *ROWS[own]]
        more = ["--recipe", str(RECIPE), *(part for one in settings for part in ("--set", one))]
        more += ["--corpus", str(sample()), "--pretokenized", *([] if steps is None else ["--max-steps", str(steps)])]
    more += ["--max-minutes", f"{minutes:.3f}"] if steps is None else []
    subprocess.run([sys.executable, "-m", "elmo", "pretrain", "-o", str(run), *more], check=True, stdout=sys.stderr)
    return run


def seconds_of(run: Path) -> float:
    """Seconds that a run had been trained for at its last checkpoint."""
    kept = checkpoints_of(run / "checkpoints")
    return float(json.loads((kept[-1] / PROGRESS_FILE).read_text(encoding="ascii"))["seconds"]) if kept else 0.0


def measure(row: str, run: Path) -> dict[str, Any]:
    """The figures of a trained run."""
    elmo = Elmo.from_pretrained(run)
    source = ForwardHalf(elmo, row) if row == FORWARD else ElmoVectors(elmo, row)
    facts = measure_file(str(run), heldout())
    names = ("forward", "oov_rate") if row == FORWARD else ("forward", "backward", "mean", "bits_per_byte", "oov_rate")
    training = json.loads((run / "config.json").read_text(encoding="utf-8"))["training"]
    files = [DATA / POS / f"{part}.conllu" for part in ("train", "test")]
    found = probe_parts_of_speech(source, *map(_packed, files), "UD-EWT", _PROBES)
    (pos,) = (score for score in best_views(found) if score.system == row)
    senses = measure_source(source, DATA / "wsd")
    return {
        "steps": training["steps"],
        "tokens_read": training["steps"] * training["rows"] * training["window"],
        "seconds": training["seconds"],
        "parameters": sum(p.numel() for p in elmo.bilm.parameters()),
        **{name: facts[name] for name in names},
        "pos": pos.value,
        "pos_view": pos.view,
        "senses": mean(senses[f"{word}.mean"] for word in WORDS),
    }


def _packed(path: Path) -> Path:
    """The file itself, or packed."""
    return path if path.is_file() else path.with_name(f"{path.name}.gz")


def command_of(row: str, seed: int, minutes: float, steps: int | None) -> str:
    """The command that measures a row."""
    amount = ([] if minutes == MINUTES else [f"--minutes {minutes:g}"]) if steps is None else [f"--steps {steps}"]
    return " ".join([f"OMP_NUM_THREADS=1 python -m {MODULE} --only {row} --seed {seed}", *amount, "--save"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Train and measure the rows, or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=list(ROWS), help="a row; may be repeated")
    parser.add_argument("--seed", action="append", type=int, help="a seed; may be repeated (default: 0 and 1)")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of training of each row")
    parser.add_argument("--steps", type=int, help="of each row, instead of minutes")
    parser.add_argument("--save", action="store_true", help="store each row in results/ as soon as it is measured")
    parser.add_argument("--again", action="store_true", help="measure rows again that are stored already")
    parser.add_argument("--write-docs", action="store_true", help="only write the stored rows into docs/")
    given = parser.parse_args(arguments)
    if given.write_docs:
        for page in write_tables(kept_rows(NAME)):
            print(page)
        return
    if not DATA.is_dir():
        print(f"skipped: no data in {DATA}")
        return
    for seed in given.seed or SEEDS:
        for row in given.only or list(ROWS):
            if f"{row}/{seed}" in kept_rows(NAME) and not given.again:
                continue
            print(f"{row}, seed {seed} ...", flush=True)
            run = train(row, seed, given.minutes, given.steps)
            figures = measure(row, run)
            print(f"  {figures}", flush=True)
            if given.save:
                keep_row(NAME, f"{row}/{seed}", command_of(row, seed, given.minutes, given.steps), figures)
            if (run / "checkpoints").is_dir():
                remove_whole(run / "checkpoints")


if __name__ == "__main__":
    main()
