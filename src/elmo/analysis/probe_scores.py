"""What probes found: a score for each view and seed, the best view of each system, means, deviations, differences."""

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
    values: list[float]  # in percent, of each seed; one where nothing is drawn
    dev: list[float]  # on what choices were made on, of each seed; empty: nothing was chosen
    right: str = ""  # of each test example how many seeds are right, a digit each; empty: not kept

    @property
    def value(self) -> float:
        """The mean over seeds."""
        return mean(self.values)

    @property
    def deviation(self) -> float:
        """Of the seeds; 0 for one."""
        return stdev(self.values) if len(self.values) > 1 else 0.0


class ProbeSettings(BaseModel, frozen=True, extra="forbid"):
    """How is probed."""

    seeds: int = 5  # each draws which nine tenths are learned from
    typed: float = 0.1  # share of words with a typing error in the second test text; 0: there is none
    limit: int = 100_000  # tokens that the tags are learned from, at most
    occurrences: int = 5  # of a word of the similarity lists, whose mean is its vector


def best_views(scores: Iterable[Score]) -> list[Score]:
    """Of each system on each set the view that is best on dev; on test where nothing was chosen on.

    What it scores on text with typing errors comes along.
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
    """Of each view the mean of its sets, seed by seed."""
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
    """A less B in percent on the same test examples, with the middle 95 % of a thousand draws of them.

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
    """Whether each seed (S,) is right on each example (N,) -> of each example how many are, a digit each; of nine seeds."""
    return "".join(map(str, np.sum(right[:9], axis=0).tolist()))


def pearson(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """The correlation of (N,) and (N,) times 100; 0 if one of them never changes."""
    a, b = x - x.mean(), y - y.mean()
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return 100 * float(a @ b) / lengths if lengths > 0 else 0.0


def spearman(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """The correlation of the ranks times 100; equal values share the mean of their ranks."""
    return pearson(_ranks(x), _ranks(y))


def _ranks(x: NDArray[np.float64]) -> NDArray[np.float64]:
    _, which, counts = np.unique(x, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    found: NDArray[np.float64] = (ends - (counts - 1) / 2)[which]
    return found
