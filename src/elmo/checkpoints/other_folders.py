"""Recognise folders that are not ELMo models: a trained task, an AllenNLP archive, a model of transformers."""

from pathlib import Path
from typing import Any

SHARDS_FILE = "model.safetensors.index.json"


def what_else(folder: Path, config: Any) -> str:
    """The kind of a folder by its `config.json`, and what to do with it; "" if it is unknown.

    Args:
        config: what the file holds, whatever that is.
    """
    if not isinstance(config, dict):
        return ""
    if config.get("format") == "elmo task":
        return (
            f"{folder}: a trained task, not a model; use it with `elmo predict {folder}`, {_model_of(folder, config)}"
        )
    if "dataset_reader" in config or (folder / "weights.th").is_file():
        return (
            f"{folder}: an AllenNLP archive of a whole task, not an ELMo model; "
            "give the options.json and weights.hdf5 of the ELMo model that the task was trained on"
        )
    if "transformers_version" in config or "architectures" in config or isinstance(config.get("model_type"), str):
        kind = str(config.get("model_type") or "no type")[:40]
        return f"{folder}: a model of transformers ({kind}), not an ELMo model; load it with transformers"
    return ""


def _model_of(folder: Path, config: dict[str, Any]) -> str:
    """The model that a task was trained with."""
    if (folder / "elmo").is_dir():
        return f"or give the model in it, {folder / 'elmo'}"
    elmo = config.get("elmo")
    source = elmo.get("source") if isinstance(elmo, dict) else None
    return f"or give its model, {source!r:.40}" if isinstance(source, str) else "it was trained without a model"


def sharded_weights(folder: Path) -> str:
    """The error message for a folder whose weights are split into several files; "" if they are not."""
    if not (folder / SHARDS_FILE).is_file():
        return ""
    n_files = len(list(folder.glob("model-*-of-*.safetensors")))
    return (
        f"{folder}: the weights are split into {n_files} files (model-*-of-*.safetensors), but a model has one file, "
        "model.safetensors; join them with safetensors.torch: load_file each, save_file all tensors"
    )
