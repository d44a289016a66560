"""Characters or words as the tokens of Chinese: which vectors serve a task better, for the same text and the same model?

    python -m benchmarks.measure.models.chinese_tokens [--passes 1] [--save]

The texts of recipes/bundled-zh.toml once as the tokenizer cuts them, each Han character a token, and once with runs of Han
characters cut into words by jieba (extra `zh`). A model of either is trained for the same number of passes: size tiny but for its
input, which has a vector for each frequent token beside its bytes, and the sampled softmax. Then, frozen, mean of the layers:

- sentiment: reviews (ChnSentiCorp), one mean vector each, logistic regression; accuracy on the test reviews that are not in the
  training file;
- entities: a logistic regression of the tag (CLUENER) of each character; span F1. A character of a word model has the vector of
  its word and four numbers for its place there (alone, first, inner, last).

Strengths of the regressions are chosen on the last tenth of the training examples. Needs the texts in ../shared.
"""

import argparse
import gzip
import itertools
import json
import lzma
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jieba
import numpy as np
import regex
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from benchmarks.measure.models.chinese import LAW_LINES, TEXTS
from benchmarks.record import SHARED, parser_with_save, record
from elmo import Elmo
from elmo.apps.pretraining.pretrain import continue_run
from elmo.tasks.data.conll import read_tagged
from elmo.tasks.data.tags import spans_of_tags
from elmo.tasks.scoring.span_scores import span_counts, span_scores
from elmo.text.sentences import sentences_of_words
from elmo.text.tokens import tokenize
from elmo.train.memory import keep_freed_memory
from elmo.train.recipe import pretrain_config
from elmo.train.runs.begin import start_run

Cut = Callable[[Sequence[str]], list[str]]
Vectors = NDArray[np.float32]

RECIPE = {
    "size": "tiny",
    "rows": 64,
    "window": 40,
    "state_reset": "sentences",
    "precision": "bfloat16",
    "n_negatives": 2048,
    "log_every": 100,
    "evaluate_every": 100_000,
    "evaluate_sentences": 500,
}
INPUT = ["bilm.word_embedding.size=128"]
TAGGED = 1500  # sentences of the entities' training file
STRENGTHS = (0.003, 0.03, 0.3)  # C of the regressions
_HAN = regex.compile(r"\p{Han}")


def characters(tokens: Sequence[str]) -> list[str]:
    """Tokens as they are: the tokenizer cuts Han characters apart."""
    return list(tokens)


def words(tokens: Sequence[str]) -> list[str]:
    """The same, each run of Han characters cut into words."""
    found: list[str] = []
    for han, run in itertools.groupby(tokens, key=lambda token: _HAN.match(token) is not None):
        piece = list(run)
        found.extend(jieba.lcut("".join(piece)) if han else piece)
    return found


CUTS: dict[str, Cut] = {"characters": characters, "words": words}


def sentences() -> Iterator[list[str]]:
    """Of the recipe's three texts, as the tokenizer cuts them."""
    for name, most in (("law", LAW_LINES), ("wiki_sentences", None), ("books_luxun", None)):
        with lzma.open(TEXTS / f"{name}.txt.xz", "rt", encoding="utf-8") as lines:
            for line in itertools.islice(lines, most):
                yield from sentences_of_words(line)


def train(cut: Cut, passes: int, folder: Path) -> tuple[Elmo, dict[str, Any]]:
    """A model whose tokens are cut so."""
    text, n = folder / "text.txt", 0
    with text.open("w", encoding="utf-8") as file:
        for sentence in sentences():
            tokens = cut(sentence)
            n += len(tokens)
            file.write(" ".join(tokens) + "\n")
    config = pretrain_config(RECIPE | {"epochs": passes}, INPUT)
    start_run([str(text)], folder / "run", config, pretokenized=True)
    found = continue_run(
        folder / "run", report=lambda line: print(f"  step {line.step} {line.loss_nats:.3f}", flush=True)
    )
    facts = {"tokens": n, "steps": found.progress.step}
    return Elmo.from_pretrained(str(folder / "run")), facts


def fitted(x: Vectors, y: NDArray[Any]) -> Callable[[Vectors], NDArray[Any]]:
    """Logistic regression, its strength chosen on the last tenth."""
    scale = StandardScaler().fit(x)
    z, at = scale.transform(x), len(x) * 9 // 10

    def model(c: float, n: int) -> LogisticRegression:
        return LogisticRegression(C=c, max_iter=100).fit(z[:n], y[:n])

    best = max(STRENGTHS, key=lambda c: model(c, at).score(z[at:], y[at:]))
    whole = model(best, len(z))
    return lambda new: whole.predict(scale.transform(new))


def sentiment(elmo: Elmo, cut: Cut) -> float:
    """Accuracy in percent on reviews that the training file does not have."""
    parts = [_records(SHARED / "data/sentiment/chnsenticorp-zh" / f"{name}.jsonl.gz") for name in ("train", "test")]
    known = {record["text"] for record in parts[0]}
    parts[1] = [record for record in parts[1] if record["text"] not in known]
    x = [elmo.embed([cut([t.text for t in tokenize(r["text"])])[:300] for r in part], pooling="mean") for part in parts]
    y = [np.array([record["label"] for record in part]) for part in parts]
    return 100 * float((fitted(np.stack(x[0]), y[0])(np.stack(x[1])) == y[1]).mean())


def entities(elmo: Elmo, cut: Cut) -> float:
    """F1 in percent of the spans that a regression of single tags finds."""
    folder = SHARED / "data/ner/cluener-zh"
    parts = [read_tagged(folder / "train.conll.gz")[:TAGGED], read_tagged(folder / "valid.conll.gz")]
    x = [of_characters(elmo, cut, [[t.text for t in example.tokens] for example in part]) for part in parts]
    tags = [[list(example.labels) for example in part] for part in parts]
    predict = fitted(np.concatenate(x[0]), np.concatenate(tags[0]))
    true = [spans_of_tags(row) for row in tags[1]]
    said = [spans_of_tags(predict(vectors).tolist()) for vectors in x[1]]
    return float(span_scores(span_counts(true, said).sum(axis=0))["f1"])


def of_characters(elmo: Elmo, cut: Cut, rows: Sequence[Sequence[str]]) -> list[Vectors]:
    """Each character's vector with its place in its token."""
    cuts = [cut(row) for row in rows]
    spread = []
    for tokens, vectors in zip(cuts, elmo.embed(cuts), strict=True):
        lengths = [len(token) if _HAN.match(token) else 1 for token in tokens]
        places = np.concatenate([_places(n) for n in lengths])
        spread.append(np.concatenate([np.repeat(vectors, lengths, axis=0), places], axis=1))
    return spread


def _places(n: int) -> Vectors:
    """Alone, first, inner or last of n characters: (n, 4)."""
    which = [0] if n == 1 else [1, *([2] * (n - 2)), 3]
    return np.eye(4, dtype=np.float32)[which]


def _records(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def main() -> None:
    """Print; with --save keep in results/chinese_tokens.json."""
    parser: argparse.ArgumentParser = parser_with_save(__doc__)
    parser.add_argument("--passes", type=int, default=1)
    given = parser.parse_args()
    keep_freed_memory()
    figures: dict[str, Any] = {}
    for name, cut in CUTS.items():
        with TemporaryDirectory() as folder:
            elmo, facts = train(cut, given.passes, Path(folder))
            facts |= {
                "sentiment_accuracy": round(sentiment(elmo, cut), 2),
                "entities_f1": round(entities(elmo, cut), 2),
            }
        print(name, facts, flush=True)
        figures |= {f"{name}.{key}": value for key, value in facts.items()}
    if given.save:
        print(
            record(
                "chinese_tokens",
                f"python -m benchmarks.measure.models.chinese_tokens --passes {given.passes} --save",
                figures,
            )
        )


if __name__ == "__main__":
    main()
