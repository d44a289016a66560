"""Query time of an index over a million words, and the recall of its graphs compared with brute force.

    python -m benchmarks.measure.embedding.neighbours [--model en] [--tokens 1000000] [--queries 200] [--index FOLDER] [--save]

Text: the beginning of lm/english/textbooks.txt.xz, split into sentences. Queries: random words of lm/english/heldout.txt.gz.
`answer` is the total time of a query: embedding the sentence, searching the index, reading ten lines. Recall is the fraction of
the ten nearest occurrences, found by brute force over all vectors, that the graphs find.
"""

import lzma
import random
import resource
import statistics
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.record import SHARED, parser_with_save, record
from elmo.analysis.context_index import ContextIndex
from elmo.analysis.neighbours import find_neighbours
from elmo.embed.embedder import Elmo
from elmo.text.sources.corpus import corpus_words
from elmo.text.tokens import tokenize

ENGLISH = SHARED / "data" / "lm" / "english"
LOAD = (
    "import sys, time; from pathlib import Path; from elmo.analysis.context_index import ContextIndex; b = time.perf_counter(); \
ContextIndex(Path(sys.argv[1])); print(time.perf_counter() - b)"
)


def write_text(path: Path, n_tokens: int) -> None:
    """Write lines of the training text up to the given number of tokens."""
    left = n_tokens
    with (
        lzma.open(ENGLISH / "textbooks.txt.xz", "rt", encoding="utf-8") as lines,
        path.open("w", encoding="utf-8") as file,
    ):
        for line in lines:
            file.write(line)
            left -= len(tokenize(line))
            if left <= 0:
                return


def questions(n: int) -> list[tuple[list[str], int]]:
    """Held-out sentences, each with the position of a word in it."""
    rng = random.Random(0)
    sentences = [list(words) for words in islice(corpus_words([ENGLISH / "heldout.txt.gz"], pretokenized=False), 5000)]
    chosen = rng.sample([words for words in sentences if any(map(str.isalpha, words))], n)
    return [(words, rng.choice([i for i, word in enumerate(words) if word.isalpha()])) for words in chosen]


def measure(model: str, folder: Path, text: Path, n_tokens: int, n_queries: int) -> dict[str, Any]:
    """Build the index if it does not exist, and query it."""
    write_text(text, n_tokens)
    begun = time.perf_counter()
    find_neighbours(model, text, [], index=folder, split=True)
    figures: dict[str, Any] = {"build_s": round(time.perf_counter() - begun, 1)}
    figures["build_peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    figures["index_mb"] = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) // 2**20
    opened = subprocess.run([sys.executable, "-c", LOAD, str(folder)], capture_output=True, text=True, check=True)
    figures["open_s"] = round(float(opened.stdout), 2)
    elmo, index = Elmo.from_pretrained(model), ContextIndex(folder)
    figures["vectors"] = index.facts.n_vectors
    asked_for = questions(n_queries)
    figures["words of a question, mean"] = round(statistics.mean(len(words) for words, _ in asked_for), 1)
    seconds: dict[str, list[float]] = {"answer": [], "search": [], "same word": []}
    asked = []
    for words, position in asked_for:
        begun = time.perf_counter()
        vector = elmo.embed([words], "top")[0][position]
        embedded = time.perf_counter()
        found = index.nearest(vector, 10)
        done = time.perf_counter()
        index.nearest(vector, 10, words[position])
        seconds["same word"].append(time.perf_counter() - done)
        seconds["answer"].append(done - begun)
        seconds["search"].append(done - embedded)
        asked.append((vector, {(o.sentence, o.start) for o in found}))
    for name, times in seconds.items():
        figures[f"{name}, median ms"] = round(1000 * statistics.median(times), 1)
        figures[f"{name}, 95 % ms"] = round(1000 * sorted(times)[int(0.95 * len(times))], 1)
    figures["recall_at_10"] = round(recall(index, asked), 4)
    return figures


def recall(index: ContextIndex, asked: list[tuple[np.ndarray, set[tuple[str, int]]]]) -> float:
    """The fraction of the ten nearest occurrences by brute force that were found."""
    questions = np.stack([vector / np.linalg.norm(vector) for vector, _ in asked])  # (Q, D)
    edges = np.cumsum([0, *(len(part) for part in index._parts)])
    vectors = [np.stack(part.get(np.arange(a, b))) for part, a, b in zip(index._parts, edges, edges[1:], strict=False)]
    scores = np.concatenate([_cosines(questions, x) for x in vectors], axis=1)  # (Q, N)
    recalls = []
    for row, (_, found) in zip(scores, asked, strict=True):
        expected: dict[tuple[str, int], None] = {}
        for key in np.argsort(-row)[:1000].tolist():
            occurrence = index._occurrence(key, 0.0)
            expected.setdefault((occurrence.sentence, occurrence.start))
            if len(expected) == 10:
                break
        recalls.append(len(found & expected.keys()) / len(expected))
    return statistics.mean(recalls)


def _cosines(questions: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    blocks = [vectors[i : i + 2**14].astype(np.float32) for i in range(0, len(vectors), 2**14)]
    return np.concatenate([questions @ (x / np.linalg.norm(x, axis=1, keepdims=True)).T for x in blocks], axis=1)


def main() -> None:
    """Print the figures; with --save keep them in results/neighbours.json."""
    parser = parser_with_save(__doc__)
    parser.add_argument("--model", default="en")
    parser.add_argument("--tokens", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--index", type=Path, help="folder of the index; an existing index is used")
    given = parser.parse_args()
    with TemporaryDirectory() as room:
        folder = given.index or Path(room) / "index"
        figures = measure(given.model, folder, Path(room) / "text.txt", given.tokens, given.queries)
    for name, value in figures.items():
        print(f"{name:24} {value:>12,}")
    if given.save:
        options = f"--model {given.model} --tokens {given.tokens} --queries {given.queries}"
        print(record("neighbours", f"python -m benchmarks.measure.embedding.neighbours {options} --save", figures))


if __name__ == "__main__":
    main()
