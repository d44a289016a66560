"""Does the nearest occurrence of a word have the same sense? First-neighbour accuracy on Senseval's hard, line and serve.

    python -m benchmarks.measure.probes.word_sense [--model en] [--data ../shared/data/wsd] [--save]

Each test occurrence gets the sense of the training occurrence nearest to it (cosine), for each layer. The baseline is the most
frequent sense in the training part. The token layer depends on the word form only.
"""

from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.record import SHARED, parser_with_save, record
from elmo import Elmo
from elmo.analysis.probe_data import read_senses
from elmo.analysis.probe_vectors import ElmoVectors, TokenVectors, embed_tokens
from elmo.analysis.sense_probes import first_neighbour

WORDS = ("hard", "line", "serve")


def measure(model: str, data: Path) -> dict[str, float]:
    """Accuracies in percent, flat: word.majority, word.layer0, ..., word.mean."""
    return measure_source(ElmoVectors(Elmo.from_pretrained(model), model), data)


def measure_source(source: TokenVectors, data: Path) -> dict[str, float]:
    """The same of any vectors."""
    figures: dict[str, float] = {}
    for word in WORDS:
        train, test = (read_senses(data / f"senseval-{word}-en" / f"{part}.jsonl.gz") for part in ("train", "test"))
        senses, gold = (np.array([item.sense for item in part]) for part in (train, test))
        most = Counter(senses.tolist()).most_common(1)[0][0]
        figures[f"{word}.majority"] = 100 * float((gold == most).mean())
        known, asked = (
            embed_tokens(source, [item.tokens for item in part], [item.at for item in part]) for part in (train, test)
        )
        for view in source.views:
            predicted = first_neighbour(view.of(known), senses, view.of(asked))
            figures[f"{word}.{view.name.replace(' ', '')}"] = 100 * float((predicted == gold).mean())
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
        print(
            record(
                "word_sense", f"python -m benchmarks.measure.probes.word_sense --model {given.model} --save", figures
            )
        )


if __name__ == "__main__":
    main()
