"""The state of a biLM between two pieces of text: a value that is passed in and out, whatever the encoder.

Every tensor has the rows of the batch in its second dimension: float (layers, B, ...). An encoder names its tensors by the
fields of a NamedTuple of its own (`lstm.LSTMState`); an encoder without a state has one without fields.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

EncoderState = tuple[Tensor, ...]  # what one direction remembers: a NamedTuple of float (layers, B, ...)
Rows = slice | Sequence[int]


class BiLMState(NamedTuple):
    """The state of both directions; the backward half is the state after a row's *first* token.

    Nothing is written to but by `put`, whose name says so.
    """

    forward: EncoderState
    backward: EncoderState

    def tensors(self) -> Iterator[Tensor]:
        """All tensors, those of the forward half first."""
        for half in self:
            yield from half

    def named_tensors(self) -> dict[str, Tensor]:
        """All tensors by name, as in files: `forward.hidden`, `backward.cell`."""
        sides = zip(self._fields, self, strict=True)
        return {f"{side}.{name}": t for side, half in sides for name, t in zip(_fields(half), half, strict=True)}

    def with_tensors(self, named: Mapping[str, Tensor]) -> "BiLMState":
        """A state of these names with other tensors.

        Raises:
            KeyError: a name is not there.
        """
        found = iter([named[name] for name in self.named_tensors()])
        return self.map(lambda _: next(found))

    def map(self, change: Callable[[Tensor], Tensor]) -> "BiLMState":
        """Apply a function to all tensors, those of the forward half first."""
        return BiLMState(*(_rebuilt(half, map(change, half)) for half in self))

    def clone(self) -> "BiLMState":
        """A copy with its own memory."""
        return self.map(torch.clone)

    def detach(self) -> "BiLMState":
        """The state, cut from the gradient."""
        return self.map(torch.detach)

    @property
    def n_rows(self) -> int:
        """B; 0 if there is no state."""
        return max((t.shape[1] for t in self.tensors()), default=0)

    def rows(self, rows: Rows) -> "BiLMState":
        """Some rows, in the given order."""
        some = rows if isinstance(rows, slice) else list(rows)
        return self.map(lambda t: t[:, some])

    def put(self, rows: Rows, new: "BiLMState") -> None:
        """Write the rows of `new`, in order, into the given rows of this state."""
        some = rows if isinstance(rows, slice) else list(rows)
        for own, other in zip(self.tensors(), new.tensors(), strict=True):
            own[:, some] = other

    def copy_from(self, new: "BiLMState") -> None:
        """Write the whole of `new` into the memory of this state."""
        for own, other in zip(self.tensors(), new.tensors(), strict=True):
            own.copy_(other)

    def fresh(self, begins: Tensor) -> "BiLMState":
        """The state with zeros in some rows: begins bool (B,), True where a row begins anew."""
        return self.map(lambda t: t.masked_fill(begins.view(1, -1, *[1] * (t.dim() - 2)), 0.0))

    @staticmethod
    def concat(states: Sequence["BiLMState"]) -> "BiLMState":
        """The rows of several states, one below the other."""
        parts = iter([torch.cat(each, dim=1) for each in zip(*(s.tensors() for s in states), strict=True)])
        return states[0].map(lambda _: next(parts))


def _fields(half: EncoderState) -> tuple[str, ...]:
    fields: tuple[str, ...] = getattr(half, "_fields", ())
    return fields


def _rebuilt(half: EncoderState, tensors: Iterator[Tensor]) -> EncoderState:
    kind: Callable[..., EncoderState] = type(half)
    return kind(*tensors)
