"""Which format is this path? -> a model. The one door through which models come in."""

from pathlib import Path

from elmo.checkpoints import bilm_tf, native
from elmo.checkpoints.saved_model import SavedModel
from elmo.errors import CheckpointError

BUNDLED = Path(__file__).parent.parent / "bundled"
DEFAULT_MODEL = "en"
MODEL_FILES = (native.CONFIG_FILE, bilm_tf.OPTIONS_FILE)  # a folder with one of these holds a model


def bundled_models() -> list[str]:
    """Names of the models in this package."""
    return sorted(folder.name for folder in BUNDLED.iterdir() if (folder / native.CONFIG_FILE).is_file())


def find_model(source: str | Path) -> tuple[str, Path]:
    """The format and place of a model: ("native" or "allennlp", its folder).

    Args:
        source: the name of a bundled model, which wins over a folder of that name (write ./en for the folder); or a folder.
    Raises:
        CheckpointError: there is nothing, or nothing that is a model.
    """
    if isinstance(source, str) and source in bundled_models():
        return "native", BUNDLED / source
    folder = Path(source)
    try:
        exists = folder.exists()
    except OSError:  # a name that no file can have
        exists = False
    if not exists:
        raise CheckpointError(
            f"{folder.absolute()}: no such model folder, and no bundled model of that name "
            f"(there is {', '.join(bundled_models()) or 'none'})"
        )
    if not folder.is_dir():
        raise CheckpointError(f"{folder}: a file; give the folder that holds the model")
    if (folder / bilm_tf.OPTIONS_FILE).is_file():
        return "allennlp", folder
    if (folder / native.CONFIG_FILE).is_file():
        return "native", folder
    raise CheckpointError(
        f"{folder.absolute()}: no model in it; looked for {native.CONFIG_FILE} with {native.WEIGHTS_FILE}, "
        f"and for {bilm_tf.OPTIONS_FILE} with *.hdf5"
    )


def load_model(source: str | Path = DEFAULT_MODEL) -> SavedModel:
    """Load a model of any format that is known.

    Raises:
        CheckpointError: there is no such model, or its files are broken.
    """
    kind, folder = find_model(source)
    if kind == "native":
        return native.load_native(folder)
    return bilm_tf.load_bilm_tf(folder / bilm_tf.OPTIONS_FILE, _weights_in(folder))


def _weights_in(folder: Path) -> Path:
    """`weights.hdf5`, or the one *.hdf5 that is named for weights, or the only one."""
    candidates = sorted(folder.glob("*.hdf5"))
    for fitting in (
        [p for p in candidates if p.name == bilm_tf.WEIGHTS_FILE],
        [p for p in candidates if "weights" in p.name],
        candidates,
    ):
        if len(fitting) == 1:
            return fitting[0]
    if not candidates:
        raise CheckpointError(
            f"{folder.absolute()}: {bilm_tf.OPTIONS_FILE} but no weights; looked for {bilm_tf.WEIGHTS_FILE} and *.hdf5"
        )
    names = ", ".join(p.name for p in candidates)
    raise CheckpointError(f"{folder}: which file holds the weights? {names}; name it {bilm_tf.WEIGHTS_FILE}")
