"""A path or name -> the model, whatever its format. All models are loaded here."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from fnmatch import fnmatch
from pathlib import Path

from elmo.checkpoints.archive import ARCHIVE_SUFFIXES, UNPACKED_PREFIX, is_archive, unpacked
from elmo.checkpoints.formats import known
from elmo.checkpoints.formats.checkpoint_format import ModelLocation
from elmo.checkpoints.formats.native import CARD_FILE, CONFIG_FILE, NATIVE, read_model_config
from elmo.checkpoints.hub import fetch_from_hub, is_hub_id
from elmo.checkpoints.model_files import check_files
from elmo.checkpoints.saved_model import SavedModel
from elmo.errors import CheckpointError
from elmo.text.tokenizer import VERSION_1, Tokenizer

BUNDLED = Path(__file__).parent.parent / "bundled"
DEFAULT_MODEL = "en"
DEPTH = 3  # folders within an archive that are looked into


def bundled_models() -> list[str]:
    """Names of the models in this package."""
    return sorted(folder.name for folder in BUNDLED.iterdir() if (folder / CONFIG_FILE).is_file())


def is_bundled(source: str | Path) -> bool:
    """Whether a source is the name of a model in this package."""
    return isinstance(source, str) and source in bundled_models()


@contextmanager
def located(source: str | Path, weights: str | Path | None = None) -> Iterator[ModelLocation]:
    """Find a model; an archive stays unpacked until the block ends.

    Args:
        source: the name of a bundled model, which wins over a folder of that name (write ./en for the folder); a folder; an
            archive of one; a file of options or of weights, with its other half beside it; or `owner/name` of the hub.
        weights: the file of weights that belongs to `source`, which is then a file of options.
    Raises:
        CheckpointError: there is nothing, or nothing that is a model.
    """
    with ExitStack() as stack:
        try:
            yield _find(source, None if weights is None else Path(weights), stack)
        except CheckpointError as error:  # of a folder that nobody has seen: an archive's
            shown = str(error)
            for folder in _unpacked_in(shown):
                shown = shown.replace(folder, str(source))
            raise CheckpointError(shown) from error


def load_model(
    source: str | Path = DEFAULT_MODEL, weights: str | Path | None = None, vocabulary: str | Path | None = None
) -> SavedModel:
    """Load a model of any known format.

    Args:
        source, weights: see `located`.
        vocabulary: the vocabulary file of a model that came without it: with it a TensorFlow checkpoint gives its softmax.
    Raises:
        CheckpointError: there is no such model, or its files are broken.
    """
    with located(source, weights) as location:
        return load_from(location, None if vocabulary is None else Path(vocabulary))


def tokenizer_of(source: str | Path) -> Tokenizer:
    """What cuts raw text for a model, read without its weights; only our own format tells, others have the first version.

    Raises:
        CheckpointError: there is no such model, or its config is broken.
    """
    with located(source) as location:
        if location.format is not NATIVE:
            return VERSION_1
        return read_model_config(location.folder).raw_text_tokenizer


def load_from(location: ModelLocation, vocabulary: Path | None = None) -> SavedModel:
    """Load the model that was found.

    Raises:
        CheckpointError: its files are broken, or it has a vocabulary of its own.
    """
    if vocabulary is not None and not location.format.takes_vocabulary:
        raise CheckpointError(
            f"{vocabulary}: a model in the format {location.format.name} has its own vocabulary; leave the vocabulary file out"
        )
    check_files(location.folder, _files_of(location))
    try:
        return location.format.load(location, vocabulary)
    except (MemoryError, RuntimeError, OSError) as error:
        if not _is_out_of_memory(error):
            raise
        raise CheckpointError(
            f"{location.folder}: not enough memory to load this model, whose files have {_size_mb(location):,} MB; "
            "close other programs, or use a machine with more memory"
        ) from error


def _files_of(location: ModelLocation) -> list[Path]:
    """The files of a model: those of its folder that may belong to it, and the given pair."""
    patterns = (*known.file_patterns(), "*.json")
    held = [path for path in location.folder.iterdir() if any(fnmatch(path.name, pattern) for pattern in patterns)]
    given = [path for path in (location.options, location.weights) if path is not None and path not in held]
    return [*(path for path in held if not path.is_dir()), *given]


def _is_out_of_memory(error: Exception) -> bool:
    """Whether an error means out of memory: Python's, PyTorch's, or the system's when a file is mapped."""
    text = str(error).lower()
    words = ("allocate memory", "not enough memory", "out of memory")
    return isinstance(error, MemoryError) or any(word in text for word in words)


def _size_mb(location: ModelLocation) -> int:
    return sum(path.stat().st_size for path in _files_of(location) if path.is_file()) // 2**20


def _find(source: str | Path, weights: Path | None, stack: ExitStack) -> ModelLocation:
    if is_bundled(source) and weights is None:
        return ModelLocation(NATIVE, BUNDLED / str(source))
    path = Path(source)
    try:
        exists = path.exists()
    except (OSError, ValueError):  # a name that no file can have
        exists = False
    if not exists:
        if isinstance(source, str) and is_hub_id(source) and weights is None and not _looks_local(path):
            return _in_fetched(source, fetch_from_hub(source, known.file_patterns()), stack)
        raise CheckpointError(
            f"{path.absolute()}: no such model folder, and no bundled model of that name "
            f"(there is {', '.join(bundled_models()) or 'none'})"
        )
    if weights is not None:
        return _as_pair(path, weights)
    if path.is_dir():
        return _in_folder(path)
    for each in known.FORMATS:
        if (location := each.find_by_file(path)) is not None:
            return location
    if path.name != CARD_FILE and any(fnmatch(path.name, pattern) for pattern in known.file_patterns()):
        return _in_folder(path.parent)  # a file of the folder was given instead of the folder
    if is_archive(path):
        return _in_archive(path, stack.enter_context(unpacked(path)))
    raise CheckpointError(f"{path}: a file, but not an archive; give the folder of the model")


def _as_pair(source: Path, weights: Path) -> ModelLocation:
    for each in known.FORMATS:
        if each.find_pair is not None:
            return each.find_pair(source, weights)
    raise CheckpointError(f"{source}: no format has a separate file of weights; give the folder")


def _in_folder(folder: Path) -> ModelLocation:
    """The model of a folder; if there is none, an error that says why."""
    location = _model_in(folder)
    if location is not None:
        return location
    for each in known.FORMATS:
        if reason := each.why_not(folder):
            raise CheckpointError(reason)
    raise CheckpointError(f"{folder.absolute()}: contains no model; looked {known.looked_for()}")


def _model_in(folder: Path) -> ModelLocation | None:
    """The model directly in a folder."""
    return next((found for each in known.FORMATS if (found := each.find(folder)) is not None), None)


def _looks_local(path: Path) -> bool:
    """Whether a missing path was meant as a local one: its parent folder exists, or it has the suffix of a file."""
    suffixes = {Path(pattern).suffix for pattern in known.file_patterns()} | {".h5", *ARCHIVE_SUFFIXES}
    return path.parent.is_dir() or path.suffix in suffixes - {""}


def _in_fetched(source: str, folder: Path, stack: ExitStack) -> ModelLocation:
    """The model in a folder of the hub, or in the only archive there."""
    archives = [path for path in sorted(folder.iterdir()) if path.is_file() and is_archive(path)]
    if _model_in(folder) is None and len(archives) == 1:
        return _in_archive(Path(source), stack.enter_context(unpacked(archives[0])))
    return _in_folder(folder)


def _unpacked_in(message: str) -> set[str]:
    """The temporary folders of archives in a message."""
    return {match[0] for match in re.finditer(rf"\S*{UNPACKED_PREFIX}\w+", message)}


def _in_archive(archive: Path, folder: Path) -> ModelLocation:
    """The only model of an archive, at its root or in one of its folders."""
    level = [folder]
    for _ in range(DEPTH + 1):
        found = [location for location in map(_model_in, level) if location is not None]
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(sorted(str(location.folder.relative_to(folder)) for location in found)[:5])
            raise CheckpointError(
                f"{archive}: contains {len(found)} models ({names}); unpack it and give one of the folders"
            )
        level = [inner for outer in level for inner in sorted(outer.iterdir()) if inner.is_dir()]
    raise CheckpointError(
        f"{archive}: contains no model; looked for {', '.join(known.marker_files())} at its root and {DEPTH} folders deep"
    )
