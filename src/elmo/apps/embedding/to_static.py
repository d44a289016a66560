"""A contextual model and a text -> a file of static vectors in word2vec's format."""

import gzip
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Literal

import numpy as np
from numpy.typing import NDArray

from elmo.analysis.static_export import count_words, mean_in_contexts, without_context
from elmo.embed.embedder import Elmo
from elmo.embed.layers import Layers, choose_layers
from elmo.errors import ConfigError, TextError
from elmo.storage.atomic import atomic_write, refuse_existing
from elmo.text.sources.rows import read_rows

Method = Literal["mean", "alone"]


def export_static(
    model: str,
    corpus: Path,
    target: Path,
    *,
    method: Method = "mean",
    layers: Layers = "mean",
    min_count: int = 5,
    max_words: int | None = None,
    lowercase: bool = False,
    pretokenized: bool = False,
    split: bool = False,
    text_field: str | None = None,
    force: bool = False,
    report: Callable[[int, int], None] = lambda line, n_tokens: None,
) -> dict[str, int | str]:
    """Write one vector per frequent word of a text, in word2vec's text format, most frequent first.

    Args:
        target: `.gz` compresses it.
        method: "mean": over all occurrences of the word; "alone": the word as a one-word sentence.
        min_count: minimum number of occurrences. max_words: keep only so many of the most frequent words.
        lowercase: lowercase the words in the file; the model still reads the original text.
        pretokenized, split, text_field: see `read_rows`.
        report: called with the line and the tokens embedded so far.
    Returns:
        output, words, width, tokens: of the text; covered: how many of them have a vector.
    Raises:
        TextError: no such text, or no word that is frequent enough. OutputError: the target exists.
        CheckpointError: no such model. ConfigError: layers="all", or no such layer or method.
    """
    refuse_existing(target, force, inputs=[corpus, model])
    if layers == "all":
        raise ConfigError('layers="all" gives several vectors per word; choose "mean", "top" or the index of a layer')
    if method not in ("mean", "alone"):
        raise ConfigError(f"method {method!r}; choose mean or alone")
    if pretokenized and split:
        raise ConfigError("split and pretokenized: pretokenized text already has one sentence per line; choose one")
    if not corpus.is_file():
        raise TextError(f"{corpus.absolute()}: no such file; give a text file (it is read twice)")
    elmo = Elmo.from_pretrained(model)
    choose_layers(layers, elmo.n_layers)
    read = partial(read_rows, corpus, pretokenized, split, text_field, tokenizer=elmo.model.tokenizer)
    counts = count_words(read(), lowercase)
    n_tokens = counts.total()
    frequent = [word for word, n in counts.most_common() if n >= min_count][:max_words]
    if not frequent:
        most = max(counts.values(), default=0)
        raise TextError(
            f"{corpus}: no word occurs {min_count} times (the most frequent occurs {most} times); lower --min-count"
        )
    if method == "alone":
        vectors = without_context(elmo, frequent, layers, report)
    else:
        vectors = mean_in_contexts(elmo, read(), frequent, layers, lowercase, report)
    with atomic_write(target) as part, _opened(part, target.suffix == ".gz") as file:
        write_word2vec(file, frequent, vectors)
    covered = sum(counts[word] for word in frequent)
    return {
        "output": str(target), "words": len(frequent), "width": elmo.width, "tokens": n_tokens, "covered": covered
    }  # fmt: skip


def _opened(path: Path, packed: bool) -> IO[bytes]:
    return gzip.open(path, "wb") if packed else path.open("wb")  # type: ignore[return-value]


def write_word2vec(file: IO[bytes], words: Sequence[str], vectors: NDArray[np.float32]) -> None:
    """Write vectors (V, D) as word2vec's text: V and D, then one line per word with its numbers, seven digits each."""
    file.write(f"{len(words)} {vectors.shape[1]}\n".encode())
    for word, vector in zip(words, vectors, strict=True):
        numbers = " ".join(f"{x:.7g}" for x in vector.tolist())
        file.write(f"{word} {numbers}\n".encode("utf-8", "replace"))
