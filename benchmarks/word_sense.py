"""Does the nearest occurrence of a word have the same sense? First-neighbour accuracy on Senseval's hard, line and serve.

    python benchmarks/word_sense.py [--model en] [--data ../shared/data/wsd] [--save]

Each test occurrence takes the sense of the training occurrence nearest to it (cosine), layer by layer; the rival is the
most frequent sense of the training part. The token layer knows the word form alone.
"""

import gzip
import json
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from elmo import Elmo
from record import SHARED, parser_with_save, record

WORDS = ("hard", "line", "serve")


def read_part(path: Path) -> tuple[list[list[str]], list[int], list[str]]:
    """Tokens, place of the word and sense of each occurrence."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        items = [json.loads(line) for line in file]
    return [i["tokens"] for i in items], [i["target"] for i in items], [i["label"] for i in items]


def embed_targets(elmo: Elmo, sentences: list[list[str]], places: list[int]) -> NDArray[np.float32]:
    """Unit vectors of the word in each layer and in their mean: float32 (occurrences, L + 1, D)."""
    layers = [v[:, place] for v, place in zip(elmo.embed(sentences, layers="all"), places, strict=True)]
    x = np.stack([np.concatenate([v, v.mean(axis=0, keepdims=True)]) for v in layers])
    return x / np.linalg.norm(x, axis=2, keepdims=True)


def measure(model: str, data: Path) -> dict[str, float]:
    """Accuracies in percent, flat: word.majority, word.layer0, ..., word.mean."""
    elmo = Elmo.from_pretrained(model)
    figures: dict[str, float] = {}
    for word in WORDS:
        train, test = (read_part(data / f"senseval-{word}-en" / f"{part}.jsonl.gz") for part in ("train", "test"))
        senses, truth = np.array(train[2]), np.array(test[2])
        most = Counter(train[2]).most_common(1)[0][0]
        figures[f"{word}.majority"] = 100 * float((truth == most).mean())
        known, asked = (embed_targets(elmo, part[0], part[1]) for part in (train, test))
        names = [f"layer{k}" for k in range(elmo.n_layers)] + ["mean"]
        for k, name in enumerate(names):
            nearest = (asked[:, k] @ known[:, k].T).argmax(axis=1)
            figures[f"{word}.{name}"] = 100 * float((senses[nearest] == truth).mean())
    return figures


def main() -> None:
    """Print the table; with --save keep it in results/word_sense.json."""
    parser = parser_with_save(__doc__)
    parser.add_argument("--model", default="en")
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "wsd")
    given = parser.parse_args()
    figures = measure(given.model, given.data)
    columns = sorted({key.split(".")[1] for key in figures}, key=lambda c: (c != "majority", c))
    print(f"{'word':8}" + "".join(f"{column:>10}" for column in columns))
    for word in WORDS:
        print(f"{word:8}" + "".join(f"{figures[f'{word}.{column}']:10.1f}" for column in columns))
    if given.save:
        print(record("word_sense", f"python benchmarks/word_sense.py --model {given.model} --save", figures))


if __name__ == "__main__":
    main()
