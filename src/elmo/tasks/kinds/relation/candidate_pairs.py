"""The candidate pairs of concepts in a document: their nearest mentions, and how often and where each is mentioned."""

from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elmo.tasks.examples import Document

STEPS = 7  # distances between mentions are counted by their logarithm
N_FACTS = 13  # numbers of `_facts_of`
_NEAREST = 4  # pairs of mentions that two concepts are judged by


class Meetings(NamedTuple):
    """The candidate pairs of a document: P pairs of concepts, I pairs of their mentions."""

    pairs: list[tuple[str, str]]
    facts: NDArray[np.float32]  # (P, N_FACTS)
    of_pair: NDArray[np.int64]  # (I,)
    mentions: NDArray[np.int64]  # (I, 2), numbers of the document's mentions
    distance: NDArray[np.int64]  # (I,), rows of the table


def meetings(document: Document, kinds: set[tuple[str, str]]) -> Meetings:
    """The pairs of concepts of a document that may be related, with their nearest mentions.

    Args:
        kinds: of the first concept and the second that may be.
    """
    of = document.kinds
    pairs = [(a, b) for a, b in product(of, of) if a != b and (of[a], of[b]) in kinds]
    at = {c: [i for i, m in enumerate(document.mentions) if c in m.concepts] for c in of}
    of_pair, mentions, distances = [], [], []
    for number, (a, b) in enumerate(pairs):
        nearest = sorted((abs(gap := _gap(document, i, j)), i, j, gap) for i, j in product(at[a], at[b]))[:_NEAREST]
        for _, i, j, gap in nearest:
            of_pair.append(number)
            mentions.append((i, j))
            distances.append(STEPS + int(np.sign(gap)) * min(STEPS, int(np.log2(abs(gap) + 1))))
    return Meetings(
        pairs,
        np.array([_facts_of(document, of, at, a, b) for a, b in pairs], dtype=np.float32).reshape(-1, N_FACTS),
        np.array(of_pair, dtype=np.int64),
        np.array(mentions, dtype=np.int64).reshape(-1, 2),
        np.array(distances, dtype=np.int64),
    )


def _gap(document: Document, i: int, j: int) -> int:
    """Tokens from one mention to the other, below zero if the second comes first; 0: they overlap."""
    a, b = document.mentions[i], document.mentions[j]
    return b.start - a.end + 1 if b.start >= a.end else -(a.start - b.end + 1) if a.start >= b.end else 0


def _facts_of(document: Document, kinds: dict[str, str], at: dict[str, list[int]], a: str, b: str) -> list[float]:
    """How often and where a document mentions two concepts."""
    facts: list[float] = []
    lines = []
    for concept in (a, b):
        rivals = [c for c in kinds if kinds[c] == kinds[concept]]
        lines.append({document.sentences[document.mentions[i].start] for i in at[concept]})
        facts += [
            float(np.log(len(at[concept]))),
            len(at[concept]) / max(len(at[c]) for c in rivals),
            float(np.log(len(rivals))),
            float(0 in lines[-1]),  # in the title
            min(lines[-1]) / (1 + max(document.sentences)),
        ]
    apart = min(abs(i - j) for i, j in product(*lines))
    return [*facts, float(np.log1p(len(lines[0] & lines[1]))), float(apart == 0), float(np.log1p(apart))]
