"""A passage and a question -> the answer, a span of the passage, or none (BiDAF with self-attention, Clark & Gardner 2018).

The encoder reads both, beside each token whether the other text has it too (Chen et al. 2017); each token of the passage looks
at the question and the question at the passage (Seo et al. 2017), then the passage at itself. Two further LSTMs give each token
a score as the first and as the last of the answer.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from elmo.tasks.batches import Batch, TableSizes
from elmo.tasks.examples import Example
from elmo.tasks.kinds.qa.settings import QAConfig
from elmo.tasks.kinds.task_model import TaskModel
from elmo.tasks.layers.bilstm import BiLSTM
from elmo.tasks.layers.encoder import Encoder
from elmo.tasks.layers.unit_dropout import UnitDropout
from elmo.tasks.predictions import Answer, Answered
from elmo.tasks.scoring import answer_scores, cmrc_scores
from elmo.tasks.scoring.bootstrap import Counts

N_BEST = 5


class Trilinear(nn.Module):
    """The similarity of x_i and y_j: w_x . x_i + w_y . y_j + (w . x_i) . y_j."""

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.of_x, self.of_y = nn.Linear(n_features, 1), nn.Linear(n_features, 1, bias=False)
        self.both = nn.Parameter(torch.full((n_features,), n_features**-0.5))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """x float (B, T, F), y float (B, Q, F) -> float (B, T, Q)."""
        own: Tensor = self.of_x(x) + self.of_y(y).transpose(1, 2)
        return own + (x * self.both) @ y.transpose(1, 2)


class Layer(nn.Module):
    """A bidirectional LSTM with dropout before it: float (B, T, F) -> (B, T, 2 H)."""

    def __init__(self, n_features: int, config: QAConfig) -> None:
        super().__init__()
        self.dropout = UnitDropout(config.dropout)
        self.lstm = BiLSTM(n_features, config.cell_size)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """The output at padding is 0."""
        y: Tensor = self.lstm(self.dropout(x), mask)
        return y


class ExtractiveQA(TaskModel[Answered]):
    """Questions with answers in their passages; arguments as of `Tagger`, `labels` empty."""

    main_score = "f1"

    def __init__(
        self, config: QAConfig, labels: Sequence[str], tables: TableSizes, elmo: tuple[int, int] | None
    ) -> None:
        super().__init__()
        self.labels = list(labels)
        self._longest, self._scores = config.longest_answer, config.answer_scores
        H = config.cell_size
        self.encoder = Encoder(config, tables, elmo, n_more=1)
        F = self.encoder.width
        self.asks, self.looks = Trilinear(F), Trilinear(2 * H)
        self.merged = nn.Sequential(nn.Linear(4 * F, 2 * H), nn.ReLU())
        self.before, self.behind = Layer(2 * H, config), nn.Sequential(nn.Linear(6 * H, 2 * H), nn.ReLU())
        self.first, self.last = Layer(2 * H, config), Layer(4 * H, config)
        self.start, self.end = nn.Linear(2 * H, 1), nn.Linear(2 * H, 1)
        self.nothing = nn.Linear(4 * H, 1) if config.no_answer else None

    def span_scores(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Scores of each token as first and last of the answer, float (B, T), padding -inf; and of no answer, float (B,)."""
        question = batch.other
        assert question is not None
        mask = batch.mask
        passage = self.encoder(batch, _met(batch, question))
        x = self._read(passage, self.encoder(question, _met(question, batch)), mask, question.mask)  # (B, T, 2 H)
        first = self.first(x, mask)
        last = self.last(torch.cat([x, first], dim=2), mask)
        start, end = (
            head(y).squeeze(2).masked_fill(~mask, -torch.inf) for head, y in ((self.start, first), (self.end, last))
        )
        if self.nothing is None:
            return start, end, torch.full(start.shape[:1], -torch.inf)
        likely = [(scores.softmax(dim=1).unsqueeze(1) @ y).squeeze(1) for scores, y in ((start, first), (end, last))]
        return start, end, self.nothing(torch.cat(likely, dim=1)).squeeze(1)

    def _read(self, passage: Tensor, question: Tensor, mask: Tensor, asked: Tensor) -> Tensor:
        """The passage after attention to the question and to itself: float (B, T, 2 H)."""
        likeness = self.asks(passage, question).masked_fill(~asked.unsqueeze(1), -torch.inf)  # (B, T, Q)
        of_question = likeness.softmax(dim=2) @ question  # (B, T, F)
        where = likeness.amax(dim=2).masked_fill(~mask, -torch.inf).softmax(dim=1)  # (B, T)
        of_passage = where.unsqueeze(1) @ passage  # (B, 1, F)
        both = torch.cat([passage, of_question, passage * of_question, of_passage * of_question], dim=2)
        merged = self.merged(both)
        x = self.before(merged, mask)  # (B, T, 2 H)
        itself = torch.eye(x.shape[1], dtype=torch.bool)
        far = self.looks(x, x).masked_fill(~mask.unsqueeze(1), -torch.inf).masked_fill(itself, -1e4)  # (B, T, T)
        seen = far.softmax(dim=2) @ x
        read: Tensor = merged + self.behind(torch.cat([x, seen, x * seen], dim=2))
        return read

    def loss(self, batch: Batch) -> Tensor:
        """Mean over questions of the nats of all their answers together, and the penalty of the encoder."""
        start, end, nothing = self.span_scores(batch)
        whole = torch.logaddexp(start.logsumexp(dim=1) + end.logsumexp(dim=1), nothing)  # (B,)
        right = []
        for example, s, e, none in zip(batch.examples, start, end, nothing, strict=True):
            spans = torch.tensor(example.answer_spans, dtype=torch.int64).reshape(-1, 2)
            right.append(none if not len(spans) else (s[spans[:, 0]] + e[spans[:, 1] - 1]).logsumexp(dim=0))
        loss: Tensor = (whole - torch.stack(right)).mean() + self.encoder.penalty()
        return loss

    def predict(self, batch: Batch) -> list[Answered]:
        """The most likely answers of each question; scores are probabilities among all answers of the allowed length."""
        start, end, nothing = self.span_scores(batch)
        found = []
        for example, s, e, none in zip(batch.examples, start, end, nothing, strict=True):
            T = len(example.tokens)
            where = torch.arange(T)
            length = where - where.unsqueeze(1) + 1  # (T, T) from row to column
            scores = (s[:T].unsqueeze(1) + e[:T]).masked_fill((length < 1) | (length > self._longest), -torch.inf)
            whole = torch.logaddexp(scores.flatten().logsumexp(dim=0), none)
            best = scores.flatten().topk(min(N_BEST, int(scores.isfinite().sum())))
            answers = [
                _answer(example, at // T, at % T, float((score - whole).exp()))
                for score, at in zip(best.values, best.indices.tolist(), strict=True)
            ]
            if self.nothing is not None:
                answers.append(Answer(0, 0, "", float((none - whole).exp())))
            found.append(Answered(sorted(answers, key=lambda answer: -answer.score)[:N_BEST]))
        return found

    def predict_empty(self) -> Answered:
        """No answer."""
        return Answered([Answer(0, 0, "", 1.0)])

    def counts(self, examples: Sequence[Example], predicted: Sequence[Answered]) -> Counts:
        """For each question: 1, exact match, F1."""
        rows = []
        for e, p in zip(examples, predicted, strict=True):
            chinese = self._scores == "cmrc" or (self._scores is None and cmrc_scores.is_chinese(e.text))
            measure = cmrc_scores if chinese else answer_scores
            predicted_text = p.answers[0].text
            rows.append((1.0, measure.exact_match(predicted_text, e.labels), measure.f1(predicted_text, e.labels)))
        return np.array(rows, dtype=np.float64)

    def scores(self, sums: Counts) -> dict[str, NDArray[np.float64]]:
        """exact_match, f1 in percent."""
        n = np.maximum(1, sums[..., 0])
        return {"f1": 100 * sums[..., 2] / n, "exact_match": 100 * sums[..., 1] / n}


def _met(batch: Batch, other: Batch) -> Tensor:
    """1 for each token that the other text has too, whatever its case: float (B, T, 1)."""
    met = torch.zeros(*batch.mask.shape, 1)
    for row, example, against in zip(met, batch.examples, other.examples, strict=True):
        there = {token.text.lower() for token in against.tokens}
        row[: len(example.tokens), 0] = torch.tensor([float(t.text.lower() in there) for t in example.tokens])
    return met


def _answer(example: Example, first: int, last: int, score: float) -> Answer:
    start, end = example.tokens[first].start, example.tokens[last].end
    return Answer(start, end, example.text[start:end], score)
