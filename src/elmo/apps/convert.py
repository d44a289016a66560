"""A model of one format -> the same model in another, array for array."""

from pathlib import Path
from typing import Literal

from elmo.checkpoints.bilm_tf import save_bilm_tf
from elmo.checkpoints.load import MODEL_FILES, load_model
from elmo.checkpoints.native import save_native
from elmo.text.files import refuse_existing

Format = Literal["native", "allennlp"]


def convert_model(source: str, target: Path, to: Format, force: bool = False) -> dict[str, str]:
    """Convert a model.

    Returns:
        output, format, and left_out: what the target format has no place for ("" if nothing).
    Raises:
        CheckpointError: no such model, or the format cannot hold it. OutputError: the target exists.
    """
    refuse_existing(target, force, known_by=MODEL_FILES)
    model = load_model(source)
    if to == "native":
        save_native(model, target)
        return {"output": str(target), "format": to, "left_out": ""}
    save_bilm_tf(model, target)
    left_out = {"softmax": model.softmax, "warm state": model.warm, "card": model.card}
    return {"output": str(target), "format": to, "left_out": ", ".join(name for name, part in left_out.items() if part)}
