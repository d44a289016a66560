"""The scope of a trained task: features of a text -> its scope score, in or out, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, Field, FiniteFloat, NonNegativeInt, model_validator

from elmo.checkpoints.saved_model import SavedModel
from elmo.embed.language_model.surprisal import TokenNats
from elmo.tasks.examples import Example
from elmo.tasks.predictions import InScope, Neighbour, SurprisingWord
from elmo.tasks.scope.combination import Combination
from elmo.tasks.scope.distances import Gaussians, Neighbours
from elmo.tasks.scope.evidence import Evidence, bits_of_tokens, features_of, surprisal_of, token_nats

SURPRISAL = "surprisal"
NEAREST, WORDS = 3, 5  # training examples and words that a reason has
Feature = Literal["probability", "mahalanobis", "nearest", "ngrams", "surprisal"]
Score = Annotated[float, Field(ge=0, le=1)]


class ScopeRule(BaseModel, frozen=True, extra="forbid"):
    """How features become a score, and which score is in scope."""

    features: list[Feature]
    means: list[FiniteFloat]
    deviations: list[Annotated[FiniteFloat, Field(gt=0)]]
    weights: list[Annotated[FiniteFloat, Field(ge=0)]]
    intercept: FiniteFloat
    keep: Score
    threshold: Score  # a text with this score or a higher one is in scope
    calibration: list[Score]  # scores of the calibration texts, in ascending order
    fitted_on: Literal["examples out of scope", "labels left out"]
    n_inside: NonNegativeInt  # texts that the weights were fitted on
    n_outside: NonNegativeInt

    @model_validator(mode="after")
    def _one_number_a_feature(self) -> Self:
        if not self.features or {len(self.means), len(self.deviations), len(self.weights)} != {len(self.features)}:
            raise ValueError("means, deviations and weights are not one for each feature")
        return self

    @property
    def combination(self) -> Combination:
        """The logistic regression."""
        return Combination(np.array(self.means), np.array(self.deviations), np.array(self.weights), self.intercept)


@dataclass(frozen=True, eq=False)
class Scope:
    """The scope of a task with K labels."""

    rule: ScopeRule
    gaussians: Gaussians
    neighbours: Neighbours
    texts: Sequence[str]  # of the training examples in `neighbours`

    @property
    def reads_surprisal(self) -> bool:
        """Whether the score needs the surprisal of a text."""
        return SURPRISAL in self.rule.features

    def verdicts(
        self,
        found: Evidence,
        examples: Sequence[Example],
        labels: Sequence[str],
        bilm: SavedModel | None,
        why: bool = False,
    ) -> list[InScope]:
        """Whether each text is in scope.

        Args:
            found: in the texts. labels: of the task. bilm: None: there is none.
            why: also find the nearest training examples, and the words with the highest surprisal.
        """
        nats = token_nats(bilm, examples) if bilm is not None and (why or self.reads_surprisal) else None
        features = features_of(found, self.gaussians, self.neighbours)
        if nats is not None:
            features[SURPRISAL] = torch.tensor([surprisal_of(one) for one in nats], dtype=torch.float64)
        scores = self.scores({name: values.numpy() for name, values in features.items()})
        nearest = self._nearest(found, labels) if why else [()] * len(examples)
        return [
            InScope(
                score=float(score),
                inside=bool(score >= self.rule.threshold),
                features={name: float(values[i]) for name, values in features.items()},
                nearest=nearest[i],
                surprising=_surprising(example, nats[i]) if why and nats is not None else (),
            )
            for i, (score, example) in enumerate(zip(scores, examples, strict=True))
        ]

    def scores(self, features: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """The scope scores of N texts, (N,)."""
        return self.rule.combination.probabilities(np.stack([features[name] for name in self.rule.features], axis=1))

    def _nearest(self, found: Evidence, labels: Sequence[str]) -> list[tuple[Neighbour, ...]]:
        cosines, at = self.neighbours.cosines(found.vectors).topk(min(NEAREST, len(self.texts)), dim=1)
        return [
            tuple(
                Neighbour(self.texts[j], labels[int(self.neighbours.labels[j])], cosine)
                for cosine, j in zip(row, numbers, strict=True)
            )
            for row, numbers in zip(cosines.tolist(), at.tolist(), strict=True)
        ]


def _surprising(example: Example, nats: TokenNats) -> tuple[SurprisingWord, ...]:
    """The words of a text with the highest surprisal."""
    bits = bits_of_tokens(nats)
    order = sorted(range(len(bits)), key=lambda i: -bits[i])[:WORDS]
    return tuple(
        SurprisingWord(example.tokens[i].start, example.tokens[i].end, example.tokens[i].text, bits[i]) for i in order
    )
