"""The memory of `state="carry"`, row by row: row k continues from row k of the previous batch (bilm-tf, AllenNLP)."""

from elmo.model.encoders.state import BiLMState


def go_on(carried: BiLMState | None, start: BiLMState) -> BiLMState:
    """A copy of the carried state with at least as many rows as `start`: new rows begin as in `start`.

    Args:
        start: zero, of the dtype and device that the state shall have; it is written over.
    """
    if carried is None:
        return start
    if carried.n_rows >= start.n_rows:
        like = next(start.tensors())
        return carried.map(lambda t: t.to(like, copy=True))  # rows past this batch keep their memory
    start.put(range(carried.n_rows), carried)
    return start
