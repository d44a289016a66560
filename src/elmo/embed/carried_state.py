"""The memory of `state="carry"`, row by row: row k goes on where row k of the batch before ended (bilm-tf, AllenNLP).

A state is a value: what is handed in is never written to, but for `put_rows`, whose name says so.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from elmo.model.bilm import BiLMState
from elmo.model.config import LSTMConfig
from elmo.model.encoders.lstm.lstm import LSTMState, zero_state


def map_state(change: Callable[[Tensor], Tensor], state: BiLMState) -> BiLMState:
    """All four tensors changed alike."""
    return BiLMState(LSTMState(*map(change, state.forward)), LSTMState(*map(change, state.backward)))


def rows_of(state: BiLMState, rows: Sequence[int]) -> BiLMState:
    """Some rows of a state, in the given order."""
    return map_state(lambda t: t[:, list(rows)], state)


def put_rows(state: BiLMState, rows: Sequence[int], new: BiLMState) -> None:
    """Write the rows of `new`, in order, into the given rows of `state`."""
    for half, new_half in zip(state, new, strict=True):
        for tensor, new_tensor in zip(half, new_half, strict=True):
            tensor[:, list(rows)] = new_tensor


def go_on(carried: BiLMState | None, n_rows: int, config: LSTMConfig, like: Tensor) -> BiLMState:
    """A copy of what is carried, of `n_rows` rows at least: rows that are new start from zero.

    Args:
        like: a tensor of the dtype and device that the state shall have.
    """
    if carried is not None and carried.forward.hidden.shape[1] >= n_rows:
        return map_state(lambda t: t.to(like, copy=True), carried)  # rows past this batch keep their memory
    zero = zero_state(config, n_rows, like)
    start = map_state(torch.clone, BiLMState(zero, zero))
    if carried is not None:
        put_rows(start, range(carried.forward.hidden.shape[1]), carried)
    return start
