"""Held-out perplexity per character of the Chinese model in the package, compared with a Kneser-Ney 5-gram of the same text.

    python -m benchmarks.measure.models.chinese [--model zh] [--save]

The 5-gram model is estimated on the text of recipes/bundled-zh.toml, with the vocabulary of the model. Three held-out texts of
lm/chinese: Wikipedia sentences, a book by Lu Xun, and documents (law, and technical texts, a kind that was not trained on).
Needs ../shared.
"""

import json
import lzma
import subprocess
import sys
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure.models.perplexity import KNESER_NEY, bits_per_byte, number, write_tokenized
from benchmarks.record import SHARED, parser_with_save, record, show
from elmo.apps.models.perplexity import measure_file
from elmo.checkpoints.load import BUNDLED, is_bundled

TEXTS = SHARED / "data" / "lm" / "chinese"
LAW_LINES = 24_000  # a third of the statutes, because their phrases repeat
HELDOUT = ("wiki", "book", "docs")
KEPT = ("forward", "backward", "mean", "bits_per_byte", "oov_rate", "spelling_bits", "tokens")


def main() -> None:
    """Print the figures; with --save keep them in results/chinese.json."""
    parser = parser_with_save(__doc__)
    parser.add_argument("--model", default="zh")
    given = parser.parse_args()
    figures: dict[str, float] = {}
    with TemporaryDirectory() as name:
        room = Path(name)
        with lzma.open(TEXTS / "law.txt.xz", "rt", encoding="utf-8") as lines:
            (room / "law.txt").write_text("".join(islice(lines, LAW_LINES)), encoding="utf-8")
        sources = [room / "law.txt", *(TEXTS / f"{text}.txt.xz" for text in ("wiki_sentences", "books_luxun"))]
        train = write_tokenized(sources, room / "train.txt")
        folder = BUNDLED / given.model if is_bundled(given.model) else Path(given.model)
        for text in HELDOUT:
            heldout = TEXTS / f"heldout_{text}.txt.gz"
            own = measure_file(given.model, heldout)
            test = write_tokenized([heldout], room / "test.txt")
            command = [sys.executable, KNESER_NEY, train, test, "--vocabulary", folder / "vocabulary.txt", "--json"]
            rival = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            figures |= {f"{text}.{key}": number(own, key) for key in KEPT}
            figures[f"{text}.kneser_ney_5"] = rival["mean"]
            figures[f"{text}.kneser_ney_5.bits_per_byte"] = bits_per_byte(rival["mean"], own)
    show(figures)
    if given.save:
        print(record("chinese", f"python -m benchmarks.measure.models.chinese --model {given.model} --save", figures))


if __name__ == "__main__":
    main()
