"""A sentence -> a tag per token: the encoder, one layer, a linear-chain CRF (Lample et al. 2016; Peters et al. 2018, section 4).

Spans are learned as BIOES tags, whatever the scheme of the files, because the end of a span constrains the next tag.
"""

from collections.abc import Callable, Hashable, Sequence
from operator import eq

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from elmo.tasks.batches import Batch, TableSizes
from elmo.tasks.data.tags import Scheme, all_tags, allowed_transitions, spans_of_tags, tags_of_spans
from elmo.tasks.examples import Example
from elmo.tasks.kinds.tag.settings import TagConfig
from elmo.tasks.kinds.task_model import Confusion, TaskModel
from elmo.tasks.layers.crf import LinearChainCRF
from elmo.tasks.layers.encoder import Encoder
from elmo.tasks.predictions import Entity, Tagged
from elmo.tasks.scoring.bootstrap import Counts
from elmo.tasks.scoring.span_scores import span_counts, span_scores

_LEARNED: Scheme = "bioes"


class Tagger(TaskModel[Tagged]):
    """Sentences with one tag per token.

    Args:
        labels: of spans, or tags that are no spans.
        scheme: of the tags in the files; None: tags are no spans.
    """

    def __init__(
        self,
        config: TagConfig,
        labels: Sequence[str],
        scheme: Scheme | None,
        tables: TableSizes,
        elmo: tuple[int, int] | None,
    ) -> None:
        super().__init__()
        self.scheme = scheme
        self.main_score = "f1" if scheme else "accuracy"
        self.tags = all_tags(labels, _LEARNED) if scheme else list(labels)  # K
        self._numbers = {tag: k for k, tag in enumerate(self.tags)}
        self.encoder = Encoder(config, tables, elmo)
        self.emissions = nn.Linear(self.encoder.width, len(self.tags))
        self.crf = LinearChainCRF(len(self.tags), allowed_transitions(self.tags, _LEARNED) if scheme else None)

    def loss(self, batch: Batch) -> Tensor:
        """The mean negative log likelihood of a sentence in nats, and the penalty of the encoder."""
        emissions = self.emissions(self.encoder(batch))  # (B, T, K)
        tags = torch.zeros(batch.mask.shape, dtype=torch.int64)  # (B, T)
        for row, example in zip(tags, batch.examples, strict=True):
            row[: len(example.tokens)] = torch.tensor([self._numbers[tag] for tag in self._learned(example)])
        return self.crf.loss_nats(emissions, tags, batch.mask) + self.encoder.penalty()

    def _learned(self, example: Example) -> list[str]:
        """The tags of an example as they are learned."""
        if self.scheme is None:
            return example.labels
        spans = spans_of_tags(example.labels)
        return tags_of_spans(spans, len(example.tokens), _LEARNED)

    def predict(self, batch: Batch) -> list[Tagged]:
        """Tags, their marginal probabilities, and the spans that they make."""
        emissions = self.emissions(self.encoder(batch))
        paths = self.crf.decode(emissions, batch.mask)
        marginals = self.crf.marginals(emissions, batch.mask)  # (B, T, K)
        found = []
        for example, path, probs in zip(batch.examples, paths, marginals, strict=True):
            scores = probs[torch.arange(len(path)), torch.tensor(path)].tolist()
            found.append(self._tagged(example, [self.tags[k] for k in path], scores))
        return found

    def _tagged(self, example: Example, tags: list[str], scores: list[float]) -> Tagged:
        if self.scheme is None:
            return Tagged(example.tokens, tags, scores, None)
        spans = spans_of_tags(tags)
        entities = []
        for a, b, label in spans:
            start, end = example.tokens[a].start, example.tokens[b - 1].end
            entities.append(Entity(start, end, label, example.text[start:end], min(scores[a:b])))
        return Tagged(example.tokens, tags_of_spans(spans, len(tags), "bio"), scores, entities)

    def predict_empty(self) -> Tagged:
        """No tags, for a text without tokens."""
        return Tagged([], [], [], [] if self.scheme else None)

    def confusions(self, examples: Sequence[Example], predicted: Sequence[Tagged]) -> list[Confusion]:
        """Labels by spans, or by tokens if the task has no spans."""
        of: Callable[[Sequence[str]], dict[Hashable, str]] = _by_token if self.scheme is None else _by_span
        return [Confusion(of(e.labels), of(p.tags)) for e, p in zip(examples, predicted, strict=True)]

    def counts(self, examples: Sequence[Example], predicted: Sequence[Tagged]) -> Counts:
        """For each example: correct, predicted and gold spans; or else correct tags, and tokens."""
        if self.scheme is not None:
            return span_counts(
                [spans_of_tags(example.labels) for example in examples],
                [spans_of_tags(prediction.tags) for prediction in predicted],
            )
        right = [sum(map(eq, e.labels, p.tags)) for e, p in zip(examples, predicted, strict=True)]
        return np.array([right, [len(p.tags) for p in predicted]], dtype=np.int64).T

    def scores(self, sums: Counts) -> dict[str, NDArray[np.float64]]:
        """Spans: f1, precision, recall (micro, whole spans); else accuracy; in percent, of sums of counts (..., C)."""
        if self.scheme is None:
            return {"accuracy": 100 * sums[..., 0] / np.maximum(1, sums[..., 1])}
        return span_scores(sums)


def _by_token(tags: Sequence[str]) -> dict[Hashable, str]:
    return dict(enumerate(tags))


def _by_span(tags: Sequence[str]) -> dict[Hashable, str]:
    return {(start, end): label for start, end, label in spans_of_tags(tags)}
