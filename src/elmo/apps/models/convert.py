"""A model in one format -> the same model in another; what the other format cannot store is listed or refused."""

from pathlib import Path
from typing import Any

import numpy as np

from elmo.checkpoints.formats.known import file_patterns, marker_files, writable_format
from elmo.checkpoints.load import load_model
from elmo.checkpoints.saved_model import SavedModel
from elmo.embed.embedder import Elmo
from elmo.errors import CheckpointError, OutputError
from elmo.storage.atomic import atomic_write, refuse_existing

MOST_DIFFERENCE = 1e-5  # between embeddings in double precision; a larger difference is not rounding
# Short and long words, several scripts, marks of sentences, blanks: where readers of a format differ if they do.
VERIFIED = [
    "The bank of the river was green , and the bank lent no money .".split(),
    ["今", "天", "天气", "真", "好", "。"],
    ["Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen", "naïve", "Ελλάδα", "река", "🙂"],
    ["<UNK>", "<unk>", "a b", ""],
    ["x" * 200],
    [],
]


def convert_model(
    source: str, target: Path, to: str, force: bool = False, verify: bool = False, vocabulary: Path | None = None
) -> dict[str, Any]:
    """Convert a model.

    Args:
        to: the name of a format that can be written.
        verify: embed some sentences with both, all layers, state zero and carried, in double precision.
        vocabulary: the vocabulary file of a source that has none (TensorFlow checkpoints).
    Returns:
        output, format, left_out: what the target format cannot store ("" if nothing); with `verify` also
        largest_difference, of any number of any vector; a note, if there is something to know of the model in this format.
    Raises:
        ConfigError: no format of that name can be written. CheckpointError: no such model, the format cannot hold it, or
            the two differ. OutputError: the target exists, or is what is read.
    """
    form, save = writable_format(to)
    refuse_existing(target, force, known_by=marker_files(), holds=file_patterns())
    _refuse_the_source(source, target)
    model = load_model(source, vocabulary=vocabulary)
    facts: dict[str, Any] = {"output": str(target), "format": form.name, "left_out": ", ".join(form.left_out(model))}
    if note := form.note(model):
        facts["note"] = note
    with atomic_write(target) as part:  # an existing target is kept until the new one is verified
        try:
            save(model, part)
            if verify:
                facts["largest_difference"] = _largest_difference(model, load_model(part))
        except CheckpointError as error:
            raise CheckpointError(str(error).replace(str(part), str(target))) from error
        if verify and not facts["largest_difference"] <= MOST_DIFFERENCE:
            raise CheckpointError(
                f"{target}: its vectors differ from those of {source} by {facts['largest_difference']:.2g}, expected at "
                f"most {MOST_DIFFERENCE}; nothing was written; please report this model"
            )
    return facts


def _refuse_the_source(source: str, target: Path) -> None:
    """Refuse a target that would replace the source."""
    try:
        read, written = Path(source).resolve(), target.resolve()
    except OSError:  # an impossible file name
        return
    if read.exists() and (read == written or written in read.parents):
        raise OutputError(f"{target}: {source} is read from this folder; give another name")


def _largest_difference(before: SavedModel, after: SavedModel) -> float:
    largest = 0.0
    models = [Elmo(model, dtype="float64") for model in (before, after)]
    for state in ("zero", "carry", "carry"):
        sides = [elmo.embed(VERIFIED, layers="all", state=state) for elmo in models]
        largest = max([largest, *(float(np.abs(a - b).max()) for a, b in zip(*sides, strict=True) if a.size)])
    return largest
