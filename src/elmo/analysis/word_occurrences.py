"""Occurrences of chosen words in a text, at most a fixed number per word, as unit vectors."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elmo.analysis.static_export import form_of
from elmo.embed.embedder import Elmo
from elmo.embed.layers import Layers
from elmo.embed.row_stream import embed_rows
from elmo.text.sources.rows import Row

Rows = Callable[[], Iterable[Row]]  # reads a text from its beginning


class Location(NamedTuple):
    """Where a word occurs."""

    row: int  # of the text, from 0
    token: int
    line: int  # of the file, from 1


class Occurrences(NamedTuple):
    """The occurrences of one word in one text, in the order of the text."""

    vectors: NDArray[np.float32]  # (n, D), each of length 1
    locations: list[Location]


def sample_locations(
    rows: Iterable[Row], words: Iterable[str], most: int, lowercase: bool, rng: np.random.Generator
) -> dict[str, list[Location]]:
    """Sample at most `most` locations of each word, all equally likely (reservoir sampling, Vitter 1985), in order."""
    sampled: dict[str, list[Location]] = {word: [] for word in words}
    seen = dict.fromkeys(sampled, 0)
    for number, row in enumerate(rows):
        for at, token in enumerate(row.tokens):
            word = form_of(token.text, lowercase)
            locations = sampled.get(word)
            if locations is None:
                continue
            seen[word] += 1
            if len(locations) < most:
                locations.append(Location(number, at, row.line))
            elif (slot := int(rng.integers(seen[word]))) < most:
                locations[slot] = Location(number, at, row.line)
    return {word: sorted(locations) for word, locations in sampled.items()}


def embed_locations(
    elmo: Elmo,
    text: Rows,
    sampled: dict[str, list[Location]],
    layers: Layers,
    report: Callable[[int, int], None] = lambda done, n: None,
) -> dict[str, Occurrences]:
    """Embed the rows that contain locations; return the vectors of the occurrences.

    Args:
        report: called with the rows embedded so far, and all rows to embed.
    """
    vectors = {word: np.zeros((len(locations), elmo.width), np.float32) for word, locations in sampled.items()}
    wanted: dict[int, list[tuple[str, int, int]]] = {}  # row -> word, index of its location, token
    for word, locations in sampled.items():
        for i, location in enumerate(locations):
            wanted.setdefault(location.row, []).append((word, i, location.token))
    numbers = sorted(wanted)
    rows = _only(text(), wanted)
    for done, (number, (_, found)) in enumerate(zip(numbers, embed_rows(elmo, rows, layers), strict=True), start=1):
        for word, i, token in wanted[number]:
            vectors[word][i] = found[token] / max(float(np.linalg.norm(found[token])), 1e-12)
        report(done, len(numbers))
    return {word: Occurrences(vectors[word], locations) for word, locations in sampled.items()}


def _only(rows: Iterable[Row], wanted: Collection[int]) -> Iterator[Row]:
    return (row for number, row in enumerate(rows) if number in wanted)
