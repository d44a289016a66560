"""What is in a model: format, sizes, parameters, tokenizer, training facts."""

from typing import Any

from elmo.checkpoints.load import find_model, load_model
from elmo.model.config import BiLMConfig


def describe_model(source: str) -> dict[str, Any]:
    """Flat facts about a model; nested names are joined by dots.

    Raises:
        CheckpointError: there is no such model, or its files are broken.
    """
    kind, folder = find_model(source)
    model = load_model(source)
    config = model.config.bilm
    facts: dict[str, Any] = {
        "format": kind,
        "folder": str(folder),
        "layers": config.n_layers,
        "width": config.width,
        "cell_size": config.lstm.cell_size,
        "projection_size": config.lstm.projection_size,
        "skip_connections": config.lstm.skip_connections,
        "cell_clip": config.lstm.cell_clip,
        "projection_clip": config.lstm.projection_clip,
        **_input_facts(config),
        "parameters": sum(p.numel() for p in model.bilm.parameters()),
        "softmax_words": model.config.n_words or 0,
        "vocabulary_words": 0 if model.vocabulary is None else len(model.vocabulary),
        "warm_state": model.warm is not None,
        "tokenizer": "not known"
        if model.config.tokenizer is None
        else " ".join(model.config.tokenizer.model_dump().values()),
    }
    return facts | _flat("training", model.config.training)


def _input_facts(config: BiLMConfig) -> dict[str, Any]:
    facts: dict[str, Any] = {"characters": "none"}
    if config.char_cnn is not None:
        facts = {
            "characters": "bytes" if config.alphabet_size is None else f"alphabet of {config.alphabet_size}",
            "activation": config.char_cnn.activation,
            "filters": " ".join(f"{width}:{number}" for width, number in config.char_cnn.filters),
            "highway_layers": config.char_cnn.n_highway,
            "max_characters": config.char_cnn.max_characters,
        }
    if config.word_embedding is not None:
        facts |= {"input_words": config.word_embedding.n_words, "word_vector_size": config.word_embedding.size}
    return facts


def _flat(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {key: fact for inner, part in value.items() for key, fact in _flat(f"{name}.{inner}", part).items()}
    return {name: ", ".join(map(str, value)) if isinstance(value, list) else value}
