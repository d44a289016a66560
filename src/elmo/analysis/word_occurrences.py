"""The occurrences of chosen words in a text, a bounded number of each, as unit vectors."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elmo.analysis.static_export import form_of
from elmo.embed.embedder import Elmo
from elmo.embed.layers import Layers
from elmo.embed.row_stream import embed_rows
from elmo.text.sources.rows import Row

Rows = Callable[[], Iterable[Row]]  # a text, from its beginning


class Place(NamedTuple):
    """Where a word stands."""

    row: int  # of the text, from 0
    token: int
    line: int  # of the file, from 1


class Occurrences(NamedTuple):
    """Of one word in one text, in the order of the text."""

    vectors: NDArray[np.float32]  # (n, D), each of length 1
    places: list[Place]


def draw_places(
    rows: Iterable[Row], words: Iterable[str], most: int, lowercase: bool, rng: np.random.Generator
) -> dict[str, list[Place]]:
    """At most so many places of each word, all of them equally likely (reservoir sampling, Vitter 1985), in order."""
    drawn: dict[str, list[Place]] = {word: [] for word in words}
    seen = dict.fromkeys(drawn, 0)
    for number, row in enumerate(rows):
        for at, token in enumerate(row.tokens):
            word = form_of(token.text, lowercase)
            places = drawn.get(word)
            if places is None:
                continue
            seen[word] += 1
            if len(places) < most:
                places.append(Place(number, at, row.line))
            elif (slot := int(rng.integers(seen[word]))) < most:
                places[slot] = Place(number, at, row.line)
    return {word: sorted(places) for word, places in drawn.items()}


def embed_places(
    elmo: Elmo,
    text: Rows,
    drawn: dict[str, list[Place]],
    layers: Layers,
    report: Callable[[int, int], None] = lambda done, n: None,
) -> dict[str, Occurrences]:
    """The vectors of places; rows without one are not embedded.

    Args:
        report: told rows embedded, and all that are to be.
    """
    vectors = {word: np.zeros((len(places), elmo.width), np.float32) for word, places in drawn.items()}
    wanted: dict[int, list[tuple[str, int, int]]] = {}  # row -> word, which of its places, token
    for word, places in drawn.items():
        for i, place in enumerate(places):
            wanted.setdefault(place.row, []).append((word, i, place.token))
    numbers = sorted(wanted)
    rows = _only(text(), wanted)
    for done, (number, (_, found)) in enumerate(zip(numbers, embed_rows(elmo, rows, layers), strict=True), start=1):
        for word, i, token in wanted[number]:
            vectors[word][i] = found[token] / max(float(np.linalg.norm(found[token])), 1e-12)
        report(done, len(numbers))
    return {word: Occurrences(vectors[word], places) for word, places in drawn.items()}


def _only(rows: Iterable[Row], wanted: Collection[int]) -> Iterator[Row]:
    return (row for number, row in enumerate(rows) if number in wanted)
