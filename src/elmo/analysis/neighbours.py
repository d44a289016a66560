"""The nearest occurrences of a word in its context (Peters et al. 2018, table 4), from an index of a corpus that is stored."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import regex

from elmo.analysis.context_index import (
    FACTS_FILE,
    INDEX_FILES,
    ContextIndex,
    IndexFacts,
    IndexSettings,
    Occurrence,
    read_index_facts,
    write_context_index,
)
from elmo.checkpoints.saved_model import fingerprint
from elmo.embed.embedder import Elmo
from elmo.embed.layers import Layers
from elmo.errors import ConfigError, OutputError, TextError
from elmo.storage.atomic import atomic_write, refuse_existing
from elmo.storage.checksums import beginning_checksum
from elmo.storage.job_folder import differences
from elmo.storage.json_files import unicode_name
from elmo.text.sources.rows import read_rows, tokens_setting

_MARKED = regex.compile(r"\[([^\[\]]+)\]")

Progress = Callable[[int, int, int], None]


class MarkedWord(NamedTuple):
    """A sentence and its marked word."""

    text: str  # without the brackets
    start: int
    end: int

    @property
    def word(self) -> str:
        """The word itself."""
        return self.text[self.start : self.end]


class Neighbours(NamedTuple):
    """A query and its nearest occurrences."""

    asked: MarkedWord
    found: list[Occurrence]  # nearest first


def read_marked(query: str) -> MarkedWord:
    """`The [bank] of the river` -> the sentence and the position of the word.

    Raises:
        TextError: there is not exactly one word in brackets.
    """
    marks = list(_MARKED.finditer(query))
    if len(marks) != 1 or not marks[0].group(1).strip():
        raise TextError(f"{query!r:.80}: put one word in brackets, as in 'The [bank] of the river'")
    a, b = marks[0].span()
    return MarkedWord(query[:a] + query[a + 1 : b - 1] + query[b:], a, b - 2)


def find_neighbours(
    model: str,
    corpus: Path,
    queries: Sequence[str],
    *,
    n: int = 10,
    layers: Layers = "top",
    same_word: bool = False,
    index: Path | None = None,
    pretokenized: bool = False,
    split: bool = False,
    text_field: str | None = None,
    force: bool = False,
    report: Progress = lambda line, n_lines, n_vectors: None,
) -> list[Neighbours]:
    """The occurrences in a corpus that are nearest to words in their sentences.

    Args:
        corpus: a file that `read_rows` can read. pretokenized, split, text_field: see there.
        queries: sentences, the word in brackets.
        n: maximum number of occurrences per query. layers: the layers to compare; not "all".
        same_word: compare with all occurrences of the same word form only.
        index: the folder of the index; None: the corpus's name with `.index`, in the current folder. It is built the first
            time, and reused while text, model and settings are the same.
        force: rebuild the index.
        report: called with line, lines of the corpus and vectors so far while the index is built.
    Raises:
        TextError: no such text, a query without a marked word, a damaged index. CheckpointError: no such model.
        ConfigError: layers="all", or usearch is not installed. OutputError: the index has another text, model or setting.
    """
    asked = [read_marked(query) for query in queries]
    if layers == "all":
        raise ConfigError('layers="all" gives several vectors per word; choose "top", "mean" or the index of a layer')
    if pretokenized and split:
        raise ConfigError("split and pretokenized: pretokenized text already has one sentence per line; choose one")
    if not corpus.is_file():
        raise TextError(f"{corpus.absolute()}: no such file; give a text file")
    elmo = Elmo.from_pretrained(model)
    folder = Path(f"{corpus.name}.index") if index is None else index
    holds = INDEX_FILES if force else None  # without, nothing is removed
    refuse_existing(folder, force=True, known_by=[FACTS_FILE], holds=holds, inputs=[corpus, model])
    kept = read_index_facts(folder) if not force and (folder / FACTS_FILE).exists() else None
    settings = IndexSettings(
        source=unicode_name(corpus),
        source_bytes=corpus.stat().st_size,
        source_sha256=beginning_checksum(corpus),
        model=fingerprint(elmo.model, like=None if kept is None else kept.settings.model),
        tokens=tokens_setting(corpus, pretokenized, split, elmo.model.tokenizer),
        layers=json.dumps(layers if isinstance(layers, str | int) else list(layers)),
    )
    if kept is None:
        n_lines = max((row.line for row in read_rows(corpus, True, False, text_field, lambda row: False)), default=0)
        with atomic_write(folder) as part:
            rows = read_rows(corpus, pretokenized, split, text_field, tokenizer=elmo.model.tokenizer)
            write_context_index(part, elmo, rows, layers, settings, lambda line, k: report(line, n_lines, k))
    else:
        _refuse_other(kept, settings, folder)
    known = ContextIndex(folder)
    vectors = elmo.embed_spans([mark.text for mark in asked], [[(mark.start, mark.end)] for mark in asked], layers)
    return [
        Neighbours(mark, known.nearest(vector, n, mark.word if same_word else None))
        for mark, (vector,) in zip(asked, vectors, strict=True)
    ]


def _refuse_other(facts: IndexFacts, wanted: IndexSettings, folder: Path) -> None:
    if different := differences(facts.settings, wanted):
        raise OutputError(
            f"{folder} is an index with other settings: {'; '.join(different)}; rebuild it with --force, or give another "
            "folder with --index"
        )
