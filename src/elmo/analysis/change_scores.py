"""How much the use of a word differs between two slices of text, and whether the difference is significant.

From the occurrences of a word, unit vectors a_1 ... a_n in one slice and b_1 ... b_m in the other (Giulianelli et al. 2020;
Kutuzov & Giulianelli 2020):

- `prt`, prototypes: 1 - cos(mean of a, mean of b);
- `apd`, average pairwise distance: the mean of 1 - a_i . b_j over all pairs, which is 1 - (mean of a) . (mean of b);
- `jsd`: all occurrences in clusters, the Jensen-Shannon divergence (bits) between the cluster distributions of the two slices.

`apd` is large for a word with many senses even if nothing changed. This affects its rank, but not its p-value.

The p-value is that of a permutation test. It permutes lines of text, not single occurrences, because occurrences in one line are
similar whatever the slice. Permutations are drawn until 20 of them differ as much as the slices do (Besag & Clifford 1991): few
for a word that did not change, many for a word that did, whose p-value must be small to be significant among hundreds of words.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Measure = Literal["prt", "apd", "jsd"]
MEASURES: tuple[Measure, ...] = ("prt", "apd", "jsd")

Vectors = NDArray[np.float32]  # (N, D), of length 1
Integers = NDArray[np.int64]

_AT_ONCE = 256  # permutations
_ENOUGH = 20  # permutations as large as the observed score; the relative error of p is then about a quarter
_ROUNDS = 20  # iterations of k-means


class Change(NamedTuple):
    """One word in two slices."""

    prt: float
    apd: float
    jsd: float
    p: float  # p-value of the tested measure


def change_of(
    a: Vectors,
    b: Vectors,
    lines_a: Integers,
    lines_b: Integers,
    *,
    measure: Measure = "prt",
    permutations: int = 20_000,
    clusters: int = 5,
    seed: int = 0,
) -> Change:
    """Score a word and test one of the scores.

    Args:
        a, b: float32 (n, D), (m, D): occurrences in either slice, each of length 1.
        lines_a, lines_b: int64 (n,), (m,): the line of each occurrence.
        permutations: maximum number of random permutations; the smallest p is 1 / (1 + permutations).
        clusters: maximum number of clusters of `jsd`.
    """
    rng = np.random.default_rng(seed)
    occurrences = np.concatenate([a, b]).astype(np.float32)
    assigned = cluster(occurrences, min(clusters, len(occurrences)), rng)
    unit, of_first = _units(lines_a, lines_b)
    sums = _SumsOfLines(occurrences, assigned, unit, len(of_first))
    scores = {name: float(sums.score(name, of_first[None])[0]) for name in MEASURES}

    def as_large(n: int) -> NDArray[np.bool_]:
        drawn = rng.permuted(np.tile(of_first, (n, 1)), axis=1)
        return sums.score(measure, drawn) >= scores[measure] - 1e-9

    return Change(scores["prt"], scores["apd"], scores["jsd"], chance(as_large, permutations))


def chance(as_large: Callable[[int], NDArray[np.bool_]], most: int) -> float:
    """The p-value of a sequential test (Besag & Clifford 1991, section 2).

    Args:
        as_large: n -> whether each of n new draws is as large as the observed score, bool (n,).
        most: maximum number of draws.
    Returns:
        20 / n if draw n was the twentieth as large as the observed score; else (1 + draws as large) / (1 + most).
    """
    found = 0
    for start in range(0, most, _AT_ONCE):
        (hits,) = as_large(min(_AT_ONCE, most - start)).nonzero()
        if found + len(hits) >= _ENOUGH:
            return _ENOUGH / (start + int(hits[_ENOUGH - found - 1]) + 1)
        found += len(hits)
    return (1 + found) / (1 + most)


def _units(lines_a: Integers, lines_b: Integers) -> tuple[Integers, NDArray[np.bool_]]:
    """The line of each occurrence (N,), numbered over both slices, and which lines belong to the first slice."""
    _, first = np.unique(lines_a, return_inverse=True)
    _, second = np.unique(lines_b, return_inverse=True)
    n_first = int(first.max()) + 1
    of_first = np.arange(n_first + int(second.max()) + 1) < n_first
    return np.concatenate([first, second + n_first]), of_first


class _SumsOfLines:
    """Sums over the occurrences of each line, from which the scores are computed."""

    def __init__(self, occurrences: Vectors, assigned: Integers, unit: Integers, n_units: int) -> None:
        self.n = np.bincount(unit, minlength=n_units).astype(np.float32)  # (U,)
        self.vectors = np.zeros((n_units, occurrences.shape[1]), np.float32)  # (U, D)
        np.add.at(self.vectors, unit, occurrences)
        self.clusters = np.zeros((n_units, int(assigned.max()) + 1), np.float32)  # (U, K)
        np.add.at(self.clusters, (unit, assigned), 1)

    def score(self, measure: Measure, of_first: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The score of each of R assignments of the lines to slices, bool (R, U): float64 (R,)."""
        sides = [chosen.astype(np.float32) for chosen in (of_first, ~of_first)]
        counts = [(side @ self.n)[:, None].astype(np.float64) for side in sides]  # (R, 1)
        if measure == "jsd":
            p, q = ((side @ self.clusters) / n for side, n in zip(sides, counts, strict=True))
            return jensen_shannon(p, q)
        x, y = ((side @ self.vectors).astype(np.float64) / n for side, n in zip(sides, counts, strict=True))
        product: NDArray[np.float64] = (x * y).sum(axis=1)
        if measure == "apd":
            return 1 - product
        lengths: NDArray[np.float64] = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
        return 1 - product / np.maximum(lengths, 1e-12)


def jensen_shannon(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divergence of distributions (R, K) each, in bits, 0 to 1: float64 (R,)."""
    middle = (p + q) / 2
    found: NDArray[np.float64] = (_entropy(middle) - (_entropy(p) + _entropy(q)) / 2).clip(0)
    return found


def _entropy(p: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = -(p * np.log2(np.where(p > 0, p, 1))).sum(axis=1)
    return found


def cluster(x: Vectors, k: int, rng: np.random.Generator) -> Integers:
    """K-means with the start of k-means++ (Arthur & Vassilvitskii 2007): which cluster each of x (N, D) is in, int64 (N,)."""
    centres = x[[rng.integers(len(x))]]
    while len(centres) < k:
        far = _distances(x, centres).min(axis=1).clip(0)
        if far.sum() < 1e-6:
            break
        centres = np.concatenate([centres, x[[rng.choice(len(x), p=far / far.sum())]]])
    assigned: Integers = _distances(x, centres).argmin(axis=1)
    for _ in range(_ROUNDS):
        centres = np.stack(
            [x[assigned == i].mean(axis=0) if (assigned == i).any() else c for i, c in enumerate(centres)]
        )
        moved = _distances(x, centres).argmin(axis=1)
        if (moved == assigned).all():
            break
        assigned = moved
    return assigned


def _distances(x: Vectors, centres: Vectors) -> NDArray[np.float64]:
    """Squared: (N, K)."""
    own, of_centres = (x * x).sum(axis=1)[:, None], (centres * centres).sum(axis=1)
    found: NDArray[np.float64] = (own + of_centres - 2 * x @ centres.T).astype(np.float64)
    return found


def false_discovery_rates(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """q-values (Benjamini & Hochberg 1995): the expected fraction of false discoveries among words with at most this p-value."""
    order = np.argsort(p, kind="stable")
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty_like(scaled)
    q[order] = np.minimum.accumulate(scaled[::-1])[::-1].clip(max=1)
    return q
