"""An index of every word of a corpus in its context, by its vector: built in a stream, searched for nearest occurrences.

A folder holds

    facts.json            the text, model and layers that it was built from
    part-000.usearch ...  graphs of at most 262,144 vectors each (HNSW, Malkov & Yashunin 2018), float16, memory-mapped
    places/               arrays: word, sentence, start and end of each vector; line and end of each sentence
    sentences.txt         the sentences, concatenated
    words.txt             the different words, one per line

Memory grows with the number of different words, not with the length of the text. Words are tokens with a letter or a digit.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, NonNegativeInt, PositiveInt, ValidationError

from elmo.embed.embedder import Elmo
from elmo.embed.layers import Layers
from elmo.embed.row_stream import embed_rows
from elmo.errors import ConfigError, TextError, reason_of
from elmo.storage.arrays import ArraysWriter, open_arrays, writing_arrays
from elmo.storage.checksums import checksum_of
from elmo.storage.json_files import read_json, refuse_special
from elmo.text.sources.rows import Row

VECTORS_A_PART = 2**18
_AT_ONCE = 2**13  # vectors added to a graph in one call
_LOOKED_AT = 4  # search for this many times n: repeated sentences give duplicates, which are removed
_CHECKED_BYTES = 2**28  # an index of more is not read whole each time that it is opened
_EXPANSION = 128  # candidates kept during a graph search
_ARRAYS = ("words", "places", "lines", "ends")

FACTS_FILE, WORDS_FILE, SENTENCES_FILE = "facts.json", "words.txt", "sentences.txt"
INDEX_FILES = (FACTS_FILE, WORDS_FILE, SENTENCES_FILE, "part-*.usearch", "places/*.bin", "places/index.json")


class IndexSettings(BaseModel, frozen=True, extra="forbid"):
    """The settings that determine the content of an index."""

    source: str
    source_bytes: NonNegativeInt
    source_sha256: str  # of its first megabyte
    model: str  # fingerprint of the weights
    tokens: str  # how rows were tokenized
    layers: str


class IndexFacts(BaseModel, frozen=True, extra="forbid"):
    """The `facts.json` of an index."""

    format: Literal["elmo context index"] = "elmo context index"
    version: Literal[1] = 1
    settings: IndexSettings
    width: PositiveInt  # D
    n_vectors: NonNegativeInt
    n_words: NonNegativeInt  # different ones
    n_sentences: NonNegativeInt
    bytes: dict[str, PositiveInt]  # size of each file that is memory-mapped or read in parts
    checksums: dict[str, str] = {}  # of these files and the words; older indexes have none


class Occurrence(NamedTuple):
    """One occurrence of a word in the corpus."""

    similarity: float  # cosine
    line: int  # of the file, from 1
    sentence: str
    start: int  # characters of the sentence
    end: int

    @property
    def word(self) -> str:
        """The word itself."""
        return self.sentence[self.start : self.end]


def write_context_index(
    folder: Path,
    elmo: Elmo,
    rows: Iterator[Row],
    layers: Layers,
    settings: IndexSettings,
    report: Callable[[int, int], None] = lambda line, n_vectors: None,
) -> IndexFacts:
    """Index all words of rows in a new folder.

    Args:
        report: called with the line and the number of vectors so far.
    Raises:
        ConfigError: usearch is not installed, or the layers give more than one vector. TextError: the rows contain no word.
    """
    graphs = _Graphs(folder, elmo.width)
    folder.mkdir()
    numbers: dict[str, int] = {}
    n_sentences = end = 0
    with writing_arrays(folder / "places") as arrays, (folder / SENTENCES_FILE).open("wb") as sentences:
        for row, vectors in embed_rows(elmo, rows, layers):
            kept = [i for i, token in enumerate(row.tokens) if any(map(str.isalnum, token.text))]
            if kept:
                first = row.tokens[0].start
                content = _text_of(row).encode("utf-8", "replace")
                end += sentences.write(content)
                locations = [(n_sentences, row.tokens[i].start - first, row.tokens[i].end - first) for i in kept]
                words = [numbers.setdefault(row.tokens[i].text, len(numbers)) for i in kept]
                _append(arrays, words, locations, row.line, end)
                graphs.add(vectors[kept])
                n_sentences += 1
                report(row.line, graphs.n_vectors)
    if not graphs.n_vectors:
        raise TextError(f"{settings.source}: contains no word to index; give a text with words")
    graphs.finish()
    (folder / WORDS_FILE).write_text("".join(f"{word}\n" for word in numbers), "utf-8", "replace", newline="\n")
    files = [*graph_files(folder), folder / SENTENCES_FILE]
    facts = IndexFacts(
        settings=settings,
        width=elmo.width,
        n_vectors=graphs.n_vectors,
        n_words=len(numbers),
        n_sentences=n_sentences,
        bytes={path.name: path.stat().st_size for path in files},
        checksums={path.name: checksum_of(path) for path in (*files, folder / WORDS_FILE)},
    )
    (folder / FACTS_FILE).write_text(facts.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return facts


def _append(arrays: ArraysWriter, words: list[int], locations: list[tuple[int, int, int]], line: int, end: int) -> None:
    arrays.append("words", np.array(words, np.int32))
    arrays.append("places", np.array(locations, np.int32))
    arrays.append("lines", np.array([line], np.int64))
    arrays.append("ends", np.array([end], np.int64))


def _text_of(row: Row) -> str:
    """The text of a row from its first token to its last; each white space character between tokens becomes a blank."""
    text, at = [], row.tokens[0].start
    for token in row.tokens:
        text += [" " * (token.start - at), token.text]
        at = token.end
    return "".join(text)


class _Graphs:
    """The graphs of an index under construction."""

    def __init__(self, folder: Path, width: int) -> None:
        self._folder, self._width = folder, width
        self._usearch = _import_usearch()
        self._waiting: list[NDArray[np.float32]] = []
        self._n_waiting = self._part = self.n_vectors = 0
        self._graph = self._new_graph()

    def _new_graph(self) -> Any:
        return self._usearch.Index(ndim=self._width, metric="cos", dtype="f16", expansion_search=_EXPANSION)

    def add(self, vectors: NDArray[np.float32]) -> None:
        """Add vectors (n, D); their keys continue from `n_vectors`."""
        self._waiting.append(vectors)
        self._n_waiting += len(vectors)
        self.n_vectors += len(vectors)
        if self._n_waiting >= _AT_ONCE:
            self._put()

    def _put(self) -> None:
        if self._waiting:
            vectors = np.concatenate(self._waiting)
            first = self.n_vectors - len(vectors)
            self._graph.add(np.arange(first, self.n_vectors, dtype=np.uint64), vectors)
            self._waiting, self._n_waiting = [], 0
        if len(self._graph) >= VECTORS_A_PART:
            self._save()

    def _save(self) -> None:
        self._graph.save(str(self._folder / f"part-{self._part:03d}.usearch"))
        self._part += 1
        self._graph = self._new_graph()

    def finish(self) -> None:
        """Write the remaining vectors."""
        self._put()
        if len(self._graph):
            self._save()


class ContextIndex:
    """An index in a folder, memory-mapped.

    Raises:
        TextError: the folder is not an index, or is damaged. ConfigError: usearch is not installed.
    """

    def __init__(self, folder: Path) -> None:
        self.facts = read_index_facts(folder)
        usearch = _import_usearch()
        n_vectors, n_sentences = self.facts.n_vectors, self.facts.n_sentences
        try:
            arrays = open_arrays(folder / "places", _ARRAYS)
        except TextError as error:
            raise _damaged(folder, "the locations of its words are missing or altered") from error
        expected = [(n_vectors,), (n_vectors, 3), (n_sentences,), (n_sentences,)]
        if [array.shape for array in arrays] != expected:
            raise _damaged(folder, "the locations of its words are altered")
        words, locations, self._lines, self._ends = arrays
        self._words, self._locations = words.mapped(), locations.mapped()
        self._sentences = folder / SENTENCES_FILE
        try:
            sizes = {name: (folder / name).stat().st_size for name in self.facts.bytes}
            if sizes != self.facts.bytes:  # a truncated file must not be mapped
                raise ValueError("the length of a file has changed")
            for path in (folder / SENTENCES_FILE, folder / WORDS_FILE, *graph_files(folder)):
                refuse_special(path)
                known = self.facts.checksums.get(path.name)
                if known and sum(sizes.values()) <= _CHECKED_BYTES and checksum_of(path) != known:
                    raise ValueError(f"{path.name} was changed")
            self._parts = [usearch.Index.restore(str(part), view=True) for part in graph_files(folder)]
            names = (folder / WORDS_FILE).read_text(encoding="utf-8").split("\n")[:-1]
        except (OSError, RuntimeError, ValueError) as error:
            raise _damaged(folder, reason_of(error)) from error
        self._numbers = {word: number for number, word in enumerate(names)}
        if len(names) != self.facts.n_words:
            raise _damaged(folder, "words are missing")
        if None in self._parts or sum(map(len, self._parts)) != n_vectors:
            raise _damaged(folder, "vectors are missing")
        if any(part.ndim != self.facts.width for part in self._parts):
            raise _damaged(folder, "its vectors have another width")

    def nearest(self, vector: NDArray[np.float32], n: int, word: str | None = None) -> list[Occurrence]:
        """The occurrences nearest to a vector by cosine, nearest first; of equal sentences only one.

        Args:
            vector: float32 (D,). n: maximum number of occurrences.
            word: compare with all occurrences of this word, exactly; None: search the graphs, which is nearly always exact.
        """
        found = self._search(vector, _LOOKED_AT * n) if word is None else self._look_at(vector, word)
        seen: dict[tuple[str, int], Occurrence] = {}
        for key, similarity in found:
            occurrence = self._occurrence(key, similarity)
            seen.setdefault((occurrence.sentence, occurrence.start), occurrence)
            if len(seen) == n:
                break
        return list(seen.values())

    def _search(self, vector: NDArray[np.float32], n: int) -> list[tuple[int, float]]:
        found: list[tuple[int, float]] = []
        for part in self._parts:
            matches = part.search(vector, n)
            found += zip(matches.keys.tolist(), (1 - matches.distances).tolist(), strict=True)
        return sorted(found, key=lambda pair: -pair[1])

    def _look_at(self, vector: NDArray[np.float32], word: str) -> list[tuple[int, float]]:
        if word not in self._numbers:
            return []
        keys = np.flatnonzero(self._words == self._numbers[word]).astype(np.uint64)
        if not len(keys):  # a line of the words was changed
            return []
        edges = np.cumsum([len(part) for part in self._parts])
        of_parts = np.split(keys, np.searchsorted(keys, edges[:-1]))
        found = [x for part, some in zip(self._parts, of_parts, strict=True) for x in part.get(some, dtype="f32")]
        vectors = np.stack(found)  # (occurrences, D)
        cosines = vectors @ vector / np.maximum(np.linalg.norm(vectors, axis=1) * np.linalg.norm(vector), 1e-12)
        order = np.argsort(-cosines, kind="stable")
        return list(zip(keys[order].tolist(), cosines[order].tolist(), strict=True))

    def _occurrence(self, key: int, similarity: float) -> Occurrence:
        sentence, start, end = map(int, self._locations[key])
        first = int(self._ends.read(sentence - 1, sentence)[0]) if sentence else 0
        after, line = int(self._ends.read(sentence, sentence + 1)[0]), int(self._lines.read(sentence, sentence + 1)[0])
        with self._sentences.open("rb") as file:
            file.seek(first)
            text = file.read(after - first).decode("utf-8", "replace")
        return Occurrence(similarity, line, text, start, end)


def graph_files(folder: Path) -> list[Path]:
    """The graphs of an index, in the order of their vectors."""
    return sorted(folder.glob("part-*.usearch"), key=lambda path: (len(path.name), path.name))


def read_index_facts(folder: Path) -> IndexFacts:
    """Read the facts of an index.

    Raises:
        TextError: the folder is no index.
    """
    try:
        return IndexFacts.model_validate(read_json(folder / FACTS_FILE))
    except (OSError, ValueError, ValidationError) as error:
        raise _damaged(folder, reason_of(error)) from error


def _damaged(folder: Path, reason: str) -> TextError:
    return TextError(f"{folder}: not an index of a corpus, or damaged ({reason}); remove it to build it again")


def _import_usearch() -> Any:
    try:
        import usearch.index as usearch
    except ImportError as error:
        raise ConfigError(
            "an index of a corpus needs usearch; install it with pip install 'elmo-lm[search]'"
        ) from error
    return usearch
