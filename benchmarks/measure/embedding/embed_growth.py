"""Speed and memory of embedding: corpora of ten thousand to a million sentences, documents of a thousand to 100,000 tokens.

    python -m benchmarks.measure.embedding.embed_growth [--sentences 10000,100000,1000000]
                                                       [--document 1000,10000,100000] [--dtype D] [--save]

The text is generated: words by Zipf's law, 2 to 40 per sentence. Weights are random; each length runs in a separate process
with one thread. Corpora: `elmo embed` into a folder of shards, size tiny, one vector per sentence. Documents: one sentence of
the given length, size small, all layers. Rows of a corpus are then read in random order. Memory is the peak of the process,
VmHWM, in MB.
"""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from timeit import timeit
from typing import Any

import torch

from benchmarks.record import ROOT, keep_row, parser_with_save
from elmo.apps.embedding.embed_bulk import embed_corpus
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.saved_model import ModelConfig, SavedModel
from elmo.embed.arrow_vectors import open_vectors
from elmo.embed.embedder import Elmo
from elmo.model.bilm import BiLM
from elmo.model.config import bilm_config

N_WORDS = 100_000
N_READ = 2_000  # rows read at random from the vectors of a corpus


def random_model(size: str) -> SavedModel:
    """A model of a published size with random weights."""
    torch.manual_seed(0)
    bilm = BiLM(bilm_config(size))
    return SavedModel(ModelConfig(bilm=bilm.config), bilm)


def words(n: int) -> Iterator[str]:
    """The given number of words by Zipf's law, the same in each call."""
    rng = random.Random(0)
    for _ in range(n):
        yield f"w{int(N_WORDS ** rng.random())}"


def peak_mb() -> int:
    """Peak memory of this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


def measure_corpus(n: int, dtype: str) -> dict[str, Any]:
    """Embed a corpus of the given number of sentences, in this process."""
    rng, stream = random.Random(1), words(sys.maxsize)
    with TemporaryDirectory() as room:
        folder = Path(room)
        save_native(random_model("tiny"), folder / "model")
        with (folder / "text.txt").open("w", encoding="ascii") as file:
            for _ in range(n):
                file.write(" ".join(next(stream) for _ in range(rng.randint(2, 40))) + "\n")
        begun = time.monotonic()
        facts = embed_corpus(
            folder / "text.txt",
            str(folder / "model"),
            folder / "vectors",
            pretokenized=True,
            pooling="mean",
            dtype=dtype,
        )
        seconds, peak = time.monotonic() - begun, peak_mb()
        vectors = open_vectors(folder / "vectors")
        row_ms = sorted(1000 * timeit(lambda: vectors[rng.randrange(n)], number=1) for _ in range(N_READ))
    n_tokens = int(facts["tokens"])
    return {
        "tokens": n_tokens,
        "tokens_per_s": round(n_tokens / seconds),
        "peak_mb": peak,
        "a_row_median_ms": round(row_ms[N_READ // 2], 3),
        "a_row_95_ms": round(row_ms[N_READ * 95 // 100], 3),
    }


def measure_document(n: int, dtype: str) -> dict[str, Any]:
    """Embed one sentence of the given number of tokens, in this process."""
    elmo, text = Elmo(random_model("small"), dtype=dtype), list(words(n))
    elmo.embed([text[:10]])
    begun = time.monotonic()
    (vectors,) = elmo.embed([text], layers="all")
    seconds = time.monotonic() - begun
    return {"tokens": vectors.shape[1], "tokens_per_s": round(n / seconds), "peak_mb": peak_mb()}


def main() -> None:
    """Print the table; with --save store its rows in results/embed_growth.json."""
    parser = parser_with_save(__doc__)
    parser.add_argument("--sentences", default="10000,100000,1000000")
    parser.add_argument("--document", default="1000,10000,100000")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--only", help="corpus or document: measure one length in this process and print it as JSON")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.only:
        measure, length = (
            (measure_corpus, given.sentences) if given.only == "corpus" else (measure_document, given.document)
        )
        print(json.dumps(measure(int(length), given.dtype)))
        return
    for kind, option in (("corpus", "--sentences"), ("document", "--document")):
        for length in (given.sentences if kind == "corpus" else given.document).split(","):
            command = ["-m", "benchmarks.measure.embedding.embed_growth"]
            command += ["--only", kind, option, length, "--dtype", given.dtype]
            done = subprocess.run([sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
            figures = json.loads(done.stdout)
            print(f"{kind} of {length:>9}", figures, flush=True)
            if given.save:
                what = "sentences" if kind == "corpus" else "tokens"
                row = f"{given.dtype}, a {kind} of {int(length):,} {what}"
                print(keep_row("embed_growth", row, " ".join(["python", *command]), figures))


if __name__ == "__main__":
    main()
