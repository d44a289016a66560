"""The scope of a task, fitted after its training.

The weights of the features are fitted on one half of the dev examples in scope, and on texts out of scope: those of the files
if there are at least 20, else on the same dev examples, each once as it is and once as if its label had not been learned (its
output, its Gaussian and its training examples are left out). The threshold is fitted on the other half, which decided nothing
else: neither the epoch, nor the temperature, nor the weights.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elmo.checkpoints.saved_model import SavedModel
from elmo.errors import ConfigError
from elmo.tasks.examples import Example
from elmo.tasks.scope.combination import fit_combination
from elmo.tasks.scope.conformal import conformal_threshold, least_calibration, require_crepes
from elmo.tasks.scope.distances import Gaussians, Neighbours
from elmo.tasks.scope.evidence import Evidence, features_of, surprisal_of, token_nats
from elmo.tasks.scope.scope import SURPRISAL, Scope, ScopeRule
from elmo.tasks.scope.settings import ScopeConfig

LEAST_OUTSIDE = 20  # texts out of scope that are enough to fit the weights on
MOST_EXAMPLES = 20_000  # training examples that are kept as neighbours


class Division(NamedTuple):
    """The dev examples, by their numbers."""

    chosen: list[int]  # in scope; decide the best epoch, the temperature, the weights
    calibration: list[int]  # in scope; decide the threshold
    outside: list[int]  # out of scope


def divide(
    config: ScopeConfig, dev: Sequence[Example], labels: Sequence[str], n_outside: int, seed: int, source: str
) -> Division:
    """Divide the dev examples, by the seed.

    Args:
        labels: of the task. n_outside: training examples out of scope. source: of the dev examples, for messages.
    Raises:
        ConfigError: there are too few for the threshold, or to fit the weights; or crepes (extra `scope`) is not installed.
    """
    require_crepes()
    inside = [i for i, example in enumerate(dev) if set(example.labels) <= set(labels)]
    outside = sorted(set(range(len(dev))) - set(inside))
    if len(labels) < 3 and len(outside) + n_outside < LEAST_OUTSIDE:
        raise ConfigError(
            f"{source}: a scope of {len(labels)} labels needs at least {LEAST_OUTSIDE} examples out of scope, there are "
            f"{len(outside) + n_outside}; add some, with a label that --set out_of_scope=LABEL names, or leave scope out"
        )
    n = round(config.calibration * len(inside))
    least = least_calibration(config.keep)
    if n < least or n == len(inside):
        raise ConfigError(
            f"{source}: {len(inside):,} examples in scope, of which scope.calibration={config.calibration:g} sets {n:,} aside; "
            f"scope.keep={config.keep:g} needs at least {least:,} of them, and some more to choose the epoch; give a larger dev "
            "file, or another scope.calibration or scope.keep"
        )
    order = np.random.default_rng((seed, n)).permutation(len(inside))
    aside = {inside[i] for i in order[:n].tolist()}
    return Division([i for i in inside if i not in aside], sorted(aside), outside)


class Found(NamedTuple):
    """Examples and what the task finds in them."""

    examples: Sequence[Example]
    evidence: Evidence

    def truth(self, labels: Sequence[str]) -> Tensor:
        """The numbers of their labels, int64 (N,)."""
        numbers = {label: k for k, label in enumerate(labels)}
        return torch.tensor([numbers[example.labels[0]] for example in self.examples], dtype=torch.int64)


def joined(parts: Sequence[Found]) -> Found:
    """Several together."""
    bags = [part.evidence.ngram_logs for part in parts if part.evidence.ngram_logs is not None]
    vectors = torch.cat([part.evidence.vectors for part in parts])
    logits = torch.cat([part.evidence.logits for part in parts])
    examples = [example for part in parts for example in part.examples]
    return Found(examples, Evidence(vectors, logits, torch.cat(bags) if bags else None))


def fit_scope(
    config: ScopeConfig,
    labels: Sequence[str],
    train: Found,
    chosen: Found,
    calibration: Found,
    outside: Found | None,
    bilm: SavedModel | None,
    seed: int,
) -> Scope:
    """Fit the scope of a task.

    Args:
        labels: of the task. outside: texts out of scope; None: there are none.
        bilm: None: there is none.
    """
    gaussians = Gaussians.of(train.evidence.vectors, train.truth(labels), len(labels))
    kept = np.sort(np.random.default_rng(seed).permutation(len(train.examples))[:MOST_EXAMPLES])
    neighbours = Neighbours.of(train.evidence.vectors[kept], train.truth(labels)[kept])

    def features(found: Found, surprisal: bool, without: Tensor | None = None) -> dict[str, Tensor]:
        named = features_of(found.evidence, gaussians, neighbours, without)
        nats = token_nats(bilm, found.examples) if surprisal and bilm is not None else None
        if nats is not None:
            named[SURPRISAL] = torch.tensor([surprisal_of(one) for one in nats], dtype=torch.float64)
        return named

    real = outside is not None and len(outside.examples) >= LEAST_OUTSIDE
    if outside is not None and real:
        inner, outer = features(chosen, True), features(outside, True)
    else:
        inner, outer = features(chosen, False), features(chosen, False, chosen.truth(labels))
    names = list(inner)
    fitted = fit_combination(_matrix(inner, names), _matrix(outer, names))
    if names[-1] == SURPRISAL and fitted.weights[-1] == 0:  # it costs more than all others, and counts nothing
        names.pop()
        fitted = fit_combination(_matrix(inner, names), _matrix(outer, names))
    scores = fitted.probabilities(_matrix(features(calibration, SURPRISAL in names), names))
    rule = ScopeRule.model_validate(
        {
            "features": names,
            "means": fitted.means.tolist(),
            "deviations": fitted.deviations.tolist(),
            "weights": fitted.weights.tolist(),
            "intercept": fitted.intercept,
            "keep": config.keep,
            "threshold": conformal_threshold(scores, config.keep),
            "calibration": np.sort(scores).tolist(),
            "fitted_on": "examples out of scope" if real else "labels left out",
            "n_inside": len(inner[names[0]]),
            "n_outside": len(outer[names[0]]),
        }
    )
    return Scope(rule, gaussians, neighbours, [_unicode(train.examples[i].text) for i in kept])


def _matrix(features: Mapping[str, Tensor], names: Sequence[str]) -> NDArray[np.float64]:
    """Features by name -> (N, J)."""
    return torch.stack([features[name] for name in names], dim=1).double().numpy()


def _unicode(text: str) -> str:
    """A text that a file in UTF-8 can hold: halves of surrogate pairs become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
