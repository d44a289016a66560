"""Which format is this path? -> a model. The one door through which models come in."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal, NamedTuple

from elmo.checkpoints.archive import PLACE_PREFIX, is_archive, unpacked
from elmo.checkpoints.formats import allennlp_hdf5, bilm_tf, many_langs, native
from elmo.checkpoints.hub import fetch_from_hub, is_hub_id
from elmo.checkpoints.saved_model import SavedModel
from elmo.errors import CheckpointError

BUNDLED = Path(__file__).parent.parent / "bundled"
DEFAULT_MODEL = "en"
# A folder with one of these holds a model; a file of one of the patterns belongs to one.
MODEL_FILES = (native.CONFIG_FILE, allennlp_hdf5.OPTIONS_FILE, many_langs.ENCODER_FILE)
MODEL_PATTERNS = (
    *("config.json", "model.safetensors", "vocabulary.txt", "alphabet.json", "input_words.json", "README.md"),
    *("*options*.json", "*.hdf5", "vocab.txt", "checkpoint", "*.index", "*.data-*-of-*", "*.meta"),
    *("model_config.json", "*.dic", "encoder.pkl", "token_embedder.pkl"),
)
DEPTH = 3  # folders within an archive that are looked into

FormatName = Literal["native", "allennlp", "bilm-tf", "elmoformanylangs"]


class ModelLocation(NamedTuple):
    """Where the files of a model lie, and in which format."""

    format: FormatName
    folder: Path
    options: Path | None = None  # of "allennlp"
    weights: Path | None = None  # of "allennlp"


def bundled_models() -> list[str]:
    """Names of the models in this package."""
    return sorted(folder.name for folder in BUNDLED.iterdir() if (folder / native.CONFIG_FILE).is_file())


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
            place = _find(source, None if weights is None else Path(weights), stack)
            yield place
        except CheckpointError as error:  # of a folder that nobody has seen: an archive's
            shown = str(error)
            for folder in _unpacked_in(shown):
                shown = shown.replace(folder, str(source))
            raise CheckpointError(shown) from error


def load_model(
    source: str | Path = DEFAULT_MODEL, weights: str | Path | None = None, vocabulary: str | Path | None = None
) -> SavedModel:
    """Load a model of any format that is known.

    Args:
        source, weights: see `located`.
        vocabulary: the vocabulary file of a model that came without it: with it a TensorFlow checkpoint gives its softmax.
    Raises:
        CheckpointError: there is no such model, or its files are broken.
    """
    with located(source, weights) as place:
        return load_from(place, None if vocabulary is None else Path(vocabulary))


def load_from(place: ModelLocation, vocabulary: Path | None = None) -> SavedModel:
    """Load the model that was found.

    Raises:
        CheckpointError: its files are broken, or it has a vocabulary of its own.
    """
    if place.format == "allennlp" and place.options is not None and place.weights is not None:
        return allennlp_hdf5.load_allennlp(place.options, place.weights, vocabulary)
    if place.format == "bilm-tf":
        return bilm_tf.load_bilm_tf(place.folder, vocabulary)
    if vocabulary is not None:
        raise CheckpointError(
            f"{vocabulary}: a model of the format {place.format} has its own words; leave the vocabulary file out"
        )
    return (
        many_langs.load_many_langs(place.folder)
        if place.format == "elmoformanylangs"
        else native.load_native(place.folder)
    )


def _find(source: str | Path, weights: Path | None, stack: ExitStack) -> ModelLocation:
    if is_bundled(source) and weights is None:
        return ModelLocation("native", BUNDLED / str(source))
    path = Path(source)
    try:
        exists = path.exists()
    except (OSError, ValueError):  # a name that no file can have
        exists = False
    if not exists:
        if isinstance(source, str) and is_hub_id(source) and weights is None and not _looks_local(path):
            return _in_fetched(source, fetch_from_hub(source), stack)
        raise CheckpointError(
            f"{path.absolute()}: no such model folder, and no bundled model of that name "
            f"(there is {', '.join(bundled_models()) or 'none'})"
        )
    if weights is not None:
        options = _options_in(path) if path.is_dir() else path
        if options is None:
            raise CheckpointError(f"{path}: no {allennlp_hdf5.OPTIONS_FILE} in it for the weights {weights}")
        return ModelLocation("allennlp", options.parent, options, weights)
    if path.is_dir():
        return _in_folder(path)
    if any(fnmatch(path.name, pattern) for pattern in MODEL_PATTERNS) and path.suffix not in (".hdf5", ".json", ".md"):
        return _in_folder(path.parent)  # one of the files of a folder stands for it
    if is_archive(path):
        return _in_archive(path, stack.enter_context(unpacked(path)))
    return _beside(path)


def _in_folder(folder: Path) -> ModelLocation:
    place = _place_in(folder)
    several = sorted(path.name for path in folder.glob("*options*.json"))
    if place is None and len(several) > 1:
        raise CheckpointError(
            f"{folder}: which model? {', '.join(several)}; give one of these files instead of the folder"
        )
    if place is None:
        raise CheckpointError(
            f"{folder.absolute()}: no model in it; looked for {native.CONFIG_FILE} with {native.WEIGHTS_FILE}, "
            f"for {allennlp_hdf5.OPTIONS_FILE} with *.hdf5 or *.index, "
            f"and for {many_langs.ENCODER_FILE} with {many_langs.TOKEN_FILE}"
        )
    return place


def _place_in(folder: Path) -> ModelLocation | None:
    """The model that a folder holds itself."""
    if many_langs.holds_many_langs(folder):
        return ModelLocation("elmoformanylangs", folder)
    options = _options_in(folder)
    if options is not None:
        if options.name == allennlp_hdf5.OPTIONS_FILE and bilm_tf.holds_bilm_tf(folder):
            return ModelLocation("bilm-tf", folder)
        return ModelLocation("allennlp", folder, options, _weights_for(options))
    return ModelLocation("native", folder) if (folder / native.CONFIG_FILE).is_file() else None


def _looks_local(path: Path) -> bool:
    """Whether a name that is not there was meant as one of this machine: its folder is here, or it ends as files do."""
    return path.parent.is_dir() or path.suffix in (
        ".json",
        ".hdf5",
        ".h5",
        ".zip",
        ".gz",
        ".tgz",
        ".tar",
        ".txt",
        ".pkl",
    )


def _in_fetched(source: str, folder: Path, stack: ExitStack) -> ModelLocation:
    """The model of a folder of the hub, or of the one archive that lies there."""
    archives = [path for path in sorted(folder.iterdir()) if path.is_file() and is_archive(path)]
    if _place_in(folder) is None and len(archives) == 1:
        return _in_archive(Path(source), stack.enter_context(unpacked(archives[0])))
    return _in_folder(folder)


def _unpacked_in(message: str) -> set[str]:
    """Temporary folders of archives that a message names."""
    return {match[0] for match in re.finditer(rf"\S*{PLACE_PREFIX}\w+", message)}


def _in_archive(archive: Path, folder: Path) -> ModelLocation:
    """The one model of an archive, at its root or in a folder of it."""
    level = [folder]
    for _ in range(DEPTH + 1):
        places = [place for place in map(_place_in, level) if place is not None]
        if len(places) == 1:
            return places[0]
        if places:
            names = ", ".join(sorted(str(place.folder.relative_to(folder)) for place in places)[:5])
            raise CheckpointError(
                f"{archive}: {len(places)} models in it ({names}); unpack it and give one of the folders"
            )
        level = [inner for outer in level for inner in sorted(outer.iterdir()) if inner.is_dir()]
    raise CheckpointError(
        f"{archive}: no model in it; looked for {', '.join(MODEL_FILES)} at its root and {DEPTH} folders deep"
    )


def _beside(file: Path) -> ModelLocation:
    """The pair of which one file is given."""
    if file.name in (native.CONFIG_FILE, many_langs.MODEL_CONFIG_FILE):
        return _in_folder(file.parent)
    if file.suffix == ".json" and "options" in file.name:
        return ModelLocation("allennlp", file.parent, file, _weights_for(file))
    if file.suffix in (".hdf5", ".h5"):
        options = _only([file.with_name(file.name.replace("weights", "options")).with_suffix(".json")]) or _options_in(
            file.parent
        )
        if options is None:
            raise CheckpointError(
                f"{file}: weights without their {allennlp_hdf5.OPTIONS_FILE} beside them; give the options, and these as weights="
            )
        return ModelLocation("allennlp", file.parent, options, file)
    raise CheckpointError(f"{file}: a file, and no archive; give the folder that holds the model")


def _options_in(folder: Path) -> Path | None:
    """`options.json`, or the only file that is named for options."""
    return _only([folder / allennlp_hdf5.OPTIONS_FILE]) or _only(sorted(folder.glob("*options*.json")))


def _only(paths: list[Path]) -> Path | None:
    return paths[0] if len(paths) == 1 and paths[0].is_file() else None


def _weights_for(options: Path) -> Path:
    """The weights beside a file of options: of its own name, else `weights.hdf5`, `model.hdf5`, or the only one."""
    folder = options.parent
    candidates = sorted(folder.glob("*.hdf5"))
    own = options.name.replace("options", "weights").removesuffix(".json") + ".hdf5"
    by: list[Callable[[str], bool]] = [
        lambda name: name == own,
        lambda name: name in (allennlp_hdf5.WEIGHTS_FILE, "model.hdf5"),
        lambda name: "weights" in name,
        lambda name: True,
    ]
    for fits in by:
        fitting = [path for path in candidates if fits(path.name)]
        if len(fitting) == 1:
            return fitting[0]
    if not candidates:
        raise CheckpointError(
            f"{folder.absolute()}: {options.name} but no weights; looked for {allennlp_hdf5.WEIGHTS_FILE} and *.hdf5"
        )
    names = ", ".join(p.name for p in candidates)
    raise CheckpointError(f"{folder}: which file holds the weights? {names}; name it {allennlp_hdf5.WEIGHTS_FILE}")
