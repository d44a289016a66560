"""Scores by kind of test example, for the sets on which ELMo has little effect: which kinds are better with it, and which not?"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from elmo.tasks.examples import Document, Example
from elmo.tasks.predictions import Labelled, Related

NEGATIONS = {"no", "not", "n't", "nobody", "none", "nothing", "without", "never", "isn't", "aren't"}
TURNS = {"but", "although", "though", "yet", "however", "despite"}
Groups = dict[str, tuple[int, float]]  # kind -> examples, score in percent


def pairs_by_negation(examples: Sequence[Example], predicted: Sequence[Labelled]) -> Groups:
    """Accuracy by label, separately for pairs with and without a negation."""

    def kind_of(example: Example) -> str:
        return f"{example.labels[0].lower()}, {'with' if _words(example) & NEGATIONS else 'without'} a negation"

    return _accuracies(kind_of, examples, predicted)


def texts_by_turn(examples: Sequence[Example], predicted: Sequence[Labelled]) -> Groups:
    """Accuracy of texts with a negation, of texts with a contrast such as `but`, and of the others."""

    def kind_of(example: Example) -> str:
        words = _words(example)
        return (
            "with a negation" if words & NEGATIONS else "with a turn, no negation" if words & TURNS else "with neither"
        )

    return _accuracies(kind_of, examples, predicted)


def _words(example: Example) -> set[str]:
    """The words of all texts of an example, one or two."""
    texts = [text for text in (example, example.other) if text is not None]
    return {token.text.lower() for text in texts for token in text.tokens}


def _accuracies(
    kind_of: Callable[[Example], str], examples: Sequence[Example], predicted: Sequence[Labelled]
) -> Groups:
    right: dict[str, list[bool]] = defaultdict(list)
    for example, found in zip(examples, predicted, strict=True):
        right[kind_of(example)].append(found.labels == example.labels)
    return {name: (len(found), 100 * sum(found) / len(found)) for name, found in sorted(right.items())}


def relations_by_distance(examples: Sequence[Example], predicted: Sequence[Related]) -> Groups:
    """F1 of pairs that some sentence mentions together, and of all other pairs; the count is that of gold pairs."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for example, found in zip(examples, predicted, strict=True):
        assert example.document is not None
        gold = {(link.head, link.tail) for link in example.document.links}
        pairs = {(pair.head, pair.tail) for pair in found.candidates if pair.score >= found.threshold}
        for pair in gold | pairs:
            name = "in one sentence" if _meet(example.document, *pair) else "in no sentence together"
            counts[name].update(gold=pair in gold, predicted=pair in pairs, both=pair in gold and pair in pairs)
    return {
        name: (count["gold"], 200 * count["both"] / (count["gold"] + count["predicted"]))
        for name, count in sorted(counts.items())
    }


def _meet(document: Document, *concepts: str) -> bool:
    """Whether some sentence mentions both concepts."""
    first, second = (
        {document.sentences[mention.start] for mention in document.mentions if concept in mention.concepts}
        for concept in concepts
    )
    return bool(first & second)


GROUPS: dict[str, Callable[..., Groups]] = {
    "sick": pairs_by_negation,
    "sst2": texts_by_turn,
    "bc5cdr": relations_by_distance,
}
