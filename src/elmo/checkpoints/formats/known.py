"""The list of all known formats of model files, used to load a path, convert a model or name a format."""

from elmo.checkpoints.formats.allennlp_hdf5 import ALLENNLP
from elmo.checkpoints.formats.bilm_tf import BILM_TF
from elmo.checkpoints.formats.checkpoint_format import CheckpointFormat, SaveModel
from elmo.checkpoints.formats.many_langs import MANY_LANGS
from elmo.checkpoints.formats.native import NATIVE
from elmo.errors import ConfigError

# In this order a folder is asked whether it holds a model: the files of the later ones lie in folders of the earlier ones too.
FORMATS: tuple[CheckpointFormat, ...] = (MANY_LANGS, BILM_TF, ALLENNLP, NATIVE)


def marker_files() -> tuple[str, ...]:
    """File names: a folder with one of them may hold a model."""
    return tuple(dict.fromkeys(each.marker for each in reversed(FORMATS)))


def file_patterns() -> tuple[str, ...]:
    """Patterns of the names of all files that belong to models."""
    return tuple(dict.fromkeys(pattern for each in reversed(FORMATS) for pattern in each.patterns))


def looked_for() -> str:
    """The files that make a model, format after format, for messages."""
    *first, last = (f"for {each.looked_for}" for each in reversed(FORMATS))
    return f"{', '.join(first)} and {last}"


def writable_format(name: str) -> tuple[CheckpointFormat, SaveModel]:
    """The format of this name, and how it saves a model.

    Raises:
        ConfigError: there is none of that name, or none in which models can be written.
    """
    writable = [each for each in reversed(FORMATS) if each.save is not None]
    for each in writable:
        if each.name == name and each.save is not None:
            return each, each.save
    raise ConfigError(
        f"{name!r:.60}: models cannot be written in this format; choose {', '.join(each.name for each in writable)}"
    )
