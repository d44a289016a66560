"""A model of one format -> the same model in another, array for array; what the other cannot hold is told or refused."""

from pathlib import Path
from typing import Any, Literal

import numpy as np

from elmo.checkpoints.bilm_tf import save_bilm_tf
from elmo.checkpoints.load import MODEL_FILES, load_model
from elmo.checkpoints.many_langs import save_many_langs
from elmo.checkpoints.native import save_native
from elmo.checkpoints.saved_model import SavedModel
from elmo.embed.embedder import Elmo
from elmo.errors import CheckpointError
from elmo.text.files import refuse_existing

Format = Literal["native", "allennlp", "elmoformanylangs"]

MOST_DIFFERENCE = 1e-5  # of two embeddings in double precision; more means other numbers, not rounding
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
    source: str, target: Path, to: Format, force: bool = False, verify: bool = False, vocabulary: Path | None = None
) -> dict[str, Any]:
    """Convert a model.

    Args:
        verify: embed some sentences with both, all layers, state zero and carried, in double precision.
        vocabulary: the vocabulary file of a source that has none (TensorFlow checkpoints).
    Returns:
        output, format, left_out: what the target format has no place for ("" if nothing); with `verify` also
        largest_difference, of any number of any vector.
    Raises:
        CheckpointError: no such model, the format cannot hold it, or the two differ. OutputError: the target exists.
    """
    refuse_existing(target, force, known_by=MODEL_FILES)
    model = load_model(source, vocabulary=vocabulary)
    left_out: list[str] = []
    if to == "native":
        save_native(model, target)
    else:
        left_out = _left_out(model, to)
        if to == "allennlp":
            save_bilm_tf(model, target)
        else:
            left_out += save_many_langs(model, target)
    facts: dict[str, Any] = {"output": str(target), "format": to, "left_out": ", ".join(left_out)}
    if verify:
        facts["largest_difference"] = _largest_difference(model, load_model(target))
        if not facts["largest_difference"] <= MOST_DIFFERENCE:
            raise CheckpointError(
                f"{target}: its vectors differ from those of {source} by {facts['largest_difference']:.2g}, expected at most "
                f"{MOST_DIFFERENCE}; do not use it, and tell us of this model"
            )
    return facts


def _left_out(model: SavedModel, to: Format) -> list[str]:
    vocabulary = None if to == "allennlp" else model.vocabulary
    parts = {"softmax": model.softmax, "vocabulary": vocabulary, "warm state": model.warm, "card": model.card}
    return [name for name, part in parts.items() if part is not None]


def _largest_difference(before: SavedModel, after: SavedModel) -> float:
    largest = 0.0
    models = [Elmo(model, dtype="float64") for model in (before, after)]
    for state in ("zero", "carry", "carry"):
        sides = [elmo.embed(VERIFIED, layers="all", state=state) for elmo in models]
        largest = max([largest, *(float(np.abs(a - b).max()) for a, b in zip(*sides, strict=True) if a.size)])
    return largest
