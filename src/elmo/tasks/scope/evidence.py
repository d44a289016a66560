"""Evidence that a text is in scope: five features, of each a higher value indicates "in scope".

probability  log odds of the likeliest label, calibrated
mahalanobis  - the Mahalanobis distance of the text's last layer from the nearest label
nearest      the cosine of its last layer with the nearest training example
ngrams       log odds of the likeliest label by the bag of n-grams, if the task has one
surprisal    - the surprisal of its tokens by the biLM, mean of both directions in nats, if the biLM has its softmax
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from elmo.checkpoints.saved_model import SavedModel
from elmo.embed.language_model.surprisal import TokenNats, nats_of_each
from elmo.tasks.batches import Words, ordered_batches
from elmo.tasks.config import TaskConfig
from elmo.tasks.examples import Example
from elmo.tasks.fit import Data
from elmo.tasks.kinds.label_model import LabelModel
from elmo.tasks.scope.distances import Gaussians, Neighbours
from elmo.tasks.tuned_bilm import TunedBiLM

_AT_ONCE = 256  # texts that are compared with all training examples together


class Evidence(NamedTuple):
    """What a task finds in N texts."""

    vectors: Tensor  # float (N, F), the last layer: what the output layer reads
    logits: Tensor  # float (N, K), calibrated, the bag of n-grams included
    ngram_logs: Tensor | None  # float (N, K), log probabilities by the bag of n-grams alone; None: there is none


@torch.no_grad()
def evidence_of(
    model: LabelModel, data: Data, words: Words, config: TaskConfig, tuned: TunedBiLM | None = None
) -> Evidence:
    """What a task finds in examples, in their order.

    Args:
        tuned: what gives the layers; None: the data have them.
    """
    model.eval()
    order: list[int] = []
    parts: list[Evidence] = []
    for numbers in ordered_batches(data.lengths, config.batch_size):
        batch = data.batch(numbers, words, config)
        batch = batch if tuned is None else tuned.look_at(batch)
        last = model.last_layer(batch)
        ngram_logs = model.ngram_logs(batch.examples)
        parts.append(Evidence(last, model.combined(model.logits_of(last), ngram_logs), ngram_logs))
        order += numbers
    back = torch.argsort(torch.tensor(order))
    bags = [part.ngram_logs for part in parts if part.ngram_logs is not None]
    return Evidence(
        torch.cat([part.vectors for part in parts])[back],
        torch.cat([part.logits for part in parts])[back],
        torch.cat(bags)[back] if bags else None,
    )


def features_of(
    found: Evidence, gaussians: Gaussians, neighbours: Neighbours, without: Tensor | None = None
) -> dict[str, Tensor]:
    """The features of N texts by name, float64 (N,) each; surprisal is not among them.

    Args:
        without: int64 (N,), for each text a label that is left out, with its training examples; None: none is.
    """
    hidden = torch.zeros_like(found.logits, dtype=torch.bool)  # (N, K)
    if without is not None:
        hidden[torch.arange(len(hidden)), without] = True
    features = {
        "probability": log_odds(found.logits.masked_fill(hidden, -torch.inf)),
        "mahalanobis": -gaussians.distances(found.vectors).masked_fill(hidden, torch.inf).amin(dim=1),
        "nearest": torch.cat(
            [
                neighbours.cosines(x).masked_fill(h[:, neighbours.labels], -torch.inf).amax(dim=1)
                for x, h in zip(torch.split(found.vectors, _AT_ONCE), torch.split(hidden, _AT_ONCE), strict=True)
            ]
        ),
    }
    if found.ngram_logs is not None:
        features["ngrams"] = log_odds(found.ngram_logs.masked_fill(hidden, -torch.inf))
    return {name: values.double() for name, values in features.items()}


def log_odds(logits: Tensor) -> Tensor:
    """log(p / (1 - p)) of the likeliest label: float (N, K) -> (N,); K >= 2, or infinite."""
    best, at = logits.double().max(dim=1)
    others = logits.double().scatter(1, at[:, None], -torch.inf)
    return best - others.logsumexp(dim=1)


def token_nats(model: SavedModel, examples: Sequence[Example]) -> list[TokenNats] | None:
    """The surprisal of each token of texts; None: the biLM has no softmax."""
    if model.softmax is None or model.vocabulary is None:
        return None
    return list(nats_of_each(model, ([token.text for token in example.tokens] for example in examples)))


def surprisal_of(nats: TokenNats) -> float:
    """The feature of a text: its marks count as tokens."""
    return -float(nats.forward.sum() + nats.backward.sum()) / (2 * len(nats.forward))


def bits_of_tokens(nats: TokenNats) -> list[float]:
    """The surprisal of each token, mean of both directions."""
    both = nats.forward[:-1] + nats.backward[:-1][::-1]
    bits: list[float] = (both / (2 * math.log(2))).tolist()
    return bits
