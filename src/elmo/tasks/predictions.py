"""Predictions of a trained task."""

from typing import Any, NamedTuple, Protocol

from elmo.text.tokens import Token


class Prediction(Protocol):
    """What a task predicts for one example."""

    def facts(self, min_score: float = 0.0) -> dict[str, Any]:
        """The prediction for JSON.

        Args:
            min_score: what has a lower score is left out.
        """

    def shown(self, text: str, other: str | None, min_score: float = 0.0) -> str:
        """A readable line.

        Args:
            text: of the example. other: its second text.
        """


class Entity(NamedTuple):
    """A predicted span."""

    start: int  # characters of the text
    end: int
    label: str
    text: str
    score: float  # the lowest marginal probability of its tokens


class Tagged(NamedTuple):
    """A text with its tags."""

    tokens: list[Token]
    tags: list[str]
    scores: list[float]  # the probability of each tag
    entities: list[Entity] | None  # None: tags are no spans

    def facts(self, min_score: float = 0.0) -> dict[str, Any]:
        """For JSON; entities with a lower score than `min_score` are left out."""
        if self.entities is not None:
            return {"entities": [entity._asdict() for entity in self.entities if entity.score >= min_score]}
        tokens = zip(self.tokens, self.tags, self.scores, strict=True)
        return {
            "tokens": [
                {"start": token.start, "end": token.end, "text": token.text, "tag": tag, "score": score}
                for token, tag, score in tokens
            ]
        }

    def shown(self, text: str, other: str | None, min_score: float = 0.0) -> str:
        """The text with its entities in brackets, or with the tags after the words."""
        if self.entities is None:
            return " ".join(f"{token.text}/{tag}" for token, tag in zip(self.tokens, self.tags, strict=True))
        for entity in reversed(self.entities):
            a, b = entity.start, entity.end
            if entity.score >= min_score:
                text = f"{text[:a]}[{text[a:b]} {entity.label} {entity.score:.2f}]{text[b:]}"
        return text


class Answer(NamedTuple):
    """A span of a passage."""

    start: int  # characters of the passage
    end: int
    text: str  # "": the passage does not answer the question
    score: float  # its probability among all possible answers


class Answered(NamedTuple):
    """A question with its most likely answers, the best first."""

    answers: list[Answer]

    def facts(self, min_score: float = 0.0) -> dict[str, Any]:
        """For JSON; the answer is "" if its score is lower than `min_score`."""
        best = self.answers[0]
        answers = [answer._asdict() for answer in self.answers]
        return {"answer": best.text if best.score >= min_score else "", "answers": answers}

    def shown(self, text: str, other: str | None, min_score: float = 0.0) -> str:
        """The answer before the question."""
        return f"{self.facts(min_score)['answer']}\t{other}"


class Scored(NamedTuple):
    """A pair of texts with a number."""

    score: float

    def facts(self, min_score: float = 0.0) -> dict[str, Any]:
        """For JSON; the number is given whatever `min_score` is."""
        return {"score": self.score}

    def shown(self, text: str, other: str | None, min_score: float = 0.0) -> str:
        """The number before both texts."""
        return f"{self.score:.3f}\t{text}\t{other}"


class Relation(NamedTuple):
    """Two concepts of a document that may be related."""

    head: str
    tail: str
    label: str
    score: float  # its probability


class Related(NamedTuple):
    """A document with every possible relation."""

    candidates: list[Relation]
    threshold: float  # relations with this score or a higher one are predicted; calibrated on the dev file

    @property
    def relations(self) -> list[Relation]:
        """The predicted ones."""
        return [relation for relation in self.candidates if relation.score >= self.threshold]

    def facts(self, min_score: float = 0.0) -> dict[str, Any]:
        """For JSON; relations with a lower score than `min_score` are left out."""
        return {"relations": [relation._asdict() for relation in self.relations if relation.score >= min_score]}

    def shown(self, text: str, other: str | None, min_score: float = 0.0) -> str:
        """The relations before the text."""
        found = [r for r in self.relations if r.score >= min_score]
        relations = "; ".join(f"{r.head} {r.label} {r.tail} {r.score:.2f}" for r in found) or "-"
        return f"{relations}\t{' '.join(text.split())}"


class Neighbour(NamedTuple):
    """A training example that is near a text."""

    text: str
    label: str
    cosine: float  # of the last layers


class SurprisingWord(NamedTuple):
    """A word that the biLM did not expect."""

    start: int  # characters of the text
    end: int
    text: str
    bits: float  # its surprisal, mean of both directions


class InScope(NamedTuple):
    """Whether a text is in the scope of a task (`scope/scope.py`), and why."""

    score: float  # 0 to 1
    inside: bool
    features: dict[str, float]  # by name; a higher value indicates "in scope"
    nearest: tuple[Neighbour, ...] = ()  # the nearest first; none unless they are asked for
    surprising: tuple[SurprisingWord, ...] = ()  # the most surprising first; none unless they are asked for

    def facts(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "in_scope": self.inside,
            "scope_score": self.score,
            "scope_features": self.features,
            "nearest": [one._asdict() for one in self.nearest],
            "surprising": [one._asdict() for one in self.surprising],
        }


class Labelled(NamedTuple):
    """A text with its labels."""

    labels: list[str]  # one, or of a task with any number of labels those above their thresholds
    scores: dict[str, float]  # probability of each label, calibrated on the dev file
    scope: InScope | None = None  # None: the task has no scope

    def facts(self, min_score: float = 0.0) -> dict[str, Any]:
        """For JSON: the labels, none with a lower score than `min_score` or out of scope, and the five highest scores."""
        best = dict(sorted(self.scores.items(), key=lambda pair: -pair[1])[:5])
        sure = self._given(min_score)
        one = {"label": sure[0], "score": self.scores[sure[0]]} if len(sure) == 1 else {}
        scope = {} if self.scope is None else self.scope.facts()
        return {**one, "labels": sure, "scores": best, **scope}

    def _given(self, min_score: float) -> list[str]:
        if self.scope is not None and not self.scope.inside:
            return []
        return [label for label in self.labels if self.scores[label] >= min_score]

    def shown(self, text: str, other: str | None, min_score: float = 0.0) -> str:
        """The labels before the text, or before both."""
        sure = self._given(min_score)
        labels = ", ".join(f"{label} {self.scores[label]:.2f}" for label in sure) or "-"
        return "\t".join([labels, text, *([] if other is None else [other])])
