"""Scores and fillings on held-out sentences: true and scrambled sentences told apart, the true word among the first ten.

    python -m benchmarks.measure.models.scoring [--model en] [--sentences 1000] [--seed 0] [--save]

The words at a position are those of `elmo fill`: the product of both directions. Beside it: each direction alone, and a forward
and a backward interpolated Kneser-Ney 5-gram model, each alone and as a product, estimated on the training text of the model over
the same vocabulary. Sentences have 8 to 40 tokens; the word of a position is in the vocabulary. Needs the texts in ../shared and
8 GB.
"""

import importlib.util
import random
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.measure.models.perplexity import KNESER_NEY, SHIPPED
from benchmarks.record import SHARED, parser_with_save, record, show
from elmo.embed.embedder import Elmo
from elmo.embed.language_model.fill import log_probabilities_at
from elmo.text.sources.corpus import corpus_words
from elmo.text.words.vocabulary import Vocabulary

FIRST = 10  # words of a filling that are looked at
Numbers = NDArray[np.floating[Any]]


def tool() -> ModuleType:
    """The n-gram program of ../shared as a module."""
    found = importlib.util.spec_from_file_location("kneser_ney", KNESER_NEY)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def stream_of(sentences: Sequence[NDArray[np.int32]], backward: bool) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Sentences as ids in one stream with 0 before and 1 behind each, and the position of each token in its sentence."""
    parts = [np.concatenate([[0], ids[::-1] if backward else ids, [1]]) for ids in sentences]
    return np.concatenate(parts).astype(np.int32), np.concatenate([np.arange(len(part)) for part in parts])


def next_word(model: Any, context: Sequence[int]) -> Numbers:
    """The probabilities of all words after a context, by the n-gram model of the program: float64 (V,).

    Args:
        context: ids from the beginning of the sentence, 0 first.
    """
    V = model.V
    probability = np.full(V, 1.0 / (V - 1))
    for n in range(1, min(model.order, len(context) + 1) + 1):
        at = _context_id(model, context[len(context) - n + 1 :])
        total, back_off = model.mass[n]
        if at is None or total[at] == 0:
            break  # of a longer context nothing is known either
        keys = model.keys[n]
        low, high = (0, V) if n == 1 else np.searchsorted(keys, [at * V, (at + 1) * V])
        counts = model.number[n][low:high]
        first = np.maximum(counts - model.discount[n][np.minimum(counts, 3)], 0) / total[at]
        probability *= back_off[at]
        probability[keys[low:high] - (0 if n == 1 else at * V)] += first
    return probability


def _context_id(model: Any, context: Sequence[int]) -> int | None:
    """The id of an n-gram in the program; None: it was never seen."""
    if not context:
        return 0
    gram = int(context[0])
    for n, word in enumerate(context[1:], 2):
        key = gram * model.V + word
        gram = int(np.searchsorted(model.keys[n], key))
        if gram == len(model.keys[n]) or model.keys[n][gram] != key:
            return None
    return gram


def is_first(scores: Numbers, word: int, specials: Sequence[int]) -> bool:
    """Whether a word is among the first ten of all words but the specials."""
    own = scores[word]
    better = scores > own
    better[list(specials)] = False
    return int(better.sum()) < FIRST


def heldout_sentences(texts: Path, n: int, rng: random.Random) -> list[list[str]]:
    """Sentences of the held-out text, drawn at random."""
    every = [words for words in corpus_words([texts / "heldout.txt.gz"], pretokenized=False) if 8 <= len(words) <= 40]
    return rng.sample(every, n)


def told_apart(elmo: Elmo, sentences: Sequence[list[str]], rng: random.Random) -> float:
    """Percent of pairs in which the sentence costs fewer bits than the same words in a random order."""
    scrambled = []
    for words in sentences:
        mixed = list(words)
        while mixed == words:
            rng.shuffle(mixed)
        scrambled.append(mixed)
    pairs = zip(elmo.score(sentences), elmo.score(scrambled), strict=True)
    return 100 * float(np.mean([true.bits < other.bits for true, other in pairs]))


def ngram_scores(
    texts: Path, vocabulary: Vocabulary, positions: Sequence[tuple[list[str], int]], backward: bool
) -> list[Numbers]:
    """Log probabilities of all words at each position by an n-gram model of one direction, float32 to save memory."""
    train = [texts / f"{name}.txt.xz" for name in SHIPPED]
    encoded = [vocabulary.encode(words) for words in corpus_words(train, pretokenized=False) if words]
    model = tool().KneserNey(*stream_of(encoded, backward), len(vocabulary), 5)
    found = []
    for words, at in positions:
        context = vocabulary.encode(words[at + 1 :][::-1] if backward else words[:at]).tolist()
        found.append(np.log(next_word(model, [0, *context])).astype(np.float32))
    return found


def measure(model: str, texts: Path, n: int, seed: int) -> dict[str, float]:
    """All figures, in percent."""
    rng = random.Random(seed)
    elmo = Elmo.from_pretrained(model)
    vocabulary = elmo.model.vocabulary
    assert vocabulary is not None
    sentences = heldout_sentences(texts, n, rng)
    figures = {"scrambled.told_apart": told_apart(elmo, sentences, rng)}
    positions = []
    for words in sentences:
        known = [i for i, word in enumerate(vocabulary.encode(words)) if word != vocabulary.unknown_id]
        positions.append((words, rng.choice(known)))
    targets = [int(vocabulary.encode([words[at]])[0]) for words, at in positions]
    specials = [vocabulary.start_id, vocabulary.end_id, vocabulary.unknown_id]

    def first_ten(rows: Sequence[Numbers]) -> float:
        return 100 * float(np.mean([is_first(row, word, specials) for row, word in zip(rows, targets, strict=True)]))

    own = [log_probabilities_at(elmo.model, words, at) for words, at in positions]
    left, right = ([side.numpy().astype(np.float32) for side in sides] for sides in zip(*own, strict=True))
    ahead, behind = (ngram_scores(texts, vocabulary, positions, backward) for backward in (False, True))
    for name, (before, after) in {"elmo": (left, right), "kneser_ney_5": (ahead, behind)}.items():
        figures[f"{name}.both"] = first_ten([a + b for a, b in zip(before, after, strict=True)])
        figures[f"{name}.forward"] = first_ten(before)
        figures[f"{name}.backward"] = first_ten(after)
    return figures


def main() -> None:
    """Print the figures; with --save keep them in results/scoring.json."""
    parser = parser_with_save(__doc__)
    parser.add_argument("--model", default="en")
    parser.add_argument("--texts", type=Path, default=SHARED / "data" / "lm" / "english")
    parser.add_argument("--sentences", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with torch.no_grad():
        figures = measure(given.model, given.texts, given.sentences, given.seed)
    show(figures)
    if given.save:
        sizes = f"--model {given.model} --sentences {given.sentences} --seed {given.seed}"
        print(record("scoring", f"python -m benchmarks.measure.models.scoring {sizes} --save", figures))


if __name__ == "__main__":
    main()
