"""Slices of text, for instance of two decades or two sources -> how much the use of each word differs between them."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from elmo.analysis.change_scores import MEASURES, Change, Measure, change_of, false_discovery_rates
from elmo.analysis.static_export import count_words
from elmo.analysis.word_occurrences import Location, Occurrences, Rows, embed_locations, sample_locations
from elmo.embed.embedder import Elmo
from elmo.embed.layers import Layers, choose_layers
from elmo.errors import ConfigError, TextError
from elmo.text.sources.rows import Row, read_rows

_SHOWN = 3  # occurrences shown per word and slice

Progress = Callable[[str, int, int], None]


class WordChange(NamedTuple):
    """A word, the first slice against the last."""

    word: str
    change: Change
    q: float  # false discovery rate of the words up to this p-value
    counts: list[int]  # how often it occurs in each slice
    steps: list[float]  # the measure from each slice to the next
    typical: list[list[str]]  # of the first and the last slice: the lines that differ most from the other slice


class ChangeSettings(NamedTuple):
    """How changes are measured."""

    measure: Measure = "prt"
    layers: Layers = "top"
    n_words: int = 500  # the most frequent words that occur in all slices
    min_count: int = 20  # in each slice
    most: int = 200  # occurrences sampled per word and slice, at most
    permutations: int = 20_000  # maximum for each word
    lowercase: bool = True
    pretokenized: bool = False
    split: bool = False
    seed: int = 0
    text_field: str | None = None  # the field or column of a record that holds its text; None: `text`


class Comparison(NamedTuple):
    """Slices that were compared."""

    changes: list[WordChange]  # largest first
    occurrences: list[dict[str, Occurrences]]  # of each slice: word -> its occurrences


def measure_change(
    model: str,
    slices: Sequence[Path],
    settings: ChangeSettings = ChangeSettings(),
    *,
    words: Sequence[str] | None = None,
    report: Progress = lambda what, done, n: None,
) -> list[WordChange]:
    """Rank words by how much their use differs between the first slice and the last, largest change first.

    Args:
        slices: two or more files that `read_rows` can read, in order of time.
        words: words to compare; None: the most frequent words that contain a letter and occur in all slices.
        report: called with the file name, the rows embedded so far and all rows.
    Raises:
        TextError: no such file, or no word that is frequent enough in all slices. ConfigError: less than two slices, or an
            impossible setting. CheckpointError: no such model.
    """
    return compare_slices(model, slices, settings, words, report).changes


def compare_slices(
    model: str,
    slices: Sequence[Path],
    settings: ChangeSettings,
    words: Sequence[str] | None,
    report: Progress = lambda what, done, n: None,
) -> Comparison:
    """`measure_change`, with the occurrences that were compared."""
    refuse_slices(slices, settings)
    elmo = Elmo.from_pretrained(model)
    choose_layers(settings.layers, elmo.n_layers)
    how = (settings.pretokenized, settings.split, settings.text_field)
    texts: list[Rows] = [partial(read_rows, path, *how, tokenizer=elmo.model.tokenizer) for path in slices]
    counts = [count_words(text(), settings.lowercase) for text in texts]
    chosen = _choose(counts, slices, settings, words)
    found = []
    for number, (path, text) in enumerate(zip(slices, texts, strict=True)):
        rng = np.random.default_rng((settings.seed, number))
        locations = sample_locations(text(), chosen, settings.most, settings.lowercase, rng)
        found.append(embed_locations(elmo, text, locations, settings.layers, partial(report, path.name)))
    lines = [_texts(text, _typical_locations(found, i)) for i, text in zip((0, -1), (texts[0], texts[-1]), strict=True)]
    scored = [_changes_of(word, found, settings) for word in chosen]
    q = false_discovery_rates(np.array([steps[0].p for steps in scored]))
    changes = [
        WordChange(
            word,
            steps[0],
            float(q[i]),
            [count[word] for count in counts],
            [getattr(step, settings.measure) for step in steps[1:]],
            [[lines[side][location] for location in _typical(found, side, word)] for side in (0, 1)],
        )
        for i, (word, steps) in enumerate(zip(chosen, scored, strict=True))
    ]
    changes.sort(key=lambda w: (-getattr(w.change, settings.measure), w.word))
    return Comparison(changes, found)


def refuse_slices(slices: Sequence[Path], settings: ChangeSettings) -> None:
    """Refuse what cannot be compared, before anything is read.

    Raises:
        TextError, ConfigError: see `measure_change`.
    """
    if len(slices) < 2:
        raise ConfigError(f"{len(slices)} slice(s) of text; elmo change compares at least two")
    if settings.measure not in MEASURES:
        raise ConfigError(f"measure {settings.measure!r}; there are {', '.join(MEASURES)}")
    if settings.layers == "all":
        raise ConfigError('layers="all" gives several vectors per word; choose "top", "mean" or the index of a layer')
    if settings.pretokenized and settings.split:
        raise ConfigError("split and pretokenized: pretokenized text already has one sentence per line; choose one")
    for path in slices:
        if not path.is_file():
            raise TextError(f"{path.absolute()}: no such file; give text files (they are read several times)")


def _choose(
    counts: Sequence[Counter[str]], slices: Sequence[Path], settings: ChangeSettings, words: Sequence[str] | None
) -> list[str]:
    """The words to compare, most frequent first."""
    fewest = Counter({word: min(count[word] for count in counts) for word in counts[0]})
    if words is None:
        frequent = [w for w, n in fewest.most_common() if n >= settings.min_count and any(map(str.isalpha, w))]
        if frequent:
            return frequent[: settings.n_words]
        word, most = next(iter(fewest.most_common(1)), ("", 0))
        raise TextError(
            f"no word occurs {settings.min_count} times in each of {', '.join(path.name for path in slices)} (the most frequent, "
            f"{word!r}, occurs {most} times); lower --min-count"
        )
    asked = list(dict.fromkeys(word.lower() if settings.lowercase else word for word in words))
    missing = [word for word in asked if fewest[word] < 2]
    if missing or not asked:
        raise TextError(
            f"{missing[0] if missing else 'no word'!r}: a word must occur at least twice in each slice; leave it out"
        )
    return asked


def _changes_of(word: str, found: Sequence[dict[str, Occurrences]], settings: ChangeSettings) -> list[Change]:
    """The first slice against the last; with more than two slices, then each slice against the next."""
    own = [slice_[word] for slice_ in found]
    pairs = [(own[0], own[-1]), *(pairwise(own) if len(own) > 2 else ())]
    return [
        change_of(
            a.vectors,
            b.vectors,
            *(np.array([location.line for location in side.locations], dtype=np.int64) for side in (a, b)),
            measure=settings.measure,
            permutations=settings.permutations if i == 0 else 0,
            seed=settings.seed,
        )
        for i, (a, b) in enumerate(pairs)
    ]


def _typical(found: Sequence[dict[str, Occurrences]], side: int, word: str) -> list[Location]:
    """The locations of a word in the first (0) or last (1) slice whose vectors differ most from the mean of the other slice."""
    own, other = (found[0][word], found[-1][word]) if side == 0 else (found[-1][word], found[0][word])
    contrast = own.vectors @ (own.vectors.mean(axis=0) - other.vectors.mean(axis=0))
    return [own.locations[i] for i in np.argsort(-contrast, kind="stable")[:_SHOWN]]


def _typical_locations(found: Sequence[dict[str, Occurrences]], index: int) -> set[Location]:
    side = 0 if index == 0 else 1
    return {location for word in found[0] for location in _typical(found, side, word)}


def _texts(text: Rows, locations: set[Location]) -> dict[Location, str]:
    """The words around each location, the word itself in brackets."""
    by_row: dict[int, list[Location]] = {}
    for location in locations:
        by_row.setdefault(location.row, []).append(location)
    return {
        location: _around(row, location.token)
        for number, row in enumerate(text())
        for location in by_row.get(number, ())
    }


def _around(row: Row, at: int) -> str:
    words = [token.text for token in row.tokens]
    return " ".join([*words[max(0, at - 8) : at], f"[{words[at]}]", *words[at + 1 : at + 9]])
