"""How often `elmo change` finds a change that was made, and how often it reports one that was not.

    python -m benchmarks.measure.probes.change [--model en] [--seeds 10] [--sentences 27000] [--save]

Text: lm/english/sentences.txt.xz, unrelated sentences. For each seed, sentences are sampled and divided at random into two
halves, and two words of similar frequency are chosen among the 500; in the second half these words are swapped, so that their
contexts change. `first` counts the seeds in which one of the two words is ranked first, `both` those in which they are the
first two. False alarms are other words with p < 0.05, with Wilson's 95 % confidence interval.
"""

import lzma
import math
import random
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.record import SHARED, parser_with_save, record
from elmo.analysis.usage_change import ChangeSettings
from elmo.apps.studies.change import measure_change
from elmo.text.tokens import tokenize

SENTENCES = SHARED / "data" / "lm" / "english" / "sentences.txt.xz"
SETTINGS = ChangeSettings(pretokenized=True, min_count=15, most=100)
TARGET_RANKS = (150, 450)  # of the 500 words: neither function words nor the rarest
LEVEL = 0.05


def halves(sentences: list[list[str]], rng: random.Random) -> list[list[list[str]]]:
    """Two random halves of the sentences."""
    rng.shuffle(sentences)
    middle = len(sentences) // 2
    return [sentences[:middle], sentences[middle:]]


def swap(sentences: list[list[str]], words: list[str]) -> list[list[str]]:
    """The same sentences with two words swapped."""
    other = dict(zip(words, reversed(words), strict=True))
    return [[other.get(token.lower(), token) for token in sentence] for sentence in sentences]


def targets(parts: list[list[list[str]]], rng: random.Random) -> list[str]:
    """Two words of similar frequency, next to each other in the command's list of words."""
    counts = [Counter(token.lower() for sentence in part for token in sentence) for part in parts]
    least = Counter({w: min(counts[0][w], counts[1][w]) for w in counts[0] if any(map(str.isalpha, w))})
    frequent = [w for w, n in least.most_common(SETTINGS.n_words) if n >= SETTINGS.min_count]
    at = rng.randrange(*TARGET_RANKS)
    return frequent[at : at + 2]


def wilson(k: int, n: int) -> tuple[float, float]:
    """The 95 % confidence interval of the proportion k / n (Wilson 1927)."""
    z = 1.96
    middle, half = k + z * z / 2, z * math.sqrt(k * (n - k) / n + z * z / 4)
    return (middle - half) / (n + z * z), (middle + half) / (n + z * z)


def measure(model: str, n_seeds: int, n_sentences: int) -> dict[str, Any]:
    """All seeds."""
    with lzma.open(SENTENCES, "rt", encoding="utf-8") as lines:
        every = [[token.text for token in tokenize(line)] for line in lines]
    first = both = alarms = others = 0
    swapped = []
    for seed in range(n_seeds):
        rng = random.Random(seed)
        parts = halves(rng.sample(every, n_sentences), rng)
        words = targets(parts, rng)
        parts[1] = swap(parts[1], words)
        with TemporaryDirectory() as folder:
            paths = [Path(folder) / f"{name}.txt" for name in "ab"]
            for path, part in zip(paths, parts, strict=True):
                path.write_text("".join(" ".join(s) + "\n" for s in part if s), encoding="utf-8")
            found = measure_change(model, paths, SETTINGS._replace(seed=seed))
        ranks = sorted(rank for rank, w in enumerate(found, start=1) if w.word in words)
        first += ranks[0] == 1
        both += ranks == [1, 2]
        rest = [w for w in found if w.word not in words]
        alarms += sum(w.change.p < LEVEL for w in rest)
        others += len(rest)
        swapped.append(f"{words[0]} {words[1]}: {ranks[0]} {ranks[1]}")
        print(f"seed {seed}: {swapped[-1]} of {len(found)}; alarms {alarms} of {others}", flush=True)
    low, high = wilson(alarms, others)
    return {
        "seeds": n_seeds, "first": first, "both": both, "words": others // n_seeds + 2,
        "false_alarms_percent": round(100 * alarms / others, 2),
        "false_alarms_low": round(100 * low, 2), "false_alarms_high": round(100 * high, 2), "ranks": swapped,
    }  # fmt: skip


def main() -> None:
    """Print the figures; with --save store them in results/change.json."""
    parser = parser_with_save(__doc__)
    parser.add_argument("--model", default="en")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--sentences", type=int, default=27_000)
    given = parser.parse_args()
    figures = measure(given.model, given.seeds, given.sentences)
    print(figures)
    if given.save:
        print(record("change", f"python -m benchmarks.measure.probes.change --model {given.model} --save", figures))


if __name__ == "__main__":
    main()
