"""Speed of embedding compared with AllenNLP 2.10.1 in one process; the programs alternate. One row per kind of work.

    python -m benchmarks.measure.embedding.embed [--model small|original]... [--only ROW]... [--sentences N]
                                                [--single N] [--runs N] [--threads N] [--save]
    python -m benchmarks.measure.embedding.embed --write-docs

All programs embed the same sentences (512 of WikiText-2's validation text, mean 22 words) with the same random weights from
files in AllenNLP's format. Each figure is a median over the runs; the programs alternate within a run. With --save each row is
stored in results/embed.json when it is measured; --write-docs writes docs/performance.md from the stored rows. Rows:

corpus       all sentences. `cold`: the cache of words is emptied before each run; `warm`: it holds all words. AllenNLP gets
             batches of 32 in file order, as it was used, and sorted by length. Also encoders of the shape of BERT and MiniLM.
single       one sentence per call, all words in the cache: median and 95th percentile over all calls. AllenNLP without and with
             its own cache of a vocabulary.
process      seconds to load, without `import torch` (`elmo` from its native folder), and peak memory while embedding the
             sentences, each in fresh processes.
accuracy     differences and cosines to the readable model in float64, of `elmo` and of AllenNLP.
many_langs   ELMoForManyLangs and `elmo` on all sentences.
simple_elmo  simple_elmo on all sentences, in its own environment and process, without alternation.

Needs the environments that `make bench-embed` makes.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import torch

from benchmarks.measure.embedding.embed_rivals import ENCODERS, Words, allennlp, many_langs
from benchmarks.pages.embedding import PAGE, ROWS, page
from benchmarks.record import ROOT, SHARED, keep_row, kept_rows, parser_with_save
from elmo.checkpoints.formats.allennlp_hdf5 import save_allennlp
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model
from elmo.checkpoints.saved_model import ModelConfig, SavedModel
from elmo.embed.embedder import Elmo
from elmo.model.bilm import BiLM
from elmo.model.config import bilm_config
from elmo.text.batches import encode_batch

SENTENCES = SHARED / "baselines" / "bench_sentences.json"
SIMPLE_ELMO = ROOT / ".venv-simple-elmo" / "bin" / "python"
DTYPES = ("float32", "bfloat16", "int8")
Figures = dict[str, float]


class Work(NamedTuple):
    """The inputs of all rows of one model size."""

    folder: Path  # allennlp/, native/, sentences.json
    sentences: Words
    n_single: int
    n_runs: int
    n_threads: int

    @property
    def n_tokens(self) -> int:
        """Number of tokens of all sentences."""
        return sum(map(len, self.sentences))

    def ours(self) -> dict[str, Elmo]:
        """An embedder of each dtype."""
        return {dtype: Elmo.from_pretrained(self.folder / "native", dtype=dtype) for dtype in DTYPES}


def write_random(size: str, folder: Path) -> None:
    """Write a model of a published size in AllenNLP's format; its random weights keep the gates away from constants."""
    torch.manual_seed(0)
    bilm = BiLM(bilm_config(size))
    with torch.no_grad():
        for name, p in bilm.named_parameters():
            if "bias" in name:
                p.copy_(0.1 * torch.randn_like(p))
            elif "_weight" in name and "conv" not in name:
                p.copy_(torch.randn_like(p) * (2 * p.shape[1]) ** -0.5)
    save_allennlp(SavedModel(ModelConfig(bilm=bilm.config), bilm), folder)


def in_turn(contenders: dict[str, Callable[[], Any]], n_runs: int) -> Figures:
    """Median seconds of each program, after one run each that is not counted; the programs alternate."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for run in range(n_runs + 1):
        for name, work in contenders.items():
            begun = time.perf_counter()
            work()
            if run:
                seconds[name].append(time.perf_counter() - begun)
    return {name: statistics.median(found) for name, found in seconds.items()}


def emptied(elmo: Elmo, sentences: Words) -> None:
    """Embed with an empty cache of words; the weights stay prepared."""
    elmo._engine.forget_words()
    elmo.embed(sentences)


def speeds(seconds: Figures, n_tokens: int, base: str) -> Figures:
    """Tokens per second, and the ratio to one of the programs."""
    figures: Figures = {}
    for name, s in seconds.items():
        figures[f"{name} | tokens_per_s"] = round(n_tokens / s)
        figures[f"{name} | ratio"] = round(seconds[base] / s, 2)
    return figures


def measure_corpus(work: Work) -> Figures:
    """All sentences; the programs alternate."""
    rival, by_length = allennlp(work.folder / "allennlp"), sorted(work.sentences, key=len)
    contenders: dict[str, Callable[[], Any]] = {
        "AllenNLP, file order": lambda: rival(work.sentences),
        "AllenNLP, sorted": lambda: rival(by_length),
    }
    for dtype, elmo in work.ours().items():
        contenders[f"{dtype}, cold"] = lambda elmo=elmo: emptied(elmo, work.sentences)  # type: ignore[misc]
        contenders[f"{dtype}, warm"] = lambda elmo=elmo: elmo.embed(work.sentences)  # type: ignore[misc]
    for name, make in ENCODERS.items():
        contenders[name] = lambda encode=make(): encode(work.sentences)  # type: ignore[misc]
    return speeds(in_turn(contenders, work.n_runs), work.n_tokens, "AllenNLP, file order")


def measure_single(work: Work) -> Figures:
    """One sentence per call; the programs alternate, and all calls of all runs are counted."""
    rival = allennlp(work.folder / "allennlp")
    words = sorted({word for words in work.sentences for word in words})
    rival_cached = allennlp(work.folder / "allennlp", ["<S>", "</S>", *words])
    contenders: dict[str, Callable[[Words], Any]] = {"AllenNLP": rival, "AllenNLP, vocabulary cached": rival_cached}
    contenders |= {dtype: elmo.embed for dtype, elmo in work.ours().items()}
    contenders |= {name: make() for name, make in ENCODERS.items()}
    some = work.sentences[: work.n_single]
    for embed in contenders.values():  # fill the caches, prepare the weights
        embed(some)
        embed(some[:1])
    calls: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(work.n_runs):
        for name, embed in contenders.items():
            for sentence in some:
                begun = time.perf_counter()
                embed([sentence])
                calls[name].append(1000 * (time.perf_counter() - begun))
    medians = {name: statistics.median(found) for name, found in calls.items()}
    figures: Figures = {}
    for name, found in calls.items():
        figures[f"{name} | ms"], figures[f"{name} | p95_ms"] = (
            round(medians[name], 2),
            round(float(np.quantile(found, 0.95)), 2),
        )
        figures[f"{name} | ratio"] = round(medians["AllenNLP"] / medians[name], 2)
    return figures


def measure_process(work: Work) -> Figures:
    """Each program in fresh processes; the programs alternate."""
    found: dict[str, list[dict[str, float]]] = {}
    for _ in range(work.n_runs):
        for who in ("allennlp", *DTYPES):
            folder = work.folder / ("allennlp" if who == "allennlp" else "native")
            command = [
                sys.executable,
                "-W",
                "ignore",
                "-m",
                "benchmarks.measure.embedding.embed_process",
                who,
                str(folder),
            ]
            done = subprocess.run(
                [*command, str(work.folder / "sentences.json"), str(work.n_threads)],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            found.setdefault("AllenNLP" if who == "allennlp" else who, []).append(json.loads(done.stdout))
    figures: Figures = {}
    for who, runs in found.items():
        figures[f"{who} | ready_s"] = round(statistics.median(run["ready_s"] for run in runs), 2)
        figures[f"{who} | peak_mb"] = round(statistics.median(run["peak_mb"] for run in runs))
    return figures


def measure_accuracy(work: Work) -> Figures:
    """The mean of the layers of 32 sentences, compared with that of the readable model in float64."""
    some = work.sentences[:32]
    model = load_model(work.folder / "native")
    exact = []
    double = model.bilm.double()
    for words in some:
        batch = encode_batch([words], [0], model.word_encoder)
        with torch.no_grad():
            layers, _ = double(torch.from_numpy(batch.char_ids[batch.word_at]), torch.from_numpy(batch.mask))
        exact.append(layers[0, :, 1:-1].mean(dim=0).numpy())
    b = np.concatenate(exact)
    found = {"AllenNLP": allennlp(work.folder / "allennlp")(some)}  # from state zero
    found |= {dtype: elmo.embed(some) for dtype, elmo in work.ours().items()}
    figures: Figures = {}
    for who, vectors in found.items():
        a = np.concatenate(vectors).astype(np.float64)
        cosines = (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
        figures[f"{who} | max_difference"] = float(np.abs(a - b).max())
        figures[f"{who} | mean_cosine"] = float(cosines.mean())
        figures[f"{who} | max_difference_to_allennlp"] = float(np.abs(a - np.concatenate(found["AllenNLP"])).max())
    return figures


def measure_many_langs(work: Work) -> Figures:
    """ELMoForManyLangs and `elmo`, alternating, each with its own weights."""
    options = json.loads((work.folder / "allennlp" / "options.json").read_text(encoding="utf-8"))
    with TemporaryDirectory() as room:
        rival = many_langs(options, Path(room) / "model")
    ours = Elmo.from_pretrained(work.folder / "native")
    contenders = {
        "ELMoForManyLangs": lambda: rival(work.sentences),
        "float32, cold": lambda: emptied(ours, work.sentences),
    }
    return speeds(in_turn(contenders, work.n_runs), work.n_tokens, "ELMoForManyLangs")


def measure_simple_elmo(work: Work) -> Figures:
    """simple_elmo in its own environment and process."""
    with TemporaryDirectory() as room:
        folder = Path(room)
        (folder / "options.json").symlink_to(work.folder / "allennlp" / "options.json")
        (folder / "model.hdf5").symlink_to(work.folder / "allennlp" / "weights.hdf5")
        command = [
            str(SIMPLE_ELMO),
            str(ROOT / "benchmarks" / "measure" / "embedding" / "embed_simple_elmo.py"),
            str(folder),
            str(work.folder / "sentences.json"),
        ]
        command += [str(work.n_runs), str(work.n_threads)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return {
        "simple_elmo | tokens_per_s": round(work.n_tokens / statistics.median(found["seconds"])),
        "simple_elmo | ready_s": round(found["load_s"], 2),
    }


MEASURES: dict[str, Callable[[Work], Figures]] = {
    "corpus": measure_corpus,
    "single": measure_single,
    "process": measure_process,
    "accuracy": measure_accuracy,
    "many_langs": measure_many_langs,
    "simple_elmo": measure_simple_elmo,
}
assert set(MEASURES) == set(ROWS)


def main() -> None:
    """Measure and print; with --save store each finished row, with --write-docs write the page."""
    parser = parser_with_save(__doc__)
    parser.add_argument("--model", action="append", choices=["small", "medium", "original"])
    parser.add_argument("--only", action="append", choices=list(MEASURES), help="a row; may be repeated; default: all")
    parser.add_argument("--sentences", type=int, default=512)
    parser.add_argument("--single", type=int, default=32, help="number of sentences for the row `single`")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--write-docs", action="store_true", help="write docs/performance.md from the stored rows, measure nothing"
    )
    given = parser.parse_args()
    if given.write_docs:
        names = ("embed", "embed_growth", "embed_quality")
        PAGE.write_text(page(*map(kept_rows, names)), encoding="utf-8")
        print(PAGE)
        return
    torch.set_num_threads(given.threads)
    sentences = json.loads(SENTENCES.read_text(encoding="utf-8"))[: given.sentences]
    for size in given.model or ["small", "original"]:
        with TemporaryDirectory() as room:
            work = Work(Path(room), sentences, given.single, given.runs, given.threads)
            write_random(size, work.folder / "allennlp")
            save_native(load_model(work.folder / "allennlp"), work.folder / "native")
            (work.folder / "sentences.json").write_text(json.dumps(sentences), encoding="utf-8")
            for row in given.only or MEASURES:
                figures = {
                    "sentences": len(sentences),
                    "tokens": work.n_tokens,
                    "runs": given.runs,
                    **MEASURES[row](work),
                }
                print(f"{size}/{row}")
                for name, value in figures.items():
                    print(f"  {name:55} {value:,.6g}", flush=True)
                if given.save:
                    options = f"--model {size} --only {row} --sentences {given.sentences} --single {given.single}"
                    options += f" --runs {given.runs} --threads {given.threads} --save"
                    command = f"python -m benchmarks.measure.embedding.embed {options}"
                    keep_row("embed", f"{size}/{row}", command, figures)


if __name__ == "__main__":
    main()
