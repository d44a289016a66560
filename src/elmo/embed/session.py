"""The state of one caller between calls: the carried LSTM state, and what was seen of the text."""

from elmo.checkpoints.saved_model import SavedModel
from elmo.embed.foreign_text import TextWatch
from elmo.model.encoders.state import BiLMState
from elmo.model.kernels.thread_lock import ThreadLock


class Session:
    """The carried state of one caller; several threads may share it.

    Attributes:
        carrying: held by a call with `state="carry"` from its beginning to its end, so that such calls follow one another.
        carried: the state after the last of them; None: nothing is remembered.
        watch: warns when the text is foreign to the model.
    """

    def __init__(self, model: SavedModel) -> None:
        self.carrying = ThreadLock()
        self.carried: BiLMState | None = None
        self.watch = TextWatch(model)
