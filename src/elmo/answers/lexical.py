"""The lexical index of a knowledge base: BM25 (Robertson et al. 1994, with Lucene's idf) by bm25s."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elmo.answers.kb_file import BUILD_AGAIN
from elmo.answers.terms import import_answers
from elmo.errors import CheckpointError, reason_of

K1, B = 1.5, 0.75


class LexicalIndex:
    """An index in memory, or memory-mapped from a folder."""

    def __init__(self, bm25: Any, n_entries: int) -> None:
        self._bm25, self.n_entries = bm25, n_entries

    @classmethod
    def of(cls, entries: Iterable[Sequence[str]]) -> "LexicalIndex":
        """Index the terms of entries, the same for the same terms."""
        vocabulary: dict[str, int] = {}
        ids = [[vocabulary.setdefault(term, len(vocabulary)) for term in terms] for terms in entries]
        vocabulary.setdefault("", len(vocabulary))
        bm25 = import_answers("bm25s").BM25(k1=K1, b=B, method="lucene", backend="numpy")
        bm25.index((ids, vocabulary), create_empty_token=False, show_progress=False)
        return cls(bm25, len(ids))

    def save(self, folder: Path) -> None:
        """Write the index into a new folder."""
        self._bm25.save(folder, show_progress=False)

    @classmethod
    def load(cls, folder: Path, n_entries: int) -> "LexicalIndex":
        """An index whose files were checked.

        Raises:
            CheckpointError: this bm25s cannot read it, or it is one of other entries.
        """
        try:
            bm25 = import_answers("bm25s").BM25.load(folder, mmap=True, show_progress=False)
            if bm25.scores["num_docs"] != n_entries:
                raise ValueError(f"{bm25.scores['num_docs']} entries, kb.json says {n_entries}")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"{folder}: cannot be read ({reason_of(error)}); {BUILD_AGAIN}") from error
        return cls(bm25, n_entries)

    def scores(self, terms: Sequence[str]) -> NDArray[np.float32]:
        """BM25 of every entry: float32 (entries,)."""
        known = [term for term in terms if term and term in self._bm25.vocab_dict]
        if not known:
            return np.zeros(self.n_entries, np.float32)
        found: NDArray[np.float32] = self._bm25.get_scores(known)
        return found

    def idf(self, term: str) -> float:
        """ln(1 + (N - n + 0.5) / (n + 0.5)) of a term in n of N entries; a term in none has the highest."""
        number = self._bm25.vocab_dict.get(term) if term else None
        pointers = self._bm25.scores["indptr"]
        n = 0 if number is None else int(pointers[number + 1] - pointers[number])
        return math.log(1 + (self.n_entries - n + 0.5) / (n + 0.5))
