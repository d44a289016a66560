"""A stream of rows -> the same rows with their vectors, in memory that does not grow with the stream."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from elmo.embed.embedder import Elmo, StateName
from elmo.embed.layers import Layers, Pooling
from elmo.text.sources.rows import Row

ROWS_AT_ONCE = 1024  # read, sorted by length and embedded together, at most
TOKENS_AT_ONCE = 2**15  # or so many: rows may be whole documents


def embed_rows(
    elmo: Elmo, rows: Iterable[Row], layers: Layers = "mean", pooling: Pooling = None, state: StateName = "zero"
) -> Iterator[tuple[Row, NDArray[np.float32]]]:
    """Embed rows in their order; layers, pooling, vectors and errors are those of `Elmo.embed`."""
    for block in _blocks(rows):
        sentences = [[token.text for token in row.tokens] for row in block]
        yield from zip(block, elmo.embed(sentences, layers, pooling, state), strict=True)


def _blocks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows to embed together: many, but few enough tokens that their vectors fit in memory."""
    block: list[Row] = []
    n_tokens = 0
    for row in rows:
        if len(block) == ROWS_AT_ONCE or (block and n_tokens + len(row.tokens) > TOKENS_AT_ONCE):
            yield block
            block, n_tokens = [], 0
        block.append(row)
        n_tokens += len(row.tokens)
    if block:
        yield block
