"""Held-out perplexity of the English model in the package, a unigram model and an interpolated Kneser-Ney 5-gram model.

    python -m benchmarks.measure.models.perplexity [--model en] [--texts ../shared/data/lm/english] [--rivals FILE] [--save]

All three predict the same tokens (our tokenizer, one sentence per line) over the same vocabulary, and the n-gram models are
estimated on the training text of the model. `--rivals FILE` stores the figures of the n-gram models, so that a second model can
be measured without them.
"""

import json
import math
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.record import SHARED, parser_with_save, record, show
from elmo.apps.models.perplexity import Facts, measure_file
from elmo.checkpoints.load import BUNDLED
from elmo.text.sources.corpus import corpus_words
from elmo.text.words.vocabulary import Vocabulary, read_vocabulary

SHIPPED = ("textbooks", "medicine", "government", "techdocs", "books", "books_older", "sentences")
KNESER_NEY = SHARED / "tools" / "kneser_ney.py"


def write_tokenized(sources: list[Path], target: Path) -> Path:
    """Raw texts -> one tokenized sentence per line."""
    with target.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(" ".join(words) + "\n" for words in corpus_words(sources, pretokenized=False))
    return target


def unigram(train: Path, test: Path, vocabulary: Vocabulary) -> float:
    """Perplexity of relative frequencies: words outside the vocabulary are `<UNK>`, one boundary per sentence."""
    counts: list[Counter[int]] = []
    for path in (train, test):
        counts.append(Counter())
        for words in corpus_words([path], pretokenized=True):
            counts[-1].update(vocabulary.encode(words).tolist())
            counts[-1][vocabulary.end_id] += 1
    total = counts[0].total()
    nats = -sum(n * math.log(counts[0][word] / total) for word, n in counts[1].items())
    return math.exp(nats / counts[1].total())


def measure_rivals(texts: Path, vocabulary_file: Path) -> dict[str, float]:
    """Perplexities of a unigram and a 5-gram model, estimated on the training texts of the English model in the package."""
    with TemporaryDirectory() as room:
        train = write_tokenized([texts / f"{name}.txt.xz" for name in SHIPPED], Path(room) / "train.txt")
        test = write_tokenized([texts / "heldout.txt.gz"], Path(room) / "test.txt")
        figures = {"unigram": unigram(train, test, read_vocabulary(vocabulary_file))}
        command = [sys.executable, KNESER_NEY, train, test, "--vocabulary", vocabulary_file, "--json"]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    figures |= {f"kneser_ney_5.{key}": found[key] for key in ("forward", "backward", "mean")}
    return figures | {"rivals.tokens": found["tokens"], "rivals.oov_rate": found["oov_rate"]}


def bits_per_byte(perplexity: float, own: Facts) -> float:
    """Of another model over the same tokens and vocabulary as ours, with the same charge for unknown words.

    Args:
        own: what `measure_file` found for our model.
    """
    bits = math.log2(perplexity) * number(own, "tokens") + number(own, "spelling_bits")
    return bits / number(own, "bytes")


def number(own: Facts, key: str) -> float:
    """A figure of `measure_file`."""
    value = own[key]
    assert isinstance(value, int | float)
    return value


def main() -> None:
    """Print the table; with --save keep it in results/perplexity.json."""
    parser = parser_with_save(__doc__)
    parser.add_argument("--model", default="en")
    parser.add_argument("--texts", type=Path, default=SHARED / "data" / "lm" / "english")
    parser.add_argument("--vocabulary", type=Path, default=BUNDLED / "en" / "vocabulary.txt")
    parser.add_argument("--rivals", type=Path)
    given = parser.parse_args()
    if given.rivals and given.rivals.exists():
        figures = json.loads(given.rivals.read_text(encoding="utf-8"))
    else:
        figures = measure_rivals(given.texts, given.vocabulary)
        if given.rivals:
            given.rivals.write_text(json.dumps(figures), encoding="utf-8")
    if given.model != "none":
        own = measure_file(given.model, given.texts / "heldout.txt.gz")
        figures |= {f"elmo.{key}": value for key, value in own.items() if key not in ("state", "warning")}
        other = measure_file(given.model, given.texts / "heldout_ood.txt.gz")
        figures |= {f"elmo.other_kinds.{key}": value for key, value in other.items() if key not in ("state", "warning")}
        figures["elmo.share_of_unigram"] = number(own, "mean") / figures["unigram"]
        for rival in ("unigram", "kneser_ney_5.mean"):
            figures[f"{rival}.bits_per_byte"] = bits_per_byte(figures[rival], own)
    show(figures)
    if given.save:
        rivals = f" --rivals {given.rivals}" if given.rivals else ""
        print(
            record(
                "perplexity",
                f"python -m benchmarks.measure.models.perplexity --model {given.model}{rivals} --save",
                figures,
            )
        )


if __name__ == "__main__":
    main()
