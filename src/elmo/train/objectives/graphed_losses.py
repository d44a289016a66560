"""Losses and gradients of a window told to a GPU once and then replayed (CUDA graphs).

A window is some thousand short kernels; to name each of them anew takes longer than to run them. A graph needs the same shapes
and the same memory each time, so the different words of a window are filled up to a round number, one graph each, and what
changes from step to step is copied into place. `window_losses.py` is what is recorded, and its readable twin.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from elmo.model.bilm import BiLM
from elmo.model.dropout import Dropout
from elmo.model.encoders.state import BiLMState
from elmo.train.config import PretrainConfig
from elmo.train.data.window_tensors import WindowTensors
from elmo.train.objectives.window_losses import OutputRows, product_precision, window_losses

WORDS_STEP = 512  # the different words of a window are filled up to a multiple of it
_NO_NUMBERS = np.random.default_rng(0)  # the GPU draws for itself
WARMUPS = 2  # runs before one is recorded: kernels are compiled, workspaces are made


def filled_up(given: WindowTensors) -> WindowTensors:
    """A window with its words filled up by its first one, which no place reads."""
    W = len(given.char_ids)
    missing = -W % WORDS_STEP

    def longer(x: Tensor) -> Tensor:
        return torch.cat([x, x[:1].expand(missing, *x.shape[1:])])

    scale = None if given.word_scale is None else longer(given.word_scale)
    return given._replace(char_ids=longer(given.char_ids), word_scale=scale)


@dataclass(frozen=True)
class _Recorded:
    """A graph, where it reads from and what it leaves."""

    graph: torch.cuda.CUDAGraph
    given: WindowTensors
    totals: Tensor  # float (2,)
    after: BiLMState
    gradients: list[Tensor | None]  # of the weights, in their order


class GraphedLosses:
    """Losses, gradients and the state of all rows of a window on one GPU.

    Args:
        shared: what the sum of all losses is multiplied by before the gradient.
        n_rows: of the softmax that a step looks at, at most.
    """

    def __init__(self, bilm: BiLM, config: PretrainConfig, shared: float, n_rows: int, device: torch.device) -> None:
        self._bilm, self._config, self._shared = bilm, config, shared
        self._precision = product_precision(config, device)
        self._random = torch.Generator(device)
        self._pool = torch.cuda.graph_pool_handle()
        self._recorded: dict[int, _Recorded] = {}
        P = config.bilm.lstm.projection_size
        self._rows = OutputRows(torch.zeros(n_rows, P, device=device), torch.zeros(n_rows, device=device))
        self._state: BiLMState | None = None

    def __call__(
        self, given: WindowTensors, state: BiLMState, rows: OutputRows, weights: Sequence[nn.Parameter], seed: int
    ) -> tuple[Tensor, BiLMState, OutputRows | None]:
        """Run one window; the gradients of `weights` are set, and good until the next call.

        Args:
            given: the window, on the CPU.
            rows: of the softmax, copies or the weights themselves.
            weights: all that have a gradient, without copies.
            seed: of the dropout of this step.
        Returns:
            the sums of both directions' losses float (2,), the state after the window, and the gradients of copied rows.
        """
        given = filled_up(given)
        copied = not isinstance(rows.weight, nn.Parameter)
        n = len(rows.weight)
        if copied:
            with torch.no_grad():
                for place, own in zip(self._rows, rows, strict=True):
                    place[:n].copy_(own)
        if self._state is None:
            self._state = state.clone()
        self._state.copy_from(state)
        self._random.manual_seed(seed)
        key = len(given.char_ids)
        if key not in self._recorded:
            self._recorded[key] = self._record(given, self._rows if copied else rows, weights)
            self._random.manual_seed(seed)
        recorded = self._recorded[key]
        for place, own in zip(recorded.given.flat(), given.flat(), strict=True):
            place.copy_(own)
        recorded.graph.replay()
        n_weights = len(weights)
        for p, gradient in zip(weights, recorded.gradients, strict=False):
            p.grad = gradient
        after = recorded.after.clone()
        of_rows = recorded.gradients[n_weights:]
        found = None
        if copied:
            assert of_rows[0] is not None
            assert of_rows[1] is not None
            found = OutputRows(of_rows[0][:n], of_rows[1][:n])
        return recorded.totals, after, found

    def _record(self, given: WindowTensors, rows: OutputRows, weights: Sequence[nn.Parameter]) -> _Recorded:
        device = rows.weight.device
        here = given.to(device)
        leaves: list[Tensor] = list(weights)
        if not isinstance(rows.weight, nn.Parameter):
            rows = OutputRows(*(t.requires_grad_() for t in rows))
            leaves += rows

        def run() -> tuple[Tensor, BiLMState]:
            for leaf in leaves:
                leaf.grad = None
            assert self._state is not None
            dropout = Dropout(self._config.dropout, _NO_NUMBERS, gpu_random=self._random)
            forward, backward, after = window_losses(self._bilm, here, self._state, rows, dropout, self._precision)
            totals = torch.stack([forward.sum(), backward.sum()])
            (totals.sum() * self._shared).backward()  # type: ignore[no-untyped-call]
            return totals.detach(), after

        aside = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(aside):
            for _ in range(WARMUPS):
                run()
        torch.cuda.current_stream(device).wait_stream(aside)
        for leaf in leaves:
            leaf.grad = None
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self._random)
        with torch.cuda.graph(graph, pool=self._pool):
            totals, after = run()
        return _Recorded(graph, here, totals, after, [leaf.grad for leaf in leaves])
