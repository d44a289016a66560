"""The base of models that label a text, a pair or a relation: loss, prediction, calibration, scores."""

from collections.abc import Hashable, Iterator, Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from elmo.tasks.batches import Batch
from elmo.tasks.examples import Example
from elmo.tasks.kinds.task_model import Confusion, TaskModel
from elmo.tasks.layers.encoder import Encoder
from elmo.tasks.layers.ngrams import NgramLayer, bag_of_text
from elmo.tasks.predictions import Labelled
from elmo.tasks.scoring.bootstrap import Counts
from elmo.tasks.scoring.label_scores import calibration_error, f1_of_counts, fit_pool
from elmo.tasks.scoring.label_thresholds import DEFAULT, thresholds_of

Thresholds = Literal["each", "one"]


class LabelModel(TaskModel[Labelled]):
    """One label of K, or any number of them.

    Args:
        labels: K, in a fixed order.
        multi_label: a text has any number of them. ngrams: a bag of n-grams is combined with the network.
        thresholds: of several labels, chosen on the dev examples, one for "each" or "one" for all; None: one half.
    """

    main_score = "accuracy"
    temperature: Tensor  # float (), divides the logits
    ngram_share: Tensor  # float (), weight of the log probabilities of the bag of n-grams; saved under this name
    thresholds: Tensor  # float (K,), of several labels: those with a higher probability are predicted

    def __init__(
        self,
        labels: Sequence[str],
        encoder: Encoder,
        *,
        multi_label: bool = False,
        ngrams: bool = False,
        thresholds: Thresholds | None = None,
    ) -> None:
        super().__init__()
        self._choice = thresholds
        self.register_buffer("thresholds", torch.full((len(labels),), DEFAULT), persistent=thresholds is not None)
        self.labels, self.multi_label = list(labels), multi_label
        if self.multi_label:
            self.main_score = "micro_f1"
        self._numbers = {label: k for k, label in enumerate(self.labels)}
        self.encoder = encoder
        self.register_buffer("temperature", torch.ones(()))
        self.ngrams = NgramLayer(len(self.labels)) if ngrams else None
        if self.ngrams is not None:
            self.register_buffer("ngram_share", torch.zeros(()))

    def logits(self, batch: Batch) -> Tensor:
        """Float (B, K)."""
        raise NotImplementedError

    def loss(self, batch: Batch) -> Tensor:
        """The mean cross-entropy of an example in nats (of all labels together, if there may be several), and the penalty."""
        logits = self.logits(batch)
        if self.multi_label:
            loss = functional.binary_cross_entropy_with_logits(
                logits, self._truth(batch.examples), reduction="sum"
            ) / len(logits)
        else:
            loss = functional.cross_entropy(logits, self._truth(batch.examples).argmax(dim=1))
        return loss + self.encoder.penalty()

    def _truth(self, examples: Sequence[Example]) -> Tensor:
        """Float (B, K) of 0 and 1; labels that the task does not know are left out."""
        truth = torch.zeros(len(examples), len(self.labels))
        for row, example in zip(truth, examples, strict=True):
            row[[self._numbers[label] for label in example.labels if label in self._numbers]] = 1
        return truth

    def predict(self, batch: Batch) -> list[Labelled]:
        """The labels of each example."""
        return self.labelled(self.combined(self.logits(batch), self.ngram_logs(batch.examples)))

    @property
    def last_width(self) -> int | None:
        """F, the size of what the output layer reads; None: the model cannot have a scope."""
        return None

    def last_layer(self, batch: Batch) -> Tensor:
        """Float (B, F), what the output layer reads; models that can have a scope define it, `last_width` and `logits_of`."""
        raise NotImplementedError

    def logits_of(self, last: Tensor) -> Tensor:
        """The output layer: float (B, F) -> (B, K)."""
        raise NotImplementedError

    def ngram_logs(self, examples: Sequence[Example]) -> Tensor | None:
        """The log probabilities of the labels by the bag of n-grams, float (B, K); None: there is none."""
        found: Tensor | None = None if self.ngrams is None else self.ngrams(list(map(bag_of_text, examples)))
        return found

    def combined(self, logits: Tensor, ngram_logs: Tensor | None) -> Tensor:
        """The logits of the network and of the bag of n-grams together, calibrated: float (B, K)."""
        logits = logits / self.temperature
        return logits if ngram_logs is None else logits + self.ngram_share * ngram_logs

    def labelled(self, logits: Tensor) -> list[Labelled]:
        """The labels of each row of calibrated logits, float (B, K)."""
        probs = logits.sigmoid() if self.multi_label else logits.softmax(dim=1)  # (B, K)
        found = []
        above = (probs > self.thresholds).tolist()
        for row, chosen in zip(probs.tolist(), above, strict=True):
            scores = dict(zip(self.labels, row, strict=True))
            likely = [label for label, given in zip(self.labels, chosen, strict=True) if given]
            found.append(Labelled(likely if self.multi_label else [max(scores, key=scores.__getitem__)], scores))
        return found

    def predict_empty(self) -> Labelled:
        """The same score for every label."""
        if self.multi_label:
            return Labelled([], dict.fromkeys(self.labels, 0.0))
        return Labelled(self.labels[:1], dict.fromkeys(self.labels, 1 / len(self.labels)))

    def finish(self, train: Sequence[Example], dev: Sequence[Example], batches: Iterator[Batch]) -> None:
        """Fit the bag of n-grams, then temperature and weights, or the thresholds of several labels, on the dev examples."""
        self.learn_ngrams(train, dev)
        logits = [self.logits(batch) for batch in batches]
        self.calibrate(logits, dev)
        if self._choice is not None:
            gold = self._truth(dev).bool().numpy()
            found = thresholds_of(torch.cat(logits).sigmoid().numpy(), gold, each=self._choice == "each")
            self.thresholds.copy_(torch.from_numpy(found))

    def confusions(self, examples: Sequence[Example], predicted: Sequence[Labelled]) -> list[Confusion]:
        """A single label has position 0; several labels have one position each."""
        pairs = zip(examples, predicted, strict=True)
        return [Confusion(self._by_position(e.labels), self._by_position(p.labels)) for e, p in pairs]

    def _by_position(self, labels: Sequence[str]) -> dict[Hashable, str]:
        return {label if self.multi_label else 0: label for label in labels}

    def learn_ngrams(self, train: Sequence[Example], dev: Sequence[Example]) -> None:
        """Fit the bag of n-grams, if there is one, to examples with one label each."""
        if self.ngrams is not None:
            at, truth = self._known(train)
            at_dev, dev_truth = self._known(dev)
            bags, dev_bags = [bag_of_text(train[i]) for i in at], [bag_of_text(dev[i]) for i in at_dev]
            self.ngrams.fit(bags, truth, dev_bags, dev_truth)

    def calibrate(self, logits: Sequence[Tensor], examples: Sequence[Example]) -> None:
        """Fit temperature and weight of the n-grams to logits of batches of examples with one label each (Guo et al. 2017)."""
        at, truth = self._known(examples)
        if self.multi_label or not at:
            return
        inputs = [torch.cat(list(logits))[at]]
        if self.ngrams is not None:
            inputs.append(self.ngrams([bag_of_text(examples[i]) for i in at]))
        sharpness, *weights = fit_pool([part.numpy() for part in inputs], truth.numpy())
        self.temperature.fill_(1 / sharpness)
        if weights:
            self.ngram_share.fill_(weights[0])

    def _known(self, examples: Sequence[Example]) -> tuple[list[int], Tensor]:
        """The indices of examples whose first label is known, and the numbers of these labels, int64 (n,)."""
        at = [i for i, e in enumerate(examples) if e.labels and e.labels[0] in self._numbers]
        return at, torch.tensor([self._numbers[examples[i].labels[0]] for i in at], dtype=torch.int64)

    def counts(self, examples: Sequence[Example], predicted: Sequence[Labelled]) -> Counts:
        """For each example: all labels correct (0 or 1), 1, and per label correctly predicted, predicted, gold."""
        names = sorted({*self.labels, *(label for e in examples for label in e.labels)})  # a test may have others
        numbers = {name: k for k, name in enumerate(names)}
        gold, chosen = (np.zeros((len(examples), len(names)), dtype=bool) for _ in range(2))
        for row, (e, p) in enumerate(zip(examples, predicted, strict=True)):
            gold[row, [numbers[label] for label in e.labels]] = True
            chosen[row, [numbers[label] for label in p.labels]] = True
        right = (gold == chosen).all(axis=1, keepdims=True)
        return np.hstack([right, np.ones_like(right), gold & chosen, chosen, gold]).astype(np.int64)

    def calibration(self, examples: Sequence[Example], predicted: Sequence[Labelled]) -> dict[str, float]:
        """calibration_error of the predicted label; nothing where several labels are possible."""
        if self.multi_label:
            return {}
        probs = np.array([p.scores[p.labels[0]] for p in predicted])
        right = np.array([p.labels == e.labels for e, p in zip(examples, predicted, strict=True)])
        return {"calibration_error": calibration_error(probs, right)}

    def scores(self, sums: Counts) -> dict[str, NDArray[np.float64]]:
        """accuracy (all labels correct), macro_f1, micro_f1 in percent, from sums of counts (..., C)."""
        f1 = f1_of_counts(*np.split(sums[..., 2:], 3, axis=-1))
        right = 100 * sums[..., 0] / np.maximum(1, sums[..., 1])
        return {"accuracy": right, "macro_f1": f1.macro, "micro_f1": f1.micro}
