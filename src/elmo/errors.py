"""The error classes: everything that can be wrong with a user's input, files or settings.

    ElmoError
    ├── ConfigError       a setting, a recipe or a config.json cannot work
    ├── TextError         a corpus, a sentence or a vocabulary cannot be read
    ├── ShapeError        arrays or tensors do not fit together
    ├── CheckpointError   model files are missing, broken or do not fit their config
    ├── OutputError       a result cannot be written where it was asked for
    └── TrainingError     a run cannot start, continue or be resumed
        └── DivergedError     the loss or the gradient of a training is not finite

Each message names the file and line, what was found, what was expected and what to do. The command line turns any of them into
one line and exit status 2; any other exception is a bug of ours and keeps its traceback. However long the names and values in a
file are, a message has at most `LONGEST_MESSAGE` characters.
"""

from collections.abc import Sequence

LONGEST_MESSAGE = 2000  # characters
_LONGEST_REASON = 300
_LEFT_OUT = " ... "


class ElmoError(Exception):
    """Something the caller can fix: bad input, bad files, bad settings.

    Args:
        message: one sentence; of a longer one than `LONGEST_MESSAGE` the middle is left out, since the beginning names the file
            and the end says what to do.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(_shortened(message, LONGEST_MESSAGE))


class ConfigError(ElmoError):
    """A setting, a recipe or a `config.json` cannot work."""


class TextError(ElmoError):
    """A corpus, a sentence or a vocabulary cannot be read."""


class ShapeError(ElmoError, ValueError):
    """Arrays or tensors do not fit together."""


class CheckpointError(ElmoError):
    """Model files are missing, broken or do not fit their config."""


class OutputError(ElmoError):
    """A result cannot be written where it was asked for."""


class TrainingError(ElmoError):
    """A run cannot start, continue or be resumed."""


class DivergedError(TrainingError):
    """The loss or the gradient of a training is not finite."""


def reason_of(error: BaseException) -> str:
    """What a library says is wrong, to be quoted in a message: in one line and at most 300 characters; else its type."""
    return _shortened(" ".join(str(error).split()) or type(error).__name__, _LONGEST_REASON)


def setting_name(location: Sequence[str | int]) -> str:
    """The name of a setting by its keys, as `lstm.cell_size`; of a key, however long, 80 characters."""
    return ".".join(_shortened(str(key), 80) for key in location)


def _shortened(text: str, longest: int) -> str:
    """A text without its middle if it is longer than so many characters."""
    if len(text) <= longest:
        return text
    at_end = (longest - len(_LEFT_OUT)) // 3
    return f"{text[: longest - len(_LEFT_OUT) - at_end]}{_LEFT_OUT}{text[-at_end:]}"
