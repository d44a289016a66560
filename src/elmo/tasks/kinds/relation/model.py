"""A text with two marked mentions -> their relation, or none.

The encoder also reads the distance of each token from either mention (Zeng et al. 2014). Its output is pooled by maxima over five
pieces of the text: the mentions and the tokens before, between and after them (Zeng et al. 2015).
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from elmo.tasks.batches import Batch, TableSizes
from elmo.tasks.examples import Example
from elmo.tasks.kinds.label_model import LabelModel
from elmo.tasks.kinds.relation.settings import RelationConfig
from elmo.tasks.layers.encoder import Encoder
from elmo.tasks.layers.pooling import highest
from elmo.tasks.predictions import Labelled
from elmo.tasks.scoring.bootstrap import Counts
from elmo.tasks.scoring.label_scores import f1_of_counts

_FARTHEST = 30  # tokens; farther ones have the same distance
NO_RELATION = ("other", "none", "no_relation", "no relation", "na", "null", "false", "0")


class RelationModel(LabelModel):
    """The relation of two mentions. Labels may have a direction, as `Cause-Effect(e2,e1)`.

    Scores are those of SemEval-2010 task 8: F1 of each relation, both directions together, right only with the right direction;
    the mean over relations without that which is none. Arguments as of `Tagger`.
    """

    main_score = "macro_f1"

    def __init__(
        self, config: RelationConfig, labels: Sequence[str], tables: TableSizes, elmo: tuple[int, int] | None
    ) -> None:
        super().__init__(labels, Encoder(config, tables, elmo, 2 * config.position_size))
        self.positions = nn.Embedding(2 * _FARTHEST + 1, config.position_size)
        self.output = nn.Linear(5 * self.encoder.width, len(self.labels))
        self._relations = sorted({name for name in map(_relation, labels) if name.lower() not in NO_RELATION})

    def logits(self, batch: Batch) -> Tensor:
        """Float (B, K)."""
        T = batch.mask.shape[1]
        distances, pieces = zip(
            *(_distances_and_pieces(example.mention_spans, T) for example in batch.examples), strict=True
        )
        far = torch.from_numpy(np.stack(distances))  # int64 (B, 2, T)
        near = self.positions(far).transpose(1, 2).flatten(2)  # (B, T, 2 x position_size)
        x = self.encoder(batch, near)  # (B, T, width)
        inside = torch.from_numpy(np.stack(pieces)) & batch.mask.unsqueeze(1)  # (B, 5, T)
        summary = torch.cat([highest(x, inside[:, i]) for i in range(5)], dim=1)
        logits: Tensor = self.output(summary)
        return logits

    def counts(self, examples: Sequence[Example], predicted: Sequence[Labelled]) -> Counts:
        """For each example: whether it is correct, 1, and per relation whether it is correctly predicted, predicted, gold."""
        columns = {name: k for k, name in enumerate(self._relations)}
        unseen = len(columns)  # relations that a test has and the training had not
        found = np.zeros((3, len(examples), unseen + 1), dtype=np.int64)
        right = np.array([[e.labels == p.labels, True] for e, p in zip(examples, predicted, strict=True)])
        for i, (e, p) in enumerate(zip(examples, predicted, strict=True)):
            for row, label in ((1, p.labels[0]), (2, e.labels[0])):
                name = _relation(label)
                if name.lower() not in NO_RELATION:
                    found[row, i, columns.get(name, unseen)] = 1
            found[0, i] = found[1, i] * right[i, 0]
        return np.hstack([right.astype(np.int64), *found])

    def scores(self, sums: Counts) -> dict[str, NDArray[np.float64]]:
        """macro_f1, micro_f1 of relations, accuracy of all labels, in percent."""
        f1 = f1_of_counts(*np.split(sums[..., 2:], 3, axis=-1))
        right = 100 * sums[..., 0] / np.maximum(1, sums[..., 1])
        return {"macro_f1": f1.macro, "micro_f1": f1.micro, "accuracy": right}


def _relation(label: str) -> str:
    """A label without its direction."""
    return label.removesuffix("(e1,e2)").removesuffix("(e2,e1)")


def _distances_and_pieces(spans: Sequence[tuple[int, int]], T: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The distance of each token from either mention, as rows of the table (2, T); the tokens of the five pieces (5, T)."""
    at = np.arange(T)
    distances = [np.where(at < a, at - a, np.where(at >= b, at - b + 1, 0)) for a, b in spans]
    (a1, b1), (a2, b2) = sorted(spans)
    mentions = [(at >= a) & (at < b) for a, b in spans]
    between = [at < a1, (at >= b1) & (at < a2), at >= max(b1, b2)]
    return np.clip(np.stack(distances), -_FARTHEST, _FARTHEST) + _FARTHEST, np.stack([*mentions, *between])
