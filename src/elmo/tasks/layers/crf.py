"""Linear-chain CRF (Lafferty et al. 2001): exact partition, marginals, Viterbi.

The score of a path y of a sentence with T tokens is

    s(y) = start[y_1] + sum_t emissions[t, y_t] + sum_t transitions[y_t, y_(t+1)] + end[y_T]

and its probability exp(s(y)) / Z, Z the sum of exp(s) over all K^T paths. A forbidden step has the score -10,000, so that the
paths through it have probability 0 in float32 and no gradient is undefined.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable

FORBIDDEN = -1e4
_NOTHING = -80.0  # nats below the highest: below the precision of float32; exp of lower numbers is ten times as slow
_NO_PROBABILITY = 2e-35  # a little above exp(_NOTHING)


class Chain(NamedTuple):
    """The scores that are the same for all sentences, in nats."""

    start: Tensor  # float (K,)
    transitions: Tensor  # float (K, K), from row to column
    end: Tensor  # float (K,)


def log_partition(emissions: Tensor, chain: Chain, mask: Tensor) -> Tensor:
    """log Z by the forward recursion; differentiable once.

    Args:
        emissions: float (B, T, K). mask: bool (B, T), True = token; tokens come before the padding, at least one.
    Returns:
        float (B,), nats.
    """
    log_z: Tensor = _LogPartition.apply(emissions, *chain, mask)  # type: ignore[no-untyped-call]
    return log_z


class _LogPartition(Function):
    """alpha_t is the log sum over all beginnings of a path with a tag at t.

    The derivatives of log Z are probabilities: of a tag by its emission, of two tags in a row by their transition. Going back,
    the probability of a tag is divided among those before it in proportion to what they added to its alpha.
    """

    @staticmethod
    def forward(ctx: Any, emissions: Tensor, start: Tensor, transitions: Tensor, end: Tensor, mask: Tensor) -> Tensor:
        alpha = start + emissions[:, 0]  # (B, K)
        probs = []  # (B, K, K) each, of the tags before among all that come to a tag
        for t in range(1, emissions.shape[1]):
            paths = alpha.unsqueeze(2) + transitions
            highest = paths.amax(dim=1, keepdim=True)
            of_highest = torch.threshold_(paths.sub_(highest).clamp_(min=_NOTHING).exp_(), _NO_PROBABILITY, 0.0)
            whole = of_highest.sum(dim=1, keepdim=True)
            probs.append(of_highest.div_(whole))
            longer = whole.log_().add_(highest).squeeze(1).add_(emissions[:, t])
            alpha = torch.where(mask[:, t, None], longer, alpha)
        at_end = alpha + end
        ctx.save_for_backward(mask, at_end.softmax(dim=1), *probs)
        return torch.logsumexp(at_end, dim=1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_log_z: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, None]:
        mask, last, *probs = ctx.saved_tensors
        tag = last * of_log_z.unsqueeze(1)  # (B, K), of the last token
        of_end, of_transitions, of_emissions = tag.sum(dim=0), tag.new_zeros(tag.shape[1], tag.shape[1]), []
        for t in range(len(probs), 0, -1):
            token = mask[:, t, None]
            of_emissions.append(tag * token)
            pairs = probs[t - 1] * of_emissions[-1].unsqueeze(1)
            of_transitions += pairs.sum(dim=0)
            tag = torch.where(token, pairs.sum(dim=2), tag)
        of_emissions.append(tag)
        return torch.stack(of_emissions[::-1], dim=1), tag.sum(dim=0), of_transitions, of_end, None


def path_score(emissions: Tensor, tags: Tensor, chain: Chain, mask: Tensor) -> Tensor:
    """s(y).

    Args:
        tags: int64 (B, T); of padding any.
    Returns:
        float (B,), nats.
    """
    own = emissions.gather(2, tags.unsqueeze(2)).squeeze(2)  # (B, T)
    steps = chain.transitions[tags[:, :-1], tags[:, 1:]]  # (B, T - 1)
    last = tags.gather(1, mask.sum(dim=1, keepdim=True) - 1).squeeze(1)  # (B,)
    inner = (own * mask).sum(dim=1) + (steps * mask[:, 1:]).sum(dim=1)
    return chain.start[tags[:, 0]] + inner + chain.end[last]


def marginals(emissions: Tensor, chain: Chain, mask: Tensor) -> Tensor:
    """The probability of each tag of each token over all paths: the derivative of log Z by the emissions.

    Returns:
        float (B, T, K), without a gradient; padding 0.
    """
    with torch.enable_grad():
        x = emissions.detach().requires_grad_()
        fixed = Chain(*(part.detach() for part in chain))
        (probs,) = torch.autograd.grad(log_partition(x, fixed, mask).sum(), x)
    return probs


def viterbi(emissions: Tensor, chain: Chain, mask: Tensor) -> list[list[int]]:
    """The most probable path of each sentence; of equal ones the path with the lower tags at its end."""
    B, T, K = emissions.shape
    best = chain.start + emissions[:, 0]  # (B, K), of the paths that end in a tag
    stays = torch.arange(K).expand(B, K)
    came_from = []
    for t in range(1, T):
        highest, before = (best.unsqueeze(2) + chain.transitions).max(dim=1)  # (B, K) each
        token = mask[:, t, None]
        best = torch.where(token, highest + emissions[:, t], best)
        came_from.append(torch.where(token, before, stays))
    tag = (best + chain.end).argmax(dim=1, keepdim=True)  # (B, 1)
    path = [tag]
    for before in reversed(came_from):
        tag = before.gather(1, tag)
        path.append(tag)
    paths = torch.cat(path[::-1], dim=1)  # (B, T)
    return [row[:n] for row, n in zip(paths.tolist(), mask.sum(dim=1).tolist(), strict=True)]


class LinearChainCRF(nn.Module):
    """A chain with learned scores, all 0 at the start.

    Args:
        n_labels: K.
        allowed: bool (K,), (K, K), (K,) of what may begin, follow and end (`tags.allowed_transitions`); None: all.
    """

    def __init__(self, n_labels: int, allowed: tuple[Tensor, Tensor, Tensor] | None = None) -> None:
        super().__init__()
        shapes = [(n_labels,), (n_labels, n_labels), (n_labels,)]
        self.start, self.transitions, self.end = (nn.Parameter(torch.zeros(shape)) for shape in shapes)
        allowed = allowed or tuple(torch.ones(shape, dtype=torch.bool) for shape in shapes)  # type: ignore[assignment]
        for name, may in zip(("start", "transitions", "end"), allowed or (), strict=True):
            self.register_buffer(f"_no_{name}", ~may, persistent=False)

    @property
    def chain(self) -> Chain:
        """The scores, forbidden steps included."""
        start = self.start.masked_fill(self._no_start, FORBIDDEN)  # type: ignore[arg-type]
        transitions = self.transitions.masked_fill(self._no_transitions, FORBIDDEN)  # type: ignore[arg-type]
        return Chain(start, transitions, self.end.masked_fill(self._no_end, FORBIDDEN))  # type: ignore[arg-type]

    def loss_nats(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        """Mean over sentences of -log p(tags); arguments as of `path_score`."""
        chain = self.chain
        return (log_partition(emissions, chain, mask) - path_score(emissions, tags, chain, mask)).mean()

    def decode(self, emissions: Tensor, mask: Tensor) -> list[list[int]]:
        """See `viterbi`."""
        return viterbi(emissions, self.chain, mask)

    def marginals(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """See `marginals`."""
        return marginals(emissions, self.chain, mask)
