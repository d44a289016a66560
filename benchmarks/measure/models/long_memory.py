"""Perplexity on WikiText-2 with a neural cache, with dynamic evaluation and with both, in both directions.

    python -m benchmarks.measure.models.long_memory MODEL [--cache 2000] [--tune-tokens 10000] [--tokens N] [--save]

MODEL is the run of recipes/wikitext2.toml, two hours of two cores (test perplexity 100.6 / 100.5):

    elmo pretrain --recipe recipes/wikitext2.toml --corpus train.txt.gz --heldout valid.txt.gz --pretokenized -o runs/wikitext2 \
        --max-minutes 120

theta, lambda, learning rate and decay are chosen on the beginning of the validation text, from the grid of `GridConfig`; the test
text is measured once. For comparison: the LSTM of Grave et al. 2017 has 99.3, with a cache of 2,000 states 68.9. Needs WikiText-2
in ../shared. `--tokens N` measures the beginning of the test text only, and stores nothing.
"""

import gzip
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.record import SHARED, parser_with_save, record
from elmo.apps.models.long_memory import measure_with_memory
from elmo.embed.language_model.neural_cache import CacheConfig
from elmo.train.long_memory.settings import DynamicConfig, GridConfig, LongMemoryConfig

TEXTS = SHARED / "data" / "lm" / "wikitext2"


def beginning(n_tokens: int | None, target: Path) -> Path:
    """The test text, or its lines up to so many tokens."""
    if n_tokens is None:
        return TEXTS / "test.txt.gz"
    with gzip.open(TEXTS / "test.txt.gz", "rt", encoding="utf-8") as lines, target.open("w", encoding="utf-8") as file:
        read = 0
        for line in lines:
            if read >= n_tokens:
                break
            file.write(line)
            read += len(line.split()) + 1
    return target


def main() -> None:
    """Print the figures; with --save keep them in results/long_memory.json."""
    parser = parser_with_save(__doc__)
    parser.add_argument("model")
    parser.add_argument("--cache", type=int, default=CacheConfig().size, help="states in the cache")
    parser.add_argument("--tune-tokens", type=int, default=GridConfig().tokens, help="tokens of the validation text")
    parser.add_argument("--tokens", type=int, help="a trial on the beginning of the test text; nothing is stored")
    given = parser.parse_args()
    config = LongMemoryConfig(
        cache=CacheConfig(size=given.cache), dynamic=DynamicConfig(), grid=GridConfig(tokens=given.tune_tokens)
    )
    begun = time.monotonic()
    with TemporaryDirectory() as room:
        facts = measure_with_memory(
            given.model,
            beginning(given.tokens, Path(room) / "test.txt"),
            config,
            pretokenized=True,
            tune_on=TEXTS / "valid.txt.gz",
            say=lambda line: print(line, flush=True),
        )
    figures = {key: value for key, value in facts.items() if key not in ("warning", "tuned_on")}
    figures["minutes"] = round((time.monotonic() - begun) / 60, 1)
    for name, value in figures.items():
        print(f"{name:30}  {value}")
    if given.save and given.tokens is None:
        options = f"--cache {given.cache} --tune-tokens {given.tune_tokens} --save"
        print(
            record("long_memory", f"python -m benchmarks.measure.models.long_memory {given.model} {options}", figures)
        )


if __name__ == "__main__":
    main()
