"""Scores of probes: one for each view and seed; the best view of each system, means, deviations, differences."""

from collections.abc import Iterable, Sequence
from statistics import mean, stdev
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from elmo.tasks.scoring.bootstrap import Difference, difference

Text = Literal["clean", "typed"]
MAJORITY = "majority"


class Score(NamedTuple):
    """One view of one system on one set, over the seeds."""

    probe: str
    of: str  # the set
    measure: str
    system: str
    view: str
    text: Text  # typed: with typing errors
    values: list[float]  # in percent, one per seed; a single value where nothing is random
    dev: list[float]  # dev scores that choices were based on, one per seed; empty: nothing was chosen
    right: str = (
        ""  # for each test example the number of seeds that predict it correctly, one digit each; empty: not kept
    )

    @property
    def value(self) -> float:
        """The mean over seeds."""
        return mean(self.values)

    @property
    def deviation(self) -> float:
        """The standard deviation over seeds; 0 for a single seed."""
        return stdev(self.values) if len(self.values) > 1 else 0.0


class ProbeSettings(BaseModel, frozen=True, extra="forbid"):
    """Settings of the probes."""

    seeds: int = 5  # each draws another training split of nine tenths
    typed: float = 0.1  # fraction of words with a typing error in the second test text; 0: no second text
    limit: int = 100_000  # maximum number of training tokens of the tag probes
    occurrences: int = 5  # occurrences averaged for the vector of a word in the similarity lists
    tokenizer: int = 1  # version that cuts raw text, that of the model


def best_views(scores: Iterable[Score]) -> list[Score]:
    """For each system and set the view with the best dev score, or the best test score where there is no dev score.

    Its scores on text with typing errors are included.
    """
    groups: dict[tuple[str, str, str, str], list[Score]] = {}
    for score in scores:
        groups.setdefault((score.probe, score.of, score.measure, score.system), []).append(score)
    found = []
    for group in groups.values():
        clean = [score for score in group if score.text == "clean"]
        best = max(clean, key=lambda score: mean(score.dev) if score.dev else score.value)
        found += [score for score in group if score.view == best.view]
    return found


def mean_over_sets(scores: Sequence[Score], probe: str, measure: str) -> list[Score]:
    """The mean over sets of each view, for each seed."""
    groups: dict[tuple[str, str, Text], list[Score]] = {}
    for score in scores:
        if (score.probe, score.measure) == (probe, measure):
            groups.setdefault((score.system, score.view, score.text), []).append(score)
    return [
        group[0]._replace(
            of=f"mean of {len(group)}",
            values=_means([score.values for score in group]),
            dev=_means([score.dev for score in group]),
            right="",
        )
        for group in groups.values()
    ]


def _means(rows: Sequence[Sequence[float]]) -> list[float]:
    return [mean(column) for column in zip(*rows, strict=True)]


def difference_of(a: Score, b: Score) -> Difference:
    """A minus B in percent on the same test examples, with a 95 % bootstrap interval (1,000 samples).

    Args:
        a, b: with `right`.
    """
    (one, n_one), (two, n_two) = (_counts(score) for score in (a, b))
    return difference(one, two, lambda sums: _percent(sums, n_one), lambda sums: _percent(sums, n_two))


def _counts(score: Score) -> tuple[NDArray[np.int64], int]:
    return np.array([[int(digit), 1] for digit in score.right]), len(score.values)


def _percent(sums: NDArray[np.float64], n_seeds: int) -> NDArray[np.float64]:
    found: NDArray[np.float64] = 100 * sums[..., 0] / (sums[..., 1] * n_seeds)
    return found


def digits(right: Sequence[NDArray[np.bool_]]) -> str:
    """Correct predictions of each seed (S, N) -> for each example the number of seeds that are correct, one digit each."""
    return "".join(map(str, np.sum(right[:9], axis=0).tolist()))


def pearson(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """The correlation of (N,) and (N,) times 100; 0 if one of them is constant."""
    a, b = x - x.mean(), y - y.mean()
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return 100 * float(a @ b) / lengths if lengths > 0 else 0.0


def spearman(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """The correlation of the ranks times 100; equal values get the mean of their ranks."""
    return pearson(_ranks(x), _ranks(y))


def _ranks(x: NDArray[np.float64]) -> NDArray[np.float64]:
    _, which, counts = np.unique(x, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    found: NDArray[np.float64] = (ends - (counts - 1) / 2)[which]
    return found
