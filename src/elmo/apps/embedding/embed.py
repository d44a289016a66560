"""Embed a text, a line or a record a sentence, into a file of vectors."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from elmo.embed.embedder import Elmo, StateName
from elmo.embed.layers import Layers, choose_layers
from elmo.embed.vector_files import writer_for
from elmo.storage.atomic import atomic_write, refuse_existing
from elmo.text.sources.source_text import SourceText
from elmo.text.sources.texts import read_texts
from elmo.text.tokens import split_words

CARRIED_BATCH, FAST_BATCH = 64, 256
LINES_AT_ONCE = 1024  # lines that are read, sorted by length and embedded together when no state is carried


def embed_file(
    source: Path,
    model: str,
    target: Path,
    *,
    pretokenized: bool = False,
    layers: Layers = "mean",
    state: StateName = "zero",
    batch_size: int | None = None,
    dtype: str = "float32",
    vocabulary: Path | None = None,
    force: bool = False,
    text_field: str | None = None,
    report: Callable[[int, int], None] = lambda lines, tokens: None,
) -> dict[str, int | str]:
    """Embed each line, record or sentence of a text; blank lines keep their row and have no vectors.

    Args:
        state: "carry": line i starts from the state after line i - batch_size (AllenNLP's command with its --batch-size;
            bilm-tf's dump with 1).
        batch_size: maximum number of lines per batch; None: 64 with a carried state, as AllenNLP's command, else 256.
        dtype: see `Elmo.from_pretrained`.
        vocabulary: the vocabulary file of a model whose folder has none (TensorFlow checkpoints).
        text_field: the field or column of a record that holds its text; None: `text`.
        report: called with the lines and tokens written so far.
    Returns:
        output, lines, tokens, width: what was written.
    Raises:
        TextError, CheckpointError: no such text, no such model. OutputError: the target exists or has an unknown extension.
    """
    write = writer_for(target)
    refuse_existing(target, force, inputs=[source, model])
    texts = read_texts(source, text_field)
    first = list(islice(texts, 1))  # a missing text is noticed before the model is loaded
    elmo = Elmo.from_pretrained(model, vocabulary=vocabulary, dtype=dtype)
    choose_layers(layers, elmo.n_layers)
    together = batch_size or (CARRIED_BATCH if state == "carry" else FAST_BATCH)
    at_once = together if state == "carry" else LINES_AT_ONCE
    n_tokens = n_written = 0

    def lines() -> Iterator[tuple[str, NDArray[np.float32]]]:
        nonlocal n_tokens, n_written
        block = first + list(islice(texts, at_once - len(first)))
        while block:
            sentences = [_sentence(text, pretokenized) for text in block]
            for text, vectors in zip(block, elmo.embed(sentences, layers, None, state, together), strict=True):
                n_tokens += vectors.shape[-2]
                yield (text.text or "").strip(), vectors
                n_written += 1
                report(n_written, n_tokens)
            block = list(islice(texts, at_once))

    with atomic_write(target) as part:
        n_lines = write(part, lines())
    return {"output": str(target), "lines": n_lines, "tokens": n_tokens, "width": elmo.width}


def _sentence(text: SourceText, pretokenized: bool) -> str | list[str]:
    """A text as the embedder takes it: its words if it comes in words."""
    if text.words is not None:
        return text.words
    return split_words(text.text or "") if pretokenized else text.text or ""


def set_threads(n: int) -> None:
    """Set the number of threads of matrix products in this process."""
    torch.set_num_threads(n)
