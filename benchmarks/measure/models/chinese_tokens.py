"""Characters or words as the tokens of Chinese: which vectors give better scores on a task, for the same text and model?

    python -m benchmarks.measure.models.chinese_tokens [--passes 1] [--save]

The texts of recipes/bundled-zh.toml are tokenized in two ways: each Han character is a token (as our tokenizer does), or runs of
Han characters are segmented into words by jieba (extra `zh`). A model is trained on each for the same number of epochs: size tiny
with the sampled softmax, and a vector for each frequent token in addition to its bytes. Then the frozen mean of the layers is
tested:

- sentiment: reviews (ChnSentiCorp), one mean vector each, logistic regression; accuracy on the test reviews that are not in the
  training file;
- entities: a logistic regression of the tag (CLUENER) of each character; span F1. In the word model, a character has the vector
  of its word and a one-hot vector of its position in the word (alone, first, inner, last).

The strengths of the L2 penalty are chosen on the last tenth of the training examples. Needs the texts in ../shared.
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
    """The tokens unchanged: the tokenizer makes each Han character a token."""
    return list(tokens)


def words(tokens: Sequence[str]) -> list[str]:
    """The same, with each run of Han characters segmented into words."""
    found: list[str] = []
    for han, run in itertools.groupby(tokens, key=lambda token: _HAN.match(token) is not None):
        piece = list(run)
        found.extend(jieba.lcut("".join(piece)) if han else piece)
    return found


CUTS: dict[str, Cut] = {"characters": characters, "words": words}


def sentences() -> Iterator[list[str]]:
    """Tokenized sentences of the recipe's three texts."""
    for name, most in (("law", LAW_LINES), ("wiki_sentences", None), ("books_luxun", None)):
        with lzma.open(TEXTS / f"{name}.txt.xz", "rt", encoding="utf-8") as lines:
            for line in itertools.islice(lines, most):
                yield from sentences_of_words(line)


def train(cut: Cut, passes: int, folder: Path) -> tuple[Elmo, dict[str, Any]]:
    """Train a model on text that is tokenized in this way."""
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
    """A logistic regression; its regularisation is chosen on the last tenth."""
    scale = StandardScaler().fit(x)
    z, at = scale.transform(x), len(x) * 9 // 10

    def model(c: float, n: int) -> LogisticRegression:
        return LogisticRegression(C=c, max_iter=100).fit(z[:n], y[:n])

    best = max(STRENGTHS, key=lambda c: model(c, at).score(z[at:], y[at:]))
    whole = model(best, len(z))
    return lambda new: whole.predict(scale.transform(new))


def sentiment(elmo: Elmo, cut: Cut) -> float:
    """Accuracy in percent on reviews that are not in the training file."""
    parts = [_records(SHARED / "data/sentiment/chnsenticorp-zh" / f"{name}.jsonl.gz") for name in ("train", "test")]
    known = {record["text"] for record in parts[0]}
    parts[1] = [record for record in parts[1] if record["text"] not in known]
    x = [elmo.embed([cut([t.text for t in tokenize(r["text"])])[:300] for r in part], pooling="mean") for part in parts]
    y = [np.array([record["label"] for record in part]) for part in parts]
    return 100 * float((fitted(np.stack(x[0]), y[0])(np.stack(x[1])) == y[1]).mean())


def entities(elmo: Elmo, cut: Cut) -> float:
    """F1 in percent of the spans predicted by a regression of single tags."""
    folder = SHARED / "data/ner/cluener-zh"
    parts = [read_tagged(folder / "train.conll.gz")[:TAGGED], read_tagged(folder / "valid.conll.gz")]
    x = [of_characters(elmo, cut, [[t.text for t in example.tokens] for example in part]) for part in parts]
    tags = [[list(example.labels) for example in part] for part in parts]
    predict = fitted(np.concatenate(x[0]), np.concatenate(tags[0]))
    gold = [spans_of_tags(row) for row in tags[1]]
    predicted = [spans_of_tags(predict(vectors).tolist()) for vectors in x[1]]
    return float(span_scores(span_counts(gold, predicted).sum(axis=0))["f1"])


def of_characters(elmo: Elmo, cut: Cut, rows: Sequence[Sequence[str]]) -> list[Vectors]:
    """The vector of each character, with its position in its token."""
    cuts = [cut(row) for row in rows]
    spread = []
    for tokens, vectors in zip(cuts, elmo.embed(cuts), strict=True):
        lengths = [len(token) if _HAN.match(token) else 1 for token in tokens]
        positions = np.concatenate([_positions(n) for n in lengths])
        spread.append(np.concatenate([np.repeat(vectors, lengths, axis=0), positions], axis=1))
    return spread


def _positions(n: int) -> Vectors:
    """One-hot positions (alone, first, inner, last) of n characters: (n, 4)."""
    which = [0] if n == 1 else [1, *([2] * (n - 2)), 3]
    return np.eye(4, dtype=np.float32)[which]


def _records(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def main() -> None:
    """Print the figures; with --save store them in results/chinese_tokens.json."""
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
