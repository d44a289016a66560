"""Perplexity and bits per byte of a model on a text file."""

from pathlib import Path

from elmo.checkpoints.load import load_model
from elmo.checkpoints.saved_model import warn_of_other_tokenizer
from elmo.errors import CheckpointError
from elmo.text.corpus import sentences_of_line
from elmo.text.lines import read_lines
from elmo.train.perplexity import measure_perplexity


def measure_file(model: str, text: Path, pretokenized: bool = False) -> dict[str, float | int]:
    """Measure a model on a text by the counting rule of `train.perplexity`.

    Args:
        model: a model folder or the name of a bundled model; it needs its softmax.
        text: raw text is split into sentences first; `pretokenized`: one sentence a line.
    Returns:
        forward, backward, mean; tokens (counted), oov_rate; bits_per_byte, of the bytes of the non-empty lines as they
        stand in the file, one for each line's end included.
    Raises:
        CheckpointError: no such model, or it has no softmax. TextError: no such text, or it is empty.
    """
    loaded = load_model(model)
    if loaded.softmax is None or loaded.vocabulary is None:
        raise CheckpointError(f"{model}: this model came without its softmax, so it has no perplexity; it can embed")
    if not pretokenized:
        warn_of_other_tokenizer(loaded.config, model)
    sentences: list[list[str]] = []
    size_bytes = 0
    for line in read_lines(text):  # once: the text may be a pipe
        sentences += sentences_of_line(line, pretokenized)
        size_bytes += len(line.encode("utf-8")) + 1 if line.strip() else 0
    result = measure_perplexity(loaded.bilm, loaded.softmax, loaded.vocabulary, loaded.speller, sentences)
    return {
        "forward": result.forward,
        "backward": result.backward,
        "mean": result.mean,
        "bits_per_byte": result.bits_per_byte(size_bytes),
        "tokens": result.tokens,
        "oov_rate": result.oov_rate,
        "bytes": size_bytes,
    }
