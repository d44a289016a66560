"""Facts about a model: format, sizes, parameters, tokenizer, licence, training."""

import re
from pathlib import Path
from typing import Any

from elmo.checkpoints.load import load_from, located
from elmo.model.config import BiLMConfig


def describe_model(source: str, vocabulary: Path | None = None) -> dict[str, Any]:
    """Flat facts about a model; nested names are joined by dots.

    Args:
        vocabulary: the vocabulary file of a model whose folder has none (TensorFlow checkpoints).

    Raises:
        CheckpointError: there is no such model, or its files are broken.
    """
    with located(source) as location:
        model = load_from(location, vocabulary)
    config = model.config.bilm
    facts: dict[str, Any] = {
        "format": location.format.name,
        "place": source if location.folder.exists() is False else str(location.folder),
        "licence": _licence(model.card),
        "layers": config.n_layers,
        "width": config.width,
        "encoder": config.encoder.kind,
        **config.encoder.model_dump(exclude={"kind", "n_layers"}),
        **_input_facts(config),
        "parameters": sum(p.numel() for p in model.bilm.parameters()),
        "softmax_words": model.config.n_words or 0,
        "vocabulary_words": 0 if model.vocabulary is None else len(model.vocabulary),
        "warm_state": model.warm is not None,
        "tokenizer": "not known"
        if model.config.tokenizer is None
        else " ".join(model.config.tokenizer.model_dump().values()),
    }
    if model.config.adaptive_cutoffs is not None:
        facts["adaptive_cutoffs"] = " ".join(map(str, model.config.adaptive_cutoffs))
    if model.config.scripts is not None:
        facts["scripts"] = ", ".join(
            f"{name} {fraction:.1%}" for name, fraction in model.config.scripts.items() if fraction >= 0.001
        )
    return facts | _flat("training", model.config.training)


def _licence(card: str | None) -> str:
    """The licence in a model card: a line `license: ...` of its front matter, or a section or sentence on licences."""
    lines = (card or "").splitlines()
    for line in lines:
        if match := re.match(r"licen[cs]e:\s*(\S.*)", line, re.IGNORECASE):
            return match[1].strip("'\" ")
    return "see the card" if any(re.search(r"licen[cs]e", line, re.IGNORECASE) for line in lines) else "not known"


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
