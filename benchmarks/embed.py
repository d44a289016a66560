"""How fast sentences are embedded, beside AllenNLP 2.10.1 in one process, run after run in turn.

    python benchmarks/embed.py [--model small|original]... [--sentences N] [--single N] [--runs N] [--save]

The same real sentences (512 of WikiText-2's validation text, mean 22 words), random weights in AllenNLP's own files. Each
figure is the median of the runs; contenders take turns within a run. `cold`: the cache of words is emptied before each run;
`warm`: it has met the sentences. `single`: one sentence a call, cache warm. AllenNLP gets batches of 32 in file order, as it
was used, and sorted by length. Differences are to AllenNLP's own vectors, cosines too. Needs AllenNLP (`make bench-embed`).
"""

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from elmo.checkpoints.bilm_tf import save_bilm_tf
from elmo.checkpoints.load import load_model
from elmo.checkpoints.native import save_native
from elmo.checkpoints.saved_model import ModelConfig, SavedModel
from elmo.embed.embedder import Elmo
from elmo.model.bilm import BiLM
from elmo.model.config import bilm_config
from embed_rivals import ENCODERS, Words, allennlp
from record import SHARED, keep_row, parser_with_save

SENTENCES = SHARED / "baselines" / "bench_sentences.json"
DTYPES = ("float32", "bfloat16", "int8")
LOAD = """
import sys, time
import torch
begun = time.perf_counter()
from elmo import Elmo
elmo = Elmo.from_pretrained(sys.argv[1], dtype=sys.argv[2])
elmo.embed([["ready"]])
ready = time.perf_counter() - begun
import json
sentences = json.load(open(sys.argv[3]))
elmo.embed(sentences)
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))  # ru_maxrss survives exec
print(ready, peak / 1024)
"""


def write_random(size: str, folder: Path) -> None:
    """A model of a published size with random weights that make its gates move, in AllenNLP's files."""
    torch.manual_seed(0)
    bilm = BiLM(bilm_config(size))
    with torch.no_grad():
        for name, p in bilm.named_parameters():
            if "bias" in name:
                p.copy_(0.1 * torch.randn_like(p))
            elif "_weight" in name and "conv" not in name:
                p.copy_(torch.randn_like(p) * (2 * p.shape[1]) ** -0.5)
    save_bilm_tf(SavedModel(ModelConfig(bilm=bilm.config), bilm), folder)


def in_turn(contenders: dict[str, Callable[[], None]], n_runs: int) -> dict[str, float]:
    """Median seconds of each contender, after one run each that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for run in range(n_runs + 1):
        for name, work in contenders.items():
            begun = time.perf_counter()
            work()
            if run:
                seconds[name].append(time.perf_counter() - begun)
    return {name: statistics.median(found) for name, found in seconds.items()}


def emptied(elmo: Elmo, sentences: Words) -> None:
    """Embed with an empty cache; the weights stay laid out."""
    elmo._engine.forget_words()
    elmo.embed(sentences)


def nearness(ours: list[np.ndarray], theirs: list[np.ndarray]) -> dict[str, float]:
    """Largest difference and mean cosine."""
    a, b = np.concatenate(ours), np.concatenate(theirs)
    cosines = (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
    return {"max_difference": float(np.abs(a - b).max()), "mean_cosine": float(cosines.mean())}


def measure(size: str, sentences: Words, n_single: int, n_runs: int) -> dict[str, Any]:
    """All figures of one size."""
    with TemporaryDirectory() as place:
        folder = Path(place) / "allennlp"
        write_random(size, folder)
        model = load_model(folder)
        save_native(model, Path(place) / "native")
        rival = allennlp(folder)
        words = sorted({word for words in sentences for word in words})
        rival_cached = allennlp(folder, ["<S>", "</S>", *words])
        ours = {dtype: Elmo(model, dtype=dtype) for dtype in DTYPES}
        by_length = sorted(sentences, key=len)
        n_tokens = sum(map(len, sentences))
        corpus: dict[str, Callable[[], Any]] = {
            "allennlp, file order": lambda: rival(sentences),
            "allennlp, sorted": lambda: rival(by_length),
        }
        for dtype, elmo in ours.items():
            corpus[f"{dtype}, cold"] = lambda elmo=elmo: emptied(elmo, sentences)  # type: ignore[misc]
            corpus[f"{dtype}, warm"] = lambda elmo=elmo: elmo.embed(sentences)  # type: ignore[misc]
        for name, make in ENCODERS.items():
            encode = make()
            corpus[name] = lambda encode=encode: encode(sentences)  # type: ignore[misc]
        figures: dict[str, Any] = {"size": size, "sentences": len(sentences), "tokens": n_tokens}
        seconds = in_turn(corpus, n_runs)
        base = seconds["allennlp, file order"]
        for name, s in seconds.items():
            figures[f"corpus | {name} | tokens_per_s"] = round(n_tokens / s)
            figures[f"corpus | {name} | ratio"] = round(base / s, 2)
        few = sentences[:n_single]
        single: dict[str, Callable[[], Any]] = {
            "allennlp": lambda: [rival([s]) for s in few],
            "allennlp, vocabulary cached": lambda: [rival_cached([s]) for s in few],
        }
        for dtype, elmo in ours.items():
            single[dtype] = lambda elmo=elmo: [elmo.embed([s]) for s in few]  # type: ignore[misc]
        seconds = in_turn(single, n_runs)
        for name, s in seconds.items():
            figures[f"single | {name} | ms"] = round(1000 * s / len(few), 2)
            figures[f"single | {name} | ratio"] = round(seconds["allennlp"] / s, 2)
        theirs = rival(sentences[:32])  # from state zero
        for dtype, elmo in ours.items():
            for key, value in nearness(elmo.embed(sentences[:32]), theirs).items():
                figures[f"{dtype} | {key}"] = value
        text = Path(place) / "sentences.json"
        text.write_text(json.dumps(sentences))
        for dtype in DTYPES:
            command = [sys.executable, "-c", LOAD, str(Path(place) / "native"), dtype, str(text)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            ready, peak = map(float, done.stdout.split())
            figures[f"{dtype} | ready_s"], figures[f"{dtype} | peak_mb"] = round(ready, 2), round(peak)
        figures["allennlp | process_peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return figures


def main() -> None:
    """Print the figures of each size; with --save keep them in results/embed.json."""
    parser = parser_with_save(__doc__)
    parser.add_argument("--model", action="append", choices=["small", "medium", "original"])
    parser.add_argument("--sentences", type=int, default=512)
    parser.add_argument("--single", type=int, default=32, help="sentences of the runs with one sentence a call")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    sentences = json.loads(SENTENCES.read_text(encoding="utf-8"))[: given.sentences]
    for size in given.model or ["small", "original"]:
        figures = measure(size, sentences, given.single, given.runs)
        for name, value in figures.items():
            print(f"{name:55} {value}")
        if given.save:
            options = f"--model {size} --sentences {given.sentences} --single {given.single} --runs {given.runs}"
            print(keep_row("embed", size, f"python benchmarks/embed.py {options} --save", figures))


if __name__ == "__main__":
    main()
