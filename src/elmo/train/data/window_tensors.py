"""A window as tensors: all inputs and targets of a step, which do not depend on the weights."""

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elmo.model.dropout import Dropout
from elmo.model.output.fast_softmax import SampledTargets
from elmo.text.windows import Window
from elmo.train.config import PretrainConfig
from elmo.train.data.encoded_corpus import EncodedCorpus
from elmo.train.data.mistyped_inputs import MistypedInputs
from elmo.train.data.taught_words import TaughtWords


class Outputs(NamedTuple):
    """The target words and negatives of a step, and their indices for each position."""

    word_ids: NDArray[np.int64]  # int64 (U,), vocabulary ids, all different
    targets: NDArray[np.int64]  # int64 (2, B, T), indices in `word_ids`: forward, backward
    target_log_counts: Tensor  # float (2, B, T)
    negatives: NDArray[np.int64]  # int64 (2, S), indices in `word_ids`
    negative_log_counts: Tensor  # float (2, S)

    def of_direction(self, number: int, rows: slice) -> SampledTargets:
        """Targets of some rows: 0 forward, 1 backward."""
        return SampledTargets(
            torch.from_numpy(self.targets[number, rows].reshape(-1)),
            torch.from_numpy(self.negatives[number]),
            self.target_log_counts[number, rows].reshape(-1),
            self.negative_log_counts[number],
        )


def target_ids(corpus: EncodedCorpus, window: Window) -> NDArray[np.int64]:
    """Vocabulary ids of the targets of a window: int64 (2, B, T), forward, backward."""
    return corpus.targets[np.stack([window.forward_targets, window.backward_targets])].astype(np.int64)


def all_outputs(targets: NDArray[np.int64], n_words: int) -> Outputs:
    """All words as negatives, which is the full softmax: targets int64 (2, B, T).

    An output layer that selects its words itself needs only the targets: `n_words` 0.
    """
    every = np.arange(n_words)
    return Outputs(every, targets, torch.zeros(targets.shape), np.stack([every, every]), torch.zeros(2, n_words))


class WindowTensors(NamedTuple):
    """Some rows of a window as tensors, everything that does not depend on the weights. B: the rows trained here."""

    char_ids: Tensor  # int64 (W, C), the different words, then those with a typing error
    where: Tensor  # int64 (2, B, T), index of the input word at each position: forward, backward
    word_scale: Tensor | None  # float (W, 1), see `Dropout.scale_of_words`
    begins: Tensor | None  # bool (B,), rows whose state is zero before the window; None: none
    resets: Tensor | None  # bool (B, T), positions before which it is; None: none
    without_errors: Tensor | None  # int64 (2, B, T), as `where`, of the words without errors; None: not needed
    targets: tuple[SampledTargets, SampledTargets]  # forward, backward
    taught: TaughtWords | None = None  # what the teacher of the run says; None: it has none

    def to(self, device: torch.device) -> "WindowTensors":
        """The same on a device."""
        return self.mapped(lambda t: t.to(device))

    def mapped(self, change: Callable[[Tensor], Tensor]) -> "WindowTensors":
        """The same with a function applied to each tensor."""
        forward, backward = (SampledTargets(*map(change, part)) for part in self.targets)
        scale, begins, resets, right = (None if t is None else change(t) for t in self[2:6])
        taught = None if self.taught is None else self.taught.mapped(change)
        return WindowTensors(
            change(self.char_ids), change(self.where), scale, begins, resets, right, (forward, backward), taught
        )

    def spelled_right(self) -> "WindowTensors":
        """The same window without typing errors and without dropped words."""
        assert self.without_errors is not None
        n_words = int(self.without_errors.max()) + 1  # followed by those with an error
        return self._replace(char_ids=self.char_ids[:n_words], where=self.without_errors, word_scale=None)

    def flat(self) -> list[Tensor]:
        """The tensors, one after the other."""
        return [*(t for t in self[:6] if isinstance(t, Tensor)), *(t for part in self.targets for t in part)]


def tensors_of(
    corpus: EncodedCorpus,
    window: Window,
    rows: slice,
    outputs: Outputs,
    dropout: Dropout,
    config: PretrainConfig,
    mistyped: MistypedInputs | None = None,
) -> WindowTensors:
    """Some rows of a window.

    Args:
        rows: which of the window's rows.
        outputs: targets and negatives of all rows.
        dropout: of these rows.
        mistyped: inputs of all rows that have a typing error.
    """
    inputs = np.stack([window.forward_inputs[rows], window.backward_inputs[rows]])  # (2, B, T)
    words, where = np.unique(inputs, return_inverse=True)
    where = where.reshape(inputs.shape)
    spellings, scale = corpus.spellings[words], dropout.scale_of_words(words)
    without_errors = torch.from_numpy(where.copy()) if config.distillation else None
    if mistyped is not None:
        positions, wrong = mistyped.of_rows(rows)
        spellings = np.concatenate([spellings, wrong])
        if scale is not None:
            of_right_words = scale[torch.from_numpy(where[positions])]  # a dropped word is dropped with its error too
            scale = torch.cat([scale, of_right_words])
        where[positions] = len(words) + np.arange(len(wrong))
    return WindowTensors(
        torch.from_numpy(spellings.astype(np.int64)),
        torch.from_numpy(where),
        scale,
        torch.from_numpy(window.begins[rows, 0]) if config.state_reset == "windows" else None,
        _resets(window, rows, config),
        without_errors,
        (outputs.of_direction(0, rows), outputs.of_direction(1, rows)),
    )


def _resets(window: Window, rows: slice, config: PretrainConfig) -> Tensor | None:
    """Positions before which the state is reset: bool (B, T); None: this run has none."""
    if config.state_reset not in ("sentences", "documents"):
        return None
    begins = window.begins if config.state_reset == "sentences" else window.document_begins
    return torch.from_numpy(begins[rows])


def parts_of(rows: slice, n_parts: int) -> Sequence[slice]:
    """Split the rows of a rank into parts of similar size: fewer parts if there are fewer rows."""
    n_rows = rows.stop - rows.start
    n_parts = min(n_parts, n_rows)
    edges = [rows.start + i * n_rows // n_parts for i in range(n_parts + 1)]
    return [slice(a, b) for a, b in itertools.pairwise(edges)]
