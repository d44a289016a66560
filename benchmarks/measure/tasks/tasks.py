"""Scores of each data set with and without the model in the package, trained by the same recipe.

    python -m benchmarks.measure.tasks.tasks [--only SET]... [--seeds N] [--fractions P,P] [--tuned] [--again] [--write-docs]

Trains recipes/tasks/SET.toml on the data in ../shared, scores the test file, compares both tasks on it, and stores each figure
in results/tasks.json as soon as it is measured. Stored figures are not measured again, and an interrupted training is resumed.
--fractions 1,5,20 trains on these percentages of each training file instead of the whole file (the paper's figure 1). --tuned
also trains recipes/tasks/SET-tuned.toml, if it exists: a biLM that is fine-tuned with the task, compared with the frozen one.
--write-docs writes docs/results.md.
"""

import argparse
import gzip
import json
import resource
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.measure.tasks.task_groups import GROUPS
from benchmarks.pages.tasks import KNOWN, PAGE, PICTURE, TUNED, draw_curves, page
from benchmarks.record import ROOT, SHARED, keep_row, kept_rows
from elmo.apps.tasks.evaluate import compare_tasks, evaluate_task
from elmo.apps.tasks.learning_curve import fractions_of
from elmo.apps.tasks.task_recipe import task_run
from elmo.apps.tasks.train_task import RUN_FILE, train_task
from elmo.tasks.fit import Epoch
from elmo.tasks.saved_task import load_task
from elmo.tasks.scoring.abstention import default_threshold
from elmo.tasks.training import TrainingCallback

RUNS = ROOT / "runs" / "tasks"
RECIPES = ROOT / "recipes" / "tasks"
NAME = "tasks"  # in results/


class DataSet(NamedTuple):
    """The files of a set in ../shared/data, and how they are prepared."""

    folder: str
    train: str
    dev: str | None  # None: a tenth of the training file
    test: str
    without: str | None = None  # a label that is left out
    unseen: bool = False  # remove test examples whose text is in the training file too


SETS = {
    "conll2003": DataSet("ner/conll2003-en", "train.conll.gz", "valid.conll.gz", "test.conll.gz"),
    "clinc150": DataSet("intent/clinc150-en", "train.jsonl.gz", "valid.jsonl.gz", "test.jsonl.gz", without="oos"),
    "sst2": DataSet("sentiment/sst2-en", "train.jsonl.gz", "valid.jsonl.gz", "test.jsonl.gz"),
    "semeval2010-8": DataSet("relations/semeval2010-task8-en", "train.jsonl.gz", None, "test.jsonl.gz"),
    "bc5cdr": DataSet("relations/bc5cdr-cid-en", "train.pubtator.gz", "valid.pubtator.gz", "test.pubtator.gz"),
    "snips": DataSet("intent/snips-en", "train.jsonl.gz", "valid.jsonl.gz", "test.jsonl.gz"),
    "wnut17": DataSet("ner/wnut17-en", "train.conll.gz", "valid.conll.gz", "test.conll.gz"),
    "ncbi-disease": DataSet("ner/ncbi-disease-en", "train.conll.gz", "valid.conll.gz", "test.conll.gz"),
    "conll2000": DataSet("chunk/conll2000", "train.conll.gz", None, "test.conll.gz"),
    "ud-ewt": DataSet("pos/ud-english-ewt", "train.conllu.gz", "dev.conllu.gz", "test.conllu.gz"),
    "sick": DataSet("pairs/sick-en", "train.jsonl.gz", "valid.jsonl.gz", "test.jsonl.gz"),
    "squad": DataSet("qa/squad1-en", "train.json.gz", None, "dev.json.gz"),
    "chnsenticorp": DataSet(
        "sentiment/chnsenticorp-zh", "train.jsonl.gz", "valid.jsonl.gz", "test.jsonl.gz", unseen=True
    ),
    "weibo": DataSet("ner/weibo-zh", "train.conll.gz", "valid.conll.gz", "test.conll.gz", unseen=True),
    "cluener": DataSet("ner/cluener-zh", "train.conll.gz", None, "valid.conll.gz"),
}


class Files(NamedTuple):
    """The files that a task is trained, developed and tested on."""

    train: Path
    dev: Path
    test: Path


def prepared(name: str) -> Files:
    """The files of a set; files that must be changed are written into runs/tasks/SET/data."""
    data, source = SETS[name], SHARED / "data" / SETS[name].folder
    paths = Files(source / data.train, source / (data.dev or data.train), source / data.test)
    own = RUNS / name / "data"
    own.mkdir(parents=True, exist_ok=True)
    if data.without is not None:
        written = Files(*(own / path.name.removesuffix(".gz") for path in paths))
        for path, target in zip(paths, written, strict=True):
            lines = [line for line in text_of(path).splitlines(True) if json.loads(line)["label"] != data.without]
            target.write_text("".join(lines), encoding="utf-8")
        return written
    if data.unseen:
        target = own / paths.test.name.removesuffix(".gz")
        target.write_text(not_in(text_of(paths.train), text_of(paths.test), mark_of(target)), encoding="utf-8")
        return Files(paths.train, paths.dev, target)
    if data.dev is not None:
        return paths
    parts = [own / f"{part}{path_suffix(paths.train)}" for part in ("train", "dev")]
    for part, target in zip(split(paths.train), parts, strict=True):
        target.write_text(part, encoding="utf-8")
    return Files(parts[0], parts[1], paths.test)


def text_of(path: Path) -> str:
    """The text of a compressed file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return file.read()


def path_suffix(path: Path) -> str:
    """`.conll` of train.conll.gz."""
    return Path(path.stem).suffix


def split(path: Path) -> tuple[str, str]:
    """Split a training file: every tenth line, sentence or passage belongs to the dev file."""
    text = text_of(path)
    if path_suffix(path) == ".json":
        passages = [p for article in json.loads(text)["data"] for p in article["paragraphs"]]
        halves = [[p for i, p in enumerate(passages) if (i % 10 == 9) == of_dev] for of_dev in (False, True)]
        train, dev = (json.dumps({"data": [{"paragraphs": half}]}) for half in halves)
        return train, dev
    mark = mark_of(path)
    pieces = pieces_of(text, mark)
    train, dev = (
        "".join(piece + mark for i, piece in enumerate(pieces) if (i % 10 == 9) == of_dev) for of_dev in (False, True)
    )
    return train, dev


def mark_of(path: Path) -> str:
    """The end of an example in a file of lines or columns."""
    return "\n\n" if ".conll" in path.suffixes else "\n"


def pieces_of(text: str, mark: str) -> list[str]:
    """The examples of a file."""
    return [piece for piece in text.split(mark) if piece.strip()]


def not_in(train: str, test: str, mark: str) -> str:
    """The examples of a test file whose text is not in the training file, compared by lower-case letters and digits."""
    seen = {bare_text(piece) for piece in pieces_of(train, mark)}
    return "".join(piece + mark for piece in pieces_of(test, mark) if bare_text(piece) not in seen)


def bare_text(piece: str) -> str:
    """The letters and digits of the text of an example, which is a JSON object or columns, without its label."""
    if piece.lstrip().startswith("{"):
        text = json.loads(piece)["text"]
    else:
        text = "".join(line.split()[0] for line in piece.splitlines() if line.strip())
    return "".join(filter(str.isalnum, text.lower()))


class Log(TrainingCallback):
    """One line per epoch."""

    def epoch(self, epoch: Epoch, name: str) -> None:
        """Print it."""
        print(f"  {epoch.epoch:3} loss {epoch.loss:.3f} dev {name} {epoch.score:.2f} {epoch.seconds:.0f} s", flush=True)


def measure(name: str, seed: int, model: str | None, fraction: float = 100) -> dict[str, Any]:
    """Train and score one set, with a frozen model, with a fine-tuned one (`TUNED`), or without a model."""
    files = prepared(name)
    folder = folder_of(name, seed, model, fraction)
    recipe = RECIPES / f"{name}{'-tuned' if model == TUNED else ''}.toml"
    if not (folder / "config.json").exists():
        resume = (folder / RUN_FILE).exists()
        options = {"seed": seed, "model": KNOWN[name].model if model == TUNED else model, "fraction": fraction}
        run = None if resume else task_run(recipe, options, files.train, files.dev, model is None, [])
        train_task(run, folder, resume=resume, cache=RUNS / "layers", watch=Log(), layers_of_all=fraction < 100)
    facts = json.loads((folder / "config.json").read_text(encoding="utf-8"))["training"]
    scores = {key: round(value, 3) for key, value in evaluate_task(folder, files.test).facts().items()}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    kept = {key: facts[key] for key in ("epochs", "best_epoch", "seconds", "parameters")}
    return {**scores, **{k: v for k, v in facts.items() if k.startswith("dev_")}, **kept, "peak_memory_mb": peak}


def compare(name: str, seed: int, model: str, other: str | None, fraction: float = 100) -> dict[str, Any]:
    """Compare a model with another one or with the baseline, on the test file."""
    a, b = (folder_of(name, seed, one, fraction) for one in (model, other))
    found = compare_tasks(a, b, prepared(name).test)
    return {key: round(value, 3) if isinstance(value, float) else value for key, value in found.facts().items()}


def scope(name: str, seed: int, model: str | None, fraction: float = 100) -> dict[str, Any]:
    """Scores of a task on a test file with the label that was left out: accuracy in scope, recall out of scope."""
    data, folder = SETS[name], folder_of(name, seed, model, fraction)
    task = load_task(folder)
    dev = task.read(prepared(name).dev)
    least = default_threshold(dev, task.predict(dev), set(task.file.labels))
    found = evaluate_task(folder, SHARED / "data" / data.folder / data.test, min_score=least)
    kept = (
        "min_score",
        "in_scope_accuracy",
        "in_scope_told",
        "in_scope_told_right",
        "out_of_scope_recall",
        "in_out_auroc",
    )
    return {key: round(found[key], 3) for key in kept}


def grouped(name: str, seed: int, model: str) -> dict[str, Any]:
    """Scores by kind of test example (see `task_groups.py`): kind, number of examples, score with the model, score without."""
    both = [load_task(folder_of(name, seed, one)) for one in (model, None)]
    examples = both[0].read(prepared(name).test)
    found = [GROUPS[name](examples, task.predict(examples)) for task in both]
    kinds = sorted(set(found[0]) & set(found[1]))
    return {"groups": [[kind, found[0][kind][0], *(round(each[kind][1], 3) for each in found)] for kind in kinds]}


def folder_of(name: str, seed: int, model: str | None, fraction: float = 100) -> Path:
    """The folder of a trained task."""
    return RUNS / name / f"{model or 'without'}-{seed}{_fraction_suffix(fraction)}"


def _fraction_suffix(fraction: float) -> str:
    """The end of the name of a row and a folder for a fraction of the training file; empty for the whole file."""
    return "" if fraction == 100 else f"-of-{fraction:g}"


def rows(names: list[str], n_seeds: int, fractions: list[float], tuned: bool) -> Iterator[tuple[str, Any]]:
    """Each row with the function that measures it: for each set its seeds, for each seed the model and the baseline."""
    for name, fraction, seed in product(names, fractions, range(n_seeds)):
        whole, model = f"{name}{_fraction_suffix(fraction)}", KNOWN[name].model
        yield f"{whole}/{model}/{seed}", (measure, name, seed, model, fraction)
        yield f"{whole}/without/{seed}", (measure, name, seed, None, fraction)
        yield f"{whole}/difference/{seed}", (compare, name, seed, model, None, fraction)
        if tuned and (RECIPES / f"{name}-tuned.toml").exists():
            yield f"{whole}/{TUNED}/{seed}", (measure, name, seed, TUNED, fraction)
            yield f"{whole}/{TUNED}-difference/{seed}", (compare, name, seed, TUNED, model, fraction)
        if name in GROUPS and fraction == 100:
            yield f"{name}/groups/{seed}", (grouped, name, seed, model)
        if SETS[name].without is not None:
            yield f"{whole}/scope-{model}/{seed}", (scope, name, seed, model, fraction)
            yield f"{whole}/scope-without/{seed}", (scope, name, seed, None, fraction)


def main() -> None:
    """Measure and store the rows, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=list(SETS), help="a set; may be repeated")
    parser.add_argument("--seeds", type=int, default=1, metavar="N")
    parser.add_argument("--fractions", default="100", metavar="P,P", help="percent of the training file")
    parser.add_argument("--tuned", action="store_true", help="also fine-tune the biLM with the task")
    parser.add_argument("--again", action="store_true", help="measure rows again that are stored already")
    parser.add_argument("--write-docs", action="store_true", help="write docs/results.md from the stored rows")
    given = parser.parse_args()
    names = [] if given.write_docs else given.only or list(SETS)
    for row, (work, *arguments) in rows(names, given.seeds, fractions_of(given.fractions), given.tuned):
        if row in kept_rows(NAME) and not given.again:
            continue
        print(f"{row} ...", flush=True)
        if given.again and work is measure:
            shutil.rmtree(folder_of(*arguments), ignore_errors=True)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            figures = process.submit(work, *arguments).result()
        how = f"--only {arguments[0]} --seeds {given.seeds} --fractions {given.fractions}{' --tuned' if given.tuned else ''}"
        keep_row(NAME, row, f"python -m benchmarks.measure.tasks.tasks {how}", figures)
        print(f"  {figures}", flush=True)
    if given.write_docs:
        PAGE.write_text(page(kept_rows(NAME)), encoding="utf-8")
        print(PAGE)
        if draw_curves(kept_rows(NAME)):
            print(PICTURE)


if __name__ == "__main__":
    main()
