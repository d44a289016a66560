"""Losses and gradients of a window, recorded once on a GPU and then replayed (CUDA graphs).

A window is some thousand short kernels; to launch each of them anew takes longer than to run them. A graph needs the same shapes
and the same memory each time, so the different words of a window are filled up to a round number, one graph each, and what
changes from step to step is copied into place. What is recorded, and its readable twin, is the trainer's own forward, loss and
backward.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from elmo.model.dropout import Dropout, DropoutConfig
from elmo.model.encoders.state import BiLMState
from elmo.train.data.window_tensors import WindowTensors
from elmo.train.objectives.objective import StepWeights

WORDS_STEP = 512  # the different words of a window are filled up to a multiple of it
_NO_NUMBERS = np.random.default_rng(0)  # the GPU draws for itself
WARMUPS = 2  # runs before one is recorded: kernels are compiled, workspaces are made


def filled_up(given: WindowTensors) -> WindowTensors:
    """A window whose words are padded with copies of the first one, which no position reads."""
    W = len(given.char_ids)
    missing = -W % WORDS_STEP

    def longer(x: Tensor) -> Tensor:
        return torch.cat([x, x[:1].expand(missing, *x.shape[1:])])

    scale = None if given.word_scale is None else longer(given.word_scale)
    return given._replace(char_ids=longer(given.char_ids), word_scale=scale)


# Forward, loss and backward of a window: the sums of both directions' losses float (2,), and the state after it.
Run = Callable[[WindowTensors, BiLMState, StepWeights, Dropout], tuple[Tensor, BiLMState]]


@dataclass(frozen=True)
class _Recorded:
    """A graph with its input and output tensors."""

    graph: torch.cuda.CUDAGraph
    given: WindowTensors
    totals: Tensor  # float (2,)
    after: BiLMState
    gradients: list[Tensor | None]  # of the weights, in their order


class GraphedLosses:
    """Losses, gradients and the state of all rows of a window on one GPU, for an objective that is `replayable`.

    Args:
        dropout: its probabilities.
        parameters: all whose gradient `run` sets, beside gathered copies.
        max_gathered: rows of gathered copies at most; 0: what is gathered are the parameters themselves.
    """

    def __init__(
        self,
        dropout: DropoutConfig,
        parameters: Sequence[nn.Parameter],
        max_gathered: int,
        device: torch.device,
    ) -> None:
        self._dropout, self._parameters, self._max_gathered = dropout, parameters, max_gathered
        self._random = torch.Generator(device)
        self._pool = torch.cuda.graph_pool_handle()
        self._recorded: dict[int, _Recorded] = {}
        self._copies: list[Tensor] = []  # where a graph reads gathered rows
        self._state: BiLMState | None = None

    def __call__(
        self, run: Run, given: WindowTensors, state: BiLMState, weights: StepWeights, seed: int
    ) -> tuple[Tensor, BiLMState]:
        """Run one window; sets the gradients of parameters and gathered weights, which are valid until the next call.

        Args:
            run: what is recorded (`loop.forward_backward`), the same at each call.
            given: the window, on the CPU.
            weights: what the objective gathered.
            seed: of the dropout of this step.
        Returns:
            what `run` gives.
        """
        given = filled_up(given)
        own = self._copied(weights) if self._max_gathered else weights
        if self._state is None:
            self._state = state.clone()
        self._state.copy_from(state)
        self._random.manual_seed(seed)
        key = len(given.char_ids)
        if key not in self._recorded:
            self._recorded[key] = self._record(run, given, own)
            self._random.manual_seed(seed)
        recorded = self._recorded[key]
        for target, t in zip(recorded.given.flat(), given.flat(), strict=True):
            target.copy_(t)
        recorded.graph.replay()
        n_parameters = len(self._parameters)
        for p, gradient in zip(self._parameters, recorded.gradients, strict=False):
            p.grad = gradient
        if self._max_gathered:
            for copy, gradient in zip(weights, recorded.gradients[n_parameters:], strict=True):
                assert gradient is not None
                copy.grad = gradient[: len(copy)]
        return recorded.totals, recorded.after.clone()

    @torch.no_grad()
    def _copied(self, weights: StepWeights) -> StepWeights:
        """Gathered rows where a graph reads them."""
        if not self._copies:
            self._copies = [t.new_zeros(self._max_gathered, *t.shape[1:]) for t in weights]
        for target, t in zip(self._copies, weights, strict=True):
            target[: len(t)].copy_(t)
        return tuple(self._copies)

    def _record(self, run: Run, given: WindowTensors, weights: StepWeights) -> _Recorded:
        device = weights[0].device
        here = given.to(device)
        leaves: list[Tensor] = list(self._parameters)
        if self._max_gathered:
            leaves += [t.requires_grad_() for t in weights]

        def run_once() -> tuple[Tensor, BiLMState]:
            for leaf in leaves:
                leaf.grad = None
            assert self._state is not None
            dropout = Dropout(self._dropout, _NO_NUMBERS, gpu_random=self._random)
            return run(here, self._state, weights, dropout)

        aside = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(aside):
            for _ in range(WARMUPS):
                run_once()
        torch.cuda.current_stream(device).wait_stream(aside)
        for leaf in leaves:
            leaf.grad = None
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self._random)
        with torch.cuda.graph(graph, pool=self._pool):
            totals, after = run_once()
        return _Recorded(graph, here, totals, after, [leaf.grad for leaf in leaves])
