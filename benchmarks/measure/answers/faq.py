"""Top-1 and top-5 of answers found by their questions: BM25 alone, mean vectors alone, both fused as `elmo answer` fuses them.

    python -m benchmarks.measure.answers.faq [--model en] [--layers 0] [--weight 0.3] [--sets bankfaqs-en ...] [--save]

Data: faq/SET of the project's data. The answers are indexed without their questions, repeated pairs merged; the questions are
all, or 500 drawn by `RandomState(0)`. Intervals: bootstrap over questions, 1,000 draws, of the difference to BM25 alone, paired.
"""

import gzip
import json

import numpy as np
from numpy.typing import NDArray

from benchmarks.record import SHARED, keep_row, parser_with_save, show
from elmo.answers.kb_file import KBSettings
from elmo.answers.kb_models import embed_words
from elmo.answers.lexical import LexicalIndex
from elmo.answers.retrieval import VECTOR_WEIGHT, fuse
from elmo.answers.terms import terms_by
from elmo.embed.embedder import Elmo

SETS = ("bankfaqs-en", "medquad-en", "covid-faq-en")
N_QUESTIONS, N_DRAWS, AT_ONCE = 500, 1000, 256


def read_pairs(name: str) -> list[tuple[str, str]]:
    """The different pairs of question and answer of a set, in order."""
    (path,) = (SHARED / "data" / "faq" / name).glob("*.jsonl.gz")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return list(dict.fromkeys((row["question"].strip(), row["answer"].strip()) for row in rows))


def ranks(elmo: Elmo, layers: str, pairs: list[tuple[str, str]], weights: list[float]) -> NDArray[np.int64]:
    """The rank, from 0, of the right answer of each question for each weight of the vectors: (weights, questions)."""
    answers = list(dict.fromkeys(answer for _, answer in pairs))
    if len(pairs) > N_QUESTIONS:
        pairs = [pairs[k] for k in np.random.RandomState(0).permutation(len(pairs))[:N_QUESTIONS]]
    terms = terms_by("en", True, True)
    settings = KBSettings(model="en", fingerprint="", tokenizer=elmo.model.tokenizer.version, layers=layers)
    words = [[token.text for token in elmo.tokenize(text)] for text in [*answers, *(question for question, _ in pairs)]]
    vectors = np.concatenate(
        [embed_words(elmo, words[k : k + AT_ONCE], settings) for k in range(0, len(words), AT_ONCE)]
    )
    index = LexicalIndex.of(terms(some) for some in words[: len(answers)])
    found = np.zeros((len(weights), len(pairs)), np.int64)
    for number, (_, answer) in enumerate(pairs):
        at, right = len(answers) + number, answers.index(answer)
        bm25, cosines = index.scores(terms(words[at])), vectors[: len(answers)] @ vectors[at]
        for row, weight in enumerate(weights):
            scores = fuse(bm25, cosines, weight)
            before = np.flatnonzero(scores == scores[right])
            found[row, number] = (scores > scores[right]).sum() + (before < right).sum()
    return found


def figures(found: NDArray[np.int64]) -> dict[str, float]:
    """Percentages, and the interval of the difference between fused (row 2) and BM25 (row 0)."""
    rows = dict(zip(("bm25", "vectors", "fused"), found, strict=True))
    scores = {f"{name}_top{k}": float(100 * (row < k).mean()) for name, row in rows.items() for k in (1, 5)}
    gain = (found[2] < 1).astype(float) - (found[0] < 1)
    rng = np.random.default_rng(0)
    means = [100 * gain[rng.integers(len(gain), size=len(gain))].mean() for _ in range(N_DRAWS)]
    low, high = np.percentile(means, [2.5, 97.5])
    return {**scores, "gain_top1": float(100 * gain.mean()), "gain_low": float(low), "gain_high": float(high)}


def main() -> None:
    """Measure, print, and with --save keep the figures."""
    parser = parser_with_save(__doc__)
    parser.add_argument("--model", default="en")
    parser.add_argument("--layers", default="0", help="as JSON")
    parser.add_argument("--weight", type=float, default=VECTOR_WEIGHT, help="of the vectors")
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    args = parser.parse_args()
    elmo = Elmo.from_pretrained(args.model)
    for name in args.sets:
        pairs = read_pairs(name)
        measured = figures(ranks(elmo, args.layers, pairs, [0.0, 1.0, args.weight]))
        print(f"{name} ({len(pairs):,} pairs)")
        show(measured)
        if args.save:
            command = f"python -m benchmarks.measure.answers.faq --model {args.model} --layers '{args.layers}'"
            keep_row("faq", name, f"{command} --weight {args.weight} --sets {name} --save", measured)


if __name__ == "__main__":
    main()
