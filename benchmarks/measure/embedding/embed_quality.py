"""Effect of precision and start state on a linear probe of parts of speech, with the English model in the package.

    python -m benchmarks.measure.embedding.embed_quality [--only DTYPE/STATE]... [--train N] [--test N] [--save]

UD English EWT: the probe is trained on the first N sentences of the training file and tested on those of the test file; the dev
file chooses the strength of the penalty. Vectors are the mean of the layers. Each variant has one probe, with the same sentences
and seed. `carry` reads the files in order, one sentence per call; `warm` starts from the state saved with the model. Each row is
stored in results/embed_quality.json when it is measured. Needs the data in ../shared.
"""

from typing import Any

import numpy as np
import torch

from benchmarks.record import SHARED, keep_row, parser_with_save
from elmo.analysis.linear_probe import fit_linear
from elmo.embed.embedder import Elmo
from elmo.tasks.data.conll import read_tagged
from elmo.tasks.examples import Example

FOLDER = SHARED / "data" / "pos" / "ud-english-ewt"
ROWS = ("float32/zero", "bfloat16/zero", "int8/zero", "float32/warm", "float32/carry")
N_DEV = 300


def vectors_of(elmo: Elmo, examples: list[Example], state: str) -> np.ndarray:
    """float32 (tokens, D) of all sentences."""
    sentences = [[token.text for token in example.tokens] for example in examples]
    elmo.reset()
    if state == "carry":
        return np.concatenate([elmo.embed([words], state="carry")[0] for words in sentences])
    return np.concatenate(elmo.embed(sentences, state=state))  # type: ignore[arg-type]


def measure(row: str, n_train: int, n_test: int) -> dict[str, Any]:
    """The figures of a row."""
    dtype, state = row.split("/")
    train, dev, test = (
        read_tagged(FOLDER / f"{part}.conllu.gz")[:n]
        for part, n in (("train", n_train), ("dev", N_DEV), ("test", n_test))
    )
    elmo = Elmo.from_pretrained(dtype=dtype)
    tags = sorted({tag for example in train for tag in example.labels})
    number = {tag: i for i, tag in enumerate(tags)}
    x, y = {}, {}
    for name, some in (("train", train), ("dev", dev), ("test", test)):
        x[name] = vectors_of(elmo, some, state)
        y[name] = np.array([number.get(tag, -1) for example in some for tag in example.labels])
    probe = fit_linear(x["train"], y["train"], len(tags), (x["dev"], y["dev"]))
    return {
        "train_sentences": len(train),
        "test_sentences": len(test),
        "test_tokens": len(y["test"]),
        "accuracy": round(100 * float((probe.predict(x["test"]) == y["test"]).mean()), 3),
        "penalty": probe.strength,
    }


def main() -> None:
    """Measure and print the rows; with --save store each."""
    parser = parser_with_save(__doc__)
    parser.add_argument("--only", action="append", choices=ROWS)
    parser.add_argument("--train", type=int, default=2000)
    parser.add_argument("--test", type=int, default=2077)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    for row in given.only or ROWS:
        figures = measure(row, given.train, given.test)
        print(row, figures, flush=True)
        if given.save:
            options = f"--only {row} --train {given.train} --test {given.test} --save"
            command = f"python -m benchmarks.measure.embedding.embed_quality {options}"
            keep_row("embed_quality", row, command, figures)


if __name__ == "__main__":
    main()
