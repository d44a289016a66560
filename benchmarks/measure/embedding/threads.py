"""Whether threads that share an `Elmo` get the same vectors as a single thread, bit for bit.

    python -m benchmarks.measure.embedding.threads [--sentences N] [--rounds N] [--dtypes D ...] [--save]

8 threads, 2,000 sentences, 20 rounds, three dtypes, a random model of size tiny. Python's switch interval is 10 microseconds.
The bits of a vector depend on the shapes of its batch and on the words that the char CNN reads together, so no two calls of 20
sentences have a word in common, and only the boundaries are in the cache beforehand. Each round has a new cache, and each
thread its own order of calls.
"""

import random
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.record import keep_row, parser_with_save, show
from elmo.checkpoints.saved_model import ModelConfig, SavedModel
from elmo.embed.embedder import Elmo
from elmo.model.bilm import BiLM
from elmo.model.config import bilm_config

N_THREADS = 8
SENTENCES_A_CALL = 20
DTYPES = ["float32", "bfloat16", "int8"]
Call = list[list[str]]


def calls_of(n_sentences: int) -> list[Call]:
    """Sentences of 0 to 8 words, divided into calls that have no word in common."""
    rng = random.Random(0)
    return [
        [[f"{number}w{rng.randrange(60)}" for _ in range(rng.randrange(9))] for _ in range(SENTENCES_A_CALL)]
        for number in range(n_sentences // SENTENCES_A_CALL)
    ]


def embed_all(elmo: Elmo, calls: list[Call], seed: int) -> list[list[NDArray[np.float32]]]:
    """The vectors of each call, computed in an order given by the seed."""
    found: list[list[NDArray[np.float32]]] = [[]] * len(calls)
    for number in random.Random(seed).sample(range(len(calls)), len(calls)):
        found[number] = elmo.embed(calls[number])
    return found


def n_different(found: list[list[NDArray[np.float32]]], expected: list[list[NDArray[np.float32]]]) -> int:
    """The number of sentences whose vectors differ from the expected ones in any bit."""
    pairs = [pair for a, b in zip(found, expected, strict=True) for pair in zip(a, b, strict=True)]
    return sum(not np.array_equal(a, b) for a, b in pairs)


@contextmanager
def eager_switching() -> Iterator[None]:
    """Switch threads very often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def measure(dtype: str, n_sentences: int, n_rounds: int) -> dict[str, Any]:
    """Embed in threads, round by round, and count the sentences that are wrong."""
    torch.manual_seed(0)
    model = BiLM(bilm_config("tiny"))
    saved, calls = SavedModel(ModelConfig(bilm=model.config), model), calls_of(n_sentences)

    def new() -> Elmo:
        elmo = Elmo(saved, dtype=dtype)
        elmo.embed([[]])  # the two boundaries, which all calls share
        return elmo

    expected, wrong, wrong_afterwards, begun = embed_all(new(), calls, 0), 0, 0, time.perf_counter()
    for number in range(n_rounds):
        elmo, together = new(), threading.Barrier(N_THREADS)

        def work(thread: int, elmo: Elmo = elmo, together: threading.Barrier = together, round_: int = number) -> int:
            together.wait()
            return n_different(embed_all(elmo, calls, N_THREADS * round_ + thread), expected)

        with eager_switching(), ThreadPoolExecutor(N_THREADS) as pool:
            wrong += sum(pool.map(work, range(N_THREADS)))
        wrong_afterwards += n_different(embed_all(elmo, calls, 0), expected)
        print(f"{dtype}, round {number + 1} of {n_rounds}: {wrong} wrong so far", file=sys.stderr, flush=True)
    return {
        "computed in": new().dtype,
        "threads": N_THREADS,
        "rounds": n_rounds,
        "sentences": n_sentences,
        "sentences compared": n_sentences * n_rounds * N_THREADS,
        "wrong in threads": wrong,
        "wrong afterwards in one thread": wrong_afterwards,
        "seconds": round(time.perf_counter() - begun),
    }


def main() -> None:
    parser = parser_with_save(__doc__)
    parser.add_argument("--sentences", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--dtypes", nargs="+", default=DTYPES)
    given = parser.parse_args()
    torch.set_num_threads(1)
    for dtype in given.dtypes:
        figures = measure(dtype, given.sentences, given.rounds)
        show({f"{dtype} | {name}": value for name, value in figures.items() if not isinstance(value, str)})
        if given.save:
            command = f"python -m benchmarks.measure.embedding.threads --sentences {given.sentences}"
            keep_row(
                "house", f"threads, {dtype}", f"{command} --rounds {given.rounds} --dtypes {dtype} --save", figures
            )


if __name__ == "__main__":
    main()
