"""A text as a bag of its words and their pieces -> labels: TF-IDF and a multinomial logistic regression.

A network over vectors does not learn every phrase from a few examples; a bag of n-grams does, and makes other errors.
`LabelModel` combines both with weights fitted on the dev file (a logarithmic opinion pool, Heskes 1998), and
`DocumentRelations` does with bags of what a document says of two concepts.
"""

import math
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from elmo.tasks.examples import Example

N_BUCKETS = 2**15  # n-grams that fall into one count as one
LEAST = 2  # training bags that must have an n-gram; a rarer one says nothing
_TOKENS, _CHARACTERS = range(1, 4), range(3, 6)
# Of the penalty, for all examples together: 1 / C; each begins where the one before ended.
_STRENGTHS = (1.0, 0.2, 0.05)
_ITERATIONS, _HISTORY = 40, 5  # of L-BFGS, for each strength


def ngrams_of(tokens: Sequence[str]) -> Iterator[str]:
    """N-grams of one to three tokens, and of three to five characters of each token, ends marked by blanks; in lower case."""
    lower = [token.lower() for token in tokens]
    for n in _TOKENS:
        for i in range(len(lower) - n + 1):
            yield "\t".join(lower[i : i + n])
    for token in lower:
        marked = f" {token} "
        for n in _CHARACTERS:
            for i in range(len(marked) - n + 1):
                yield marked[i : i + n]


def bag_of(grams: Iterable[str]) -> Counter[int]:
    """The count of each bucket."""
    return Counter(zlib.crc32(gram.encode("utf-8", "surrogatepass")) % N_BUCKETS for gram in grams)


def bag_of_text(example: Example) -> Counter[int]:
    """The bag of a text."""
    return bag_of(ngrams_of([token.text for token in example.tokens]))


class _Rows(NamedTuple):
    """A sparse matrix (N, M)."""

    at: Tensor  # int64 (n,), columns
    edges: Tensor  # int64 (N + 1,), where each row begins
    values: Tensor  # float (n,)

    def times(self, table: Tensor) -> Tensor:
        """The product with float (M, K): (N, K)."""
        return functional.embedding_bag(
            self.at, table, self.edges, mode="sum", per_sample_weights=self.values, include_last_offset=True
        )

    def turned(self, n_columns: int) -> "_Rows":
        """The transposed matrix (M, N)."""
        order = torch.argsort(self.at, stable=True)
        rows = torch.repeat_interleave(self.edges.diff())
        edges = functional.pad(torch.bincount(self.at, minlength=n_columns).cumsum(0), (1, 0))
        return _Rows(rows[order], edges, self.values[order])


class NgramLayer(nn.Module):
    """Bags -> log probabilities of the labels: float (B, K). Before `fit` all are equal.

    Args:
        n_labels: K.
    """

    idf: Tensor  # float (buckets,); 0: says nothing
    weight: Tensor  # float (buckets, K)
    bias: Tensor  # float (K,)

    def __init__(self, n_labels: int) -> None:
        super().__init__()
        for name, shape in (("idf", (N_BUCKETS,)), ("weight", (N_BUCKETS, n_labels)), ("bias", (n_labels,))):
            self.register_buffer(name, torch.zeros(shape))

    def forward(self, bags: Sequence[Counter[int]]) -> Tensor:
        """Float (B, K)."""
        return _scores(self._features(bags), self.weight, self.bias).log_softmax(dim=1)

    def _features(self, bags: Sequence[Counter[int]]) -> _Rows:
        """(1 + log count) * idf, of length 1: (B, buckets)."""
        at: list[int] = []
        values: list[float] = []
        edges = [0]
        for hits in bags:
            idf = self.idf[torch.tensor(list(hits), dtype=torch.int64)].tolist()
            own = {bucket: (1 + math.log(n)) * w for (bucket, n), w in zip(hits.items(), idf, strict=True) if w}
            length = math.sqrt(sum(x * x for x in own.values()))
            at += own
            values += [x / length for x in own.values()]
            edges.append(len(at))
        return _Rows(torch.tensor(at, dtype=torch.int64), torch.tensor(edges), torch.tensor(values))

    @torch.no_grad()
    def fit(
        self,
        bags: Sequence[Counter[int]],
        truth: Tensor,
        dev: Sequence[Counter[int]],
        dev_truth: Tensor,
        by_rarity: bool = True,
    ) -> None:
        """Fit to bags; the penalty is the one with the best accuracy on the dev file, of equals the strongest.

        Args:
            truth, dev_truth: int64 (N,), the numbers of the labels.
            by_rarity: weigh an n-gram by its inverse document frequency; else all weigh the same.
        """
        in_bags = torch.bincount(torch.tensor([b for hits in bags for b in hits]), minlength=N_BUCKETS)
        idf = torch.log((1 + len(bags)) / (1 + in_bags)) + 1 if by_rarity else torch.ones(N_BUCKETS)
        self.idf.copy_(idf * (in_bags >= LEAST))
        x, of_dev = self._features(bags), self._features(dev)
        turned, best = x.turned(N_BUCKETS), -1.0
        weight, bias = parameters = [torch.zeros_like(part, requires_grad=True) for part in (self.weight, self.bias)]
        for strength in _STRENGTHS:
            _descend(parameters, x, turned, truth, strength)
            right = _scores(of_dev, weight, bias).argmax(dim=1) == dev_truth
            accuracy = float(right.double().mean()) if dev else 0.0
            if accuracy > best:
                best = accuracy
                self.weight.copy_(weight)
                self.bias.copy_(bias)


def _scores(x: _Rows, weight: Tensor, bias: Tensor) -> Tensor:
    """Float (N, K)."""
    return x.times(weight) + bias


def _descend(parameters: list[Tensor], x: _Rows, turned: _Rows, truth: Tensor, strength: float) -> None:
    """Minimise the mean of the cross-entropies + strength / (2 N) * |weight|^2.

    Args:
        parameters: weight and bias. x: (N, buckets). turned: the same, (buckets, N).
    """
    weight, bias = parameters
    N = len(truth)
    optimizer = torch.optim.LBFGS(
        parameters, max_iter=_ITERATIONS, history_size=_HISTORY, line_search_fn="strong_wolfe"
    )

    @torch.no_grad()
    def loss() -> Tensor:
        logs = _scores(x, weight, bias).log_softmax(dim=1)  # (N, K)
        error = logs.exp()
        error[torch.arange(N), truth] -= 1
        error /= N
        weight.grad = turned.times(error) + strength / N * weight
        bias.grad = error.sum(dim=0)
        return strength / (2 * N) * weight.square().sum() - logs[torch.arange(N), truth].mean()

    optimizer.step(loss)  # type: ignore[no-untyped-call]
