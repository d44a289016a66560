"""Perplexity and bits per byte of a model on a text file, for the whole text and for each document."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, groupby, tee
from pathlib import Path
from typing import IO

from elmo.checkpoints.load import load_model
from elmo.checkpoints.saved_model import SavedModel, warn_of_other_tokenizer
from elmo.embed.language_model.surprisal import CarryOrZero
from elmo.embed.language_model.unknown_words import unknown_words_warning, warn_of_unknown_words
from elmo.errors import CheckpointError, TextError
from elmo.storage.atomic import atomic_write, refuse_existing
from elmo.text.sources.source_sentences import SourceSentence, TextOptions, read_sentences
from elmo.train.perplexity import NO_SENTENCE, NOTHING, Perplexity, measure_each

Facts = dict[str, float | int | str | None]  # by their names in the JSON of `elmo perplexity`


@dataclass
class _Sum:
    """The sums measured so far of a text or a document."""

    first_line: int = 0
    perplexity: Perplexity = NOTHING
    sentences: int = 0
    size_bytes: int = 0

    def add(self, sentence: SourceSentence, perplexity: Perplexity) -> None:
        self.first_line = self.first_line or sentence.line
        self.perplexity += perplexity
        self.sentences += 1
        self.size_bytes += sentence.size_bytes

    def figures(self) -> Facts:
        return figures_of(self.perplexity, self.size_bytes)


def figures_of(found: Perplexity, size_bytes: int) -> Facts:
    """The figures of a text of so many bytes by their names in JSON."""
    return {
        "forward": found.forward,
        "backward": found.backward,
        "mean": found.mean,
        "bits_per_byte": found.bits_per_byte(size_bytes),
        "tokens": found.tokens,
        "oov_rate": found.oov_rate,
        "spelling_bits": found.spelling_bits,
        "warning": unknown_words_warning(found.unknown, found.tokens),
    }


def measure_file(
    model: str,
    text: Path,
    pretokenized: bool = False,
    state: CarryOrZero = "zero",
    by_document: Path | None = None,
    force: bool = False,
    vocabulary: Path | None = None,
    report: Callable[[int], None] | None = None,
    text_field: str | None = None,
) -> Facts:
    """Measure a model on a text by the counting rule of `train.perplexity`; the text is read once and may be a pipe.

    Args:
        model: a model folder or the name of a bundled model; it needs its softmax.
        text: a file of any kind (see `text.sources.texts`), `-` for standard input; raw text is split into sentences first;
            `pretokenized`: one sentence a line.
        state: "zero" at the start of each sentence, or "carry" from sentence to sentence: another figure.
        by_document: a file for one JSON object a document (a blank line or a record ends one): number, first_line, tokens,
            forward, backward, mean, oov_rate, bits_per_byte, spelling_bits, warning. A carried state is then fresh at each
            document, in the whole too.
        force: replace that file if it exists.
        vocabulary: the vocabulary file of a model whose folder has none (TensorFlow checkpoints).
        report: called with the number of tokens counted so far.
        text_field: the field or column of a record that holds its text; None: `text`.
    Returns:
        forward, backward, mean; tokens (counted), oov_rate; bits_per_byte, of the bytes of the non-empty lines as they
        are in the file, with one byte for each line end, and with spelling_bits, the charge for unknown words; warning, one
        sentence if there are too many of them, which is also given as a warning, or None; state ("zero", "carry" or "carry
        within documents"), sentences, bytes; with `by_document` also documents and the file.
    Raises:
        CheckpointError: no such model, or it has no softmax. TextError: no such text, or it is empty.
        OutputError: the file exists or cannot be written.
    """
    if by_document is not None:
        refuse_existing(by_document, force, inputs=[text, model])
    loaded = load_language_model(model, vocabulary, "it has no perplexity")
    if not pretokenized:
        warn_of_other_tokenizer(loaded.config, model)
    afresh = by_document is not None and state == "carry"
    n_counted = 0

    def count(n_tokens: int) -> None:
        nonlocal n_counted
        n_counted += n_tokens
        if report is not None:
            report(n_counted)

    def measured() -> Iterator[tuple[SourceSentence, Perplexity]]:
        shown, read = tee(
            read_sentences([text], TextOptions(pretokenized, text_field, loaded.tokenizer))
        )  # apart by what is measured at once
        rows = groupby(read, key=lambda sentence: sentence.document if afresh else None)
        each = (measure_each(loaded, (sentence.words for sentence in row), state, count) for _, row in rows)
        return zip(shown, chain.from_iterable(each), strict=True)

    whole = _Sum()
    documents = 0
    with ExitStack() as stack:
        file = None if by_document is None else _open(by_document, stack)
        for documents, sentences in groupby(measured(), key=lambda pair: pair[0].document):
            document = _Sum()
            for sentence, perplexity in sentences:
                for part in (whole, document):
                    part.add(sentence, perplexity)
            if file is not None:
                location = {"number": documents, "first_line": document.first_line}
                file.write(json.dumps(location | document.figures()) + "\n")
        if not documents:
            raise TextError(NO_SENTENCE)
    warn_of_unknown_words(whole.perplexity.unknown, whole.perplexity.tokens)
    named = "carry within documents" if afresh else state
    facts = whole.figures() | {"state": named, "sentences": whole.sentences, "bytes": whole.size_bytes}
    return facts if by_document is None else facts | {"documents": documents, "by_document": str(by_document)}


def load_language_model(model: str, vocabulary: Path | None, lacks: str) -> SavedModel:
    """A model with its softmax.

    Args:
        lacks: what a model without a softmax cannot do, for the message.
    Raises:
        CheckpointError: no such model, or it has no softmax.
    """
    loaded = load_model(model, vocabulary=vocabulary)
    if loaded.softmax is None or loaded.vocabulary is None:
        raise CheckpointError(f"{model}: this model has no softmax, so {lacks}; it can only embed")
    return loaded


def _open(target: Path, stack: ExitStack) -> IO[str]:
    part = stack.enter_context(atomic_write(target))
    return stack.enter_context(part.open("w", encoding="utf-8", newline="\n"))
