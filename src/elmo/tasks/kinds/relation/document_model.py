"""A document with mentions of concepts -> which concepts it relates.

The encoder reads the document once, with the kind of each mention beside its tokens. A pair of concepts is scored wherever their
mentions are near each other: by maxima over both mentions and the tokens between (Zeng et al. 2015). The highest scores count (as
in multi-instance learning, Riedel et al. 2010), along with features of how often and where the document mentions either concept.
"""

import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from elmo.tasks.batches import Batch, TableSizes
from elmo.tasks.examples import Document, Example
from elmo.tasks.kinds.relation.candidate_pairs import N_FACTS, STEPS, Meetings, meetings
from elmo.tasks.kinds.relation.pair_features import grams_of_pairs
from elmo.tasks.kinds.relation.settings import RelationConfig
from elmo.tasks.kinds.task_model import Confusion, TaskModel
from elmo.tasks.layers.encoder import Encoder
from elmo.tasks.layers.ngrams import NgramLayer, bag_of
from elmo.tasks.layers.pooling import highest
from elmo.tasks.layers.unit_dropout import UnitDropout
from elmo.tasks.predictions import Related, Relation
from elmo.tasks.scoring.bootstrap import Counts
from elmo.tasks.scoring.label_scores import fit_pool
from elmo.tasks.scoring.span_scores import span_scores

_ROWS = 2**13  # of the table of concepts; an id's row is its checksum, so that new ones have a row too
_LABEL = re.compile(r"(.*)\((.*),(.*)\)")


class DocumentRelations(TaskModel[Related]):
    """Relations of concepts. Scores are precision, recall and F1 of the related pairs over all documents (BioCreative V).

    Args:
        labels: K as `CID(Chemical,Disease)`; what has other kinds is never related.
        Others as of `Tagger`.
    """

    main_score = "f1"
    threshold: Tensor  # float (), the lowest probability that is predicted
    factors: Tensor  # float (2,), what the log odds of the network and of the bags of n-grams are multiplied by

    def __init__(
        self, config: RelationConfig, labels: Sequence[str], tables: TableSizes, elmo: tuple[int, int] | None
    ) -> None:
        super().__init__()
        self.labels = list(labels)
        self._names, self._kinds = zip(*map(_parts, labels), strict=True)
        kinds = sorted({kind for pair in self._kinds for kind in pair})
        self._rows = {kind: row for row, kind in enumerate(kinds, 1)}
        size = config.position_size
        self.kind = nn.Embedding(len(kinds) + 1, size)
        self.encoder = Encoder(config, tables, elmo, size)
        W, H = self.encoder.width, config.cell_size
        self.distance = nn.Embedding(2 * STEPS + 1, size)
        self.concept = nn.Embedding(_ROWS, size)
        nn.init.normal_(self.concept.weight, std=0.1)
        self.meeting = nn.Sequential(nn.Linear(3 * W + size, H), nn.ReLU(), UnitDropout(config.dropout))
        self.dropout = UnitDropout(config.dropout)
        self.whole = nn.Sequential(nn.Linear(H + 2 * size + N_FACTS, H), nn.ReLU(), UnitDropout(config.dropout))
        self.output = nn.Linear(H, len(self.labels))
        # F1 is highest where a label is predicted from half of that F1 on (Lipton et al. 2014); 0.3 until the dev file decides
        self.register_buffer("threshold", torch.tensor(0.3))
        self.ngrams = NgramLayer(2) if config.ngrams else None
        if self.ngrams is not None:
            self.register_buffer("factors", torch.tensor([1.0, 0.0]))

    def logits(self, batch: Batch) -> list[tuple[Meetings, Tensor]]:
        """The candidate pairs of each document, and their logits, float (P, K)."""
        kinds = torch.zeros(batch.mask.shape, dtype=torch.int64)  # (B, T)
        for row, example in zip(kinds, batch.examples, strict=True):
            for mention in _document(example).mentions:
                row[mention.start : mention.end] = self._rows.get(mention.kind, 0)
        x = self.encoder(batch, self.kind(kinds))  # (B, T, width)
        return [self._of_document(_document(e), row[: len(e.tokens)]) for e, row in zip(batch.examples, x, strict=True)]

    def _of_document(self, document: Document, x: Tensor) -> tuple[Meetings, Tensor]:
        met = meetings(document, set(self._kinds))
        if not met.pairs:
            return met, x.new_zeros(0, len(self.labels))
        at = torch.arange(len(x))
        spans = torch.tensor([(m.start, m.end) for m in document.mentions])  # (M, 2)
        inside = (at >= spans[:, :1]) & (at < spans[:, 1:])  # (M, T)
        mentions = highest(x.expand(len(spans), -1, -1), inside)  # (M, width)
        ends = spans[torch.from_numpy(met.mentions)]  # (I, 2, 2)
        after, before = ends[:, :, 1].amin(dim=1, keepdim=True), ends[:, :, 0].amax(dim=1, keepdim=True)
        between = highest(x.expand(len(ends), -1, -1), (at >= after) & (at < before))  # (I, width)
        both = mentions[torch.from_numpy(met.mentions)].flatten(1)  # (I, 2 x width)
        vectors = self.meeting(
            torch.cat([both, between, self.distance(torch.from_numpy(met.distance))], dim=1)
        )  # (I, H)
        of_pair = torch.from_numpy(met.of_pair).unsqueeze(1).expand_as(vectors)
        strongest = vectors.new_zeros(len(met.pairs), vectors.shape[1]).scatter_reduce(
            0, of_pair, vectors, "amax"
        )  # (P, H)
        rows = torch.tensor([[zlib.crc32(concept.encode()) % _ROWS for concept in pair] for pair in met.pairs])
        concepts = self.dropout(self.concept(rows)).flatten(1)  # (P, 2 x size)
        whole = self.whole(torch.cat([strongest, concepts, torch.from_numpy(met.facts)], dim=1))
        logits: Tensor = self.output(whole)
        return met, logits

    def loss(self, batch: Batch) -> Tensor:
        """The mean cross-entropy (nats) of the relations that the kinds of each pair allow, and the penalty."""
        every: list[Tensor] = []
        truths: list[bool] = []
        for example, (met, logits) in zip(batch.examples, self.logits(batch), strict=True):
            allowed = self._allowed(_document(example), met)
            every.append(logits[allowed])
            truths += self._truths(example, met, allowed)
        scores, truth = torch.cat(every), torch.tensor(truths, dtype=torch.float32)
        loss = functional.binary_cross_entropy_with_logits(scores, truth, reduction="sum") / max(1, len(scores))
        return loss + self.encoder.penalty()

    def _allowed(self, document: Document, met: Meetings) -> Tensor:
        """Bool (P, K): labels whose kinds are those of the pair."""
        kinds = document.kinds
        rows = [[(kinds[head], kinds[tail]) == of_label for of_label in self._kinds] for head, tail in met.pairs]
        return torch.tensor(rows, dtype=torch.bool).reshape(len(met.pairs), len(self.labels))

    def predict(self, batch: Batch) -> list[Related]:
        """Every possible relation of each document, with its probability."""
        found = []
        for example, (met, logits) in zip(batch.examples, self.logits(batch), strict=True):
            allowed = self._allowed(_document(example), met)
            odds = logits[allowed]
            if self.ngrams is not None:
                odds = self.factors[0] * odds + self.factors[1] * self._odds_of_ngrams(example, met, allowed)
            candidates = [
                Relation(met.pairs[pair][0], met.pairs[pair][1], self._names[name], prob)
                for (pair, name), prob in zip(allowed.nonzero().tolist(), odds.sigmoid().tolist(), strict=True)
            ]
            found.append(Related(sorted(candidates, key=lambda r: -r.score), float(self.threshold)))
        return found

    def _bags(self, example: Example, met: Meetings, allowed: Tensor) -> list[Counter[int]]:
        """The bag of n-grams of each allowed pair and label, in the order of `allowed`."""
        grams = grams_of_pairs(example, met)
        return [
            bag_of(dict.fromkeys(f"{self._names[name]}\t{gram}" for gram in grams[pair]))  # in the order of the text
            for pair, name in allowed.nonzero().tolist()
        ]

    def _truths(self, example: Example, met: Meetings, allowed: Tensor) -> list[bool]:
        """Whether each allowed pair and label is gold."""
        gold = _gold(example)
        return [(*met.pairs[pair], self._names[name]) in gold for pair, name in allowed.nonzero().tolist()]

    def _odds_of_ngrams(self, example: Example, met: Meetings, allowed: Tensor) -> Tensor:
        """Log odds of each allowed pair and label by the bag of n-grams."""
        assert self.ngrams is not None
        logs: Tensor = self.ngrams(self._bags(example, met, allowed))
        return logs[:, 1] - logs[:, 0]

    def predict_empty(self) -> Related:
        """No relation."""
        return Related([], float(self.threshold))

    def finish(self, train: Sequence[Example], dev: Sequence[Example], batches: Iterator[Batch]) -> None:
        """Fit the bags of n-grams, then weights and threshold on the dev documents."""
        self.learn_ngrams(train, dev)
        self.calibrate([self.logits(batch) for batch in batches], dev)

    def confusions(self, examples: Sequence[Example], predicted: Sequence[Related]) -> list[Confusion]:
        """Labels by pairs of concepts."""
        return [
            Confusion(
                {(link.head, link.tail): link.name for link in _document(e).links},
                {(r.head, r.tail): r.label for r in p.relations},
            )
            for e, p in zip(examples, predicted, strict=True)
        ]

    def learn_ngrams(self, train: Sequence[Example], dev: Sequence[Example]) -> None:
        """Fit the bags of n-grams, if there are any."""
        if self.ngrams is None:
            return
        (bags, truth), (dev_bags, dev_truth) = map(self._bags_and_truth, (train, dev))
        if bags:
            self.ngrams.fit(bags, truth, dev_bags, dev_truth, by_rarity=False)

    def _bags_and_truth(self, examples: Sequence[Example]) -> tuple[list[Counter[int]], Tensor]:
        bags: list[Counter[int]] = []
        truth: list[bool] = []
        for example in examples:
            met = meetings(_document(example), set(self._kinds))
            allowed = self._allowed(_document(example), met)
            bags += self._bags(example, met, allowed)
            truth += self._truths(example, met, allowed)
        return bags, torch.tensor(truth, dtype=torch.int64)

    def calibrate(self, logits: Sequence[list[tuple[Meetings, Tensor]]], examples: Sequence[Example]) -> None:
        """Fit the weights of network and n-grams on the dev file; set the threshold with the highest F1.

        Args:
            logits: of batches of the examples, see `logits`.
        """
        every, truths, of_ngrams = [], [], []
        for example, (met, own) in zip(examples, chain.from_iterable(logits), strict=True):
            allowed = self._allowed(_document(example), met)
            every.append(own[allowed])
            truths += self._truths(example, met, allowed)
            if self.ngrams is not None:
                of_ngrams.append(self._odds_of_ngrams(example, met, allowed))
        odds = torch.cat(every)
        if self.ngrams is not None and len(odds):
            inputs = [torch.stack([torch.zeros_like(z), z], dim=1).numpy() for z in (odds, torch.cat(of_ngrams))]
            self.factors.copy_(torch.tensor(fit_pool(inputs, np.array(truths, dtype=np.int64))))
            odds = self.factors[0] * odds + self.factors[1] * torch.cat(of_ngrams)
        scored = list(zip(odds.sigmoid().tolist(), truths, strict=True))
        self.threshold.fill_(best_threshold(scored, sum(len(_gold(e)) for e in examples)))

    def counts(self, examples: Sequence[Example], predicted: Sequence[Related]) -> Counts:
        """For each document the numbers of correct, predicted and gold relations."""
        found = [{(r.head, r.tail, r.label) for r in p.relations} for p in predicted]
        rows = [(len(gold & own), len(own), len(gold)) for gold, own in zip(map(_gold, examples), found, strict=True)]
        return np.array(rows, dtype=np.int64).reshape(-1, 3)

    def scores(self, sums: Counts) -> dict[str, NDArray[np.float64]]:
        """f1, precision, recall in percent."""
        return span_scores(sums)


def best_threshold(scored: Sequence[tuple[float, bool]], n_gold: int) -> float:
    """The threshold with the highest F1.

    Args:
        scored: probability and truth of each candidate. n_gold: of all gold relations, candidate or not.
    """
    order = sorted(scored, key=lambda pair: -pair[0])
    best, threshold, right = 0.0, 0.5, 0
    for n_predicted, (score, is_gold) in enumerate(order, start=1):
        right += is_gold
        below = order[n_predicted][0] if n_predicted < len(order) else 0.0
        f1 = 2 * right / (n_predicted + n_gold)
        if f1 > best and below < score:
            best, threshold = f1, (score + below) / 2
    return threshold


def _parts(label: str) -> tuple[str, tuple[str, str]]:
    """`CID(Chemical,Disease)` -> its name and the kinds."""
    match = _LABEL.fullmatch(label)
    assert match is not None
    return match[1], (match[2], match[3])


def _document(example: Example) -> Document:
    assert example.document is not None
    return example.document


def _gold(example: Example) -> set[tuple[str, str, str]]:
    return {(link.head, link.tail, link.name) for link in _document(example).links}
