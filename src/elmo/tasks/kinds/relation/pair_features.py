"""Features of a pair of concepts in a document, as strings for a bag of n-grams (`ngrams.py`).

Their ids and names, the words between and beside mentions in one sentence and which of the two comes first, the distance between
them, and the features that the network has too, rounded.
"""

from collections.abc import Iterator

from elmo.tasks.examples import Document, Example, Mention
from elmo.tasks.kinds.relation.candidate_pairs import Meetings

_BETWEEN = range(1, 4)  # tokens in a row
_BESIDE = 3  # tokens on either side


def grams_of_pairs(example: Example, met: Meetings) -> list[list[str]]:
    """For each pair of concepts in a document, what the document says about it."""
    assert example.document is not None
    document, words = example.document, [token.text.lower() for token in example.tokens]
    found = []
    for (head, tail), facts in zip(met.pairs, met.facts.tolist(), strict=True):
        grams = [f"ids {head} {tail}", *_names(document, words, "head", head), *_names(document, words, "tail", tail)]
        found.append([*grams, *(f"fact {i} {round(2 * fact)}" for i, fact in enumerate(facts))])
    for pair, (i, j) in zip(met.of_pair.tolist(), met.mentions.tolist(), strict=True):
        found[pair] += _meeting(document, words, document.mentions[i], document.mentions[j])
    return found


def _names(document: Document, words: list[str], side: str, concept: str) -> Iterator[str]:
    """The id of a concept, its names and their words."""
    yield f"{side} id {concept}"
    for mention in document.mentions:
        if concept in mention.concepts:
            name = words[mention.start : mention.end]
            yield f"{side} name {' '.join(name)}"
            yield from (f"{side} word {word}" for word in name)


def _meeting(document: Document, words: list[str], head: Mention, tail: Mention) -> Iterator[str]:
    """The words between two mentions and beside them."""
    first, second = sorted((head, tail))
    order = "head first" if first is head else "tail first"
    together = document.sentences[head.start] == document.sentences[tail.start]
    yield f"{order} apart {max(0, second.start - first.end).bit_length()} {together}"
    if not together:
        return
    between = words[first.end : second.start]
    for n in _BETWEEN:
        yield from (f"{order} between {' '.join(between[i : i + n])}" for i in range(len(between) - n + 1))
    yield from (f"{order} before {word}" for word in words[max(0, first.start - _BESIDE) : first.start])
    yield from (f"{order} after {word}" for word in words[second.end : second.end + _BESIDE])
