"""The error classes: everything that can be wrong with a user's input, files or settings.

    ElmoError
    ├── ConfigError       a setting, a recipe or a config.json cannot work
    ├── TextError         a corpus, a sentence or a vocabulary cannot be read
    ├── ShapeError        arrays or tensors do not fit together
    ├── CheckpointError   model files are missing, broken or do not fit their config
    ├── OutputError       a result cannot be written where it was asked for
    └── TrainingError     a run cannot start, continue or be resumed

Each message names the file and line, what was found, what was expected and what to do. The command line turns any of them into
one line and exit status 2; any other exception is a bug of ours and keeps its traceback.
"""


class ElmoError(Exception):
    """Something the caller can fix: bad input, bad files, bad settings."""


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
