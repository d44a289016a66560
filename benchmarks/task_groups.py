"""Scores by kind of test example, for the sets on which ELMo brings little: which kinds does it mend, and which not?"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from elmo.tasks.examples import Document, Example
from elmo.tasks.predictions import Labelled, Related

NEGATIONS = {"no", "not", "n't", "nobody", "none", "nothing", "without", "never", "isn't", "aren't"}
Groups = dict[str, tuple[int, float]]  # kind -> examples, score in percent


def pairs_by_negation(examples: Sequence[Example], predicted: Sequence[Labelled]) -> Groups:
    """Accuracy by label, pairs with a word that negates apart."""
    right: dict[str, list[bool]] = defaultdict(list)
    for example, told in zip(examples, predicted, strict=True):
        assert example.other is not None
        words = {token.text.lower() for text in (example, example.other) for token in text.tokens}
        name = f"{example.labels[0].lower()}, {'with' if words & NEGATIONS else 'without'} a negation"
        right[name].append(told.labels == example.labels)
    return {name: (len(found), 100 * sum(found) / len(found)) for name, found in sorted(right.items())}


def relations_by_distance(examples: Sequence[Example], predicted: Sequence[Related]) -> Groups:
    """F1 of pairs that a sentence mentions together, and of those that none does; what is counted is those to be found."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for example, told in zip(examples, predicted, strict=True):
        assert example.document is not None
        true = {(link.head, link.tail) for link in example.document.links}
        said = {(found.head, found.tail) for found in told.candidates if found.score >= told.threshold}
        for pair in true | said:
            name = "in one sentence" if _meet(example.document, *pair) else "in no sentence together"
            counts[name].update(true=pair in true, said=pair in said, both=pair in true and pair in said)
    return {
        name: (found["true"], 200 * found["both"] / (found["true"] + found["said"]))
        for name, found in sorted(counts.items())
    }


def _meet(document: Document, *concepts: str) -> bool:
    """Whether some sentence mentions both."""
    first, second = (
        {document.sentences[mention.start] for mention in document.mentions if concept in mention.concepts}
        for concept in concepts
    )
    return bool(first & second)


GROUPS: dict[str, Callable[..., Groups]] = {"sick": pairs_by_negation, "bc5cdr": relations_by_distance}
