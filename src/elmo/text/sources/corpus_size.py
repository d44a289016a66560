"""The size of a corpus: bytes are counted, words estimated from the beginning of every file."""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from elmo.errors import TextError
from elmo.storage.compressed import PACKED, open_unpacked, read_errors
from elmo.text.shards import EncodedText
from elmo.text.sources.corpus import CorpusSentence
from elmo.text.sources.encodings import wide_encoding
from elmo.text.sources.parquet import count_records
from elmo.text.sources.texts import format_of_file, read_texts, sentences_of
from elmo.text.tokenizer import VERSION_1, Tokenizer

_BLOCK_BYTES = 2**20


class FileSize(NamedTuple):
    """The size of a file."""

    path: Path
    n_bytes: int  # unpacked
    n_records: int | None  # lines of jsonl, rows of tables, sentences of CoNLL; None: a file of lines of text


def measure_files(
    paths: Sequence[Path], report: Callable[[int], None] = lambda n_bytes: None, text_field: str | None = None
) -> list[FileSize]:
    """Sizes of files; a compressed one is decompressed, which is fast compared with reading its words.

    Args:
        report: called with the bytes so far. text_field: as for `Corpus`.
    Raises:
        TextError: a file is broken, may not be read, or is a pipe, which could not be read again.
    """
    sizes: list[FileSize] = []
    n_bytes = 0
    for path in paths:
        if not path.is_file():
            raise TextError(
                f"{path.absolute()}: not a file on disk; a plan reads the text, and the training reads it again"
            )
        size = _measure(path, n_bytes, report, text_field)
        sizes.append(size)
        n_bytes += size.n_bytes
        report(n_bytes)
    return sizes


class CorpusSample:
    """The beginning of every file, the same fraction of each, as sentences to read once; then the size of all files is known.

    Args:
        pretokenized, text_field, tokenizer: as for `Corpus`.
        sample_bytes: a corpus no larger is read whole.
    """

    def __init__(
        self,
        sizes: Sequence[FileSize],
        pretokenized: bool,
        text_field: str | None,
        sample_bytes: int,
        tokenizer: Tokenizer = VERSION_1,
    ) -> None:
        self._sizes, self._pretokenized = sizes, pretokenized
        self._text_field, self._tokenizer = text_field, tokenizer
        self.n_bytes = sum(size.n_bytes for size in sizes)  # of all files
        self.whole = self.n_bytes <= sample_bytes  # all was read: the counts are exact
        self._fraction = min(1.0, sample_bytes / max(1, self.n_bytes))
        self._tokens = self._sentences = 0.0

    @property
    def n_tokens(self) -> int:
        """Words of all files: those read in each file, scaled up by its bytes or records."""
        return round(self._tokens)

    @property
    def n_sentences(self) -> int:
        """Sentences of all files, as `n_tokens`."""
        return round(self._sentences)

    def __iter__(self) -> Iterator[CorpusSentence]:
        """Read the files in order.

        Raises:
            TextError: a file is broken; see `read_texts`.
        """
        for size in self._sizes:
            whole = size.n_bytes if size.n_records is None else size.n_records
            n_read = n_words = n_sentences = 0
            begins = True
            for source in read_texts(size.path, self._text_field):
                if not self.whole and n_read >= self._fraction * whole:
                    break
                n_read += len((source.text or "").encode("utf-8")) + 1 if size.n_records is None else 1
                begins = begins or bool(source.begins_document)
                blank = True
                for words in sentences_of(source, self._pretokenized, self._tokenizer):
                    yield CorpusSentence(words, begins)
                    begins = blank = False
                    n_words += len(words)
                    n_sentences += 1
                begins = begins or (blank and source.begins_document is None)
            scale = 1.0 if self.whole else max(1.0, whole / max(1, n_read))
            self._tokens += scale * n_words
            self._sentences += scale * n_sentences


def estimate_types(sample: EncodedText, n_tokens: int) -> int:
    """The number of different words of a text of `n_tokens` that begins with the sample, by Heaps' law (a power law)."""
    if n_tokens <= sample.n_tokens:
        return len(sample.words)
    half = int(sample.ids.read(0, sample.n_tokens // 2).max(initial=0)) + 1  # ids are given in order of appearance
    growth = len(sample.words) / half  # from half of the sample to all of it: 2 to the power
    return round(len(sample.words) * math.exp(math.log(growth) * math.log2(n_tokens / sample.n_tokens)))


def _measure(path: Path, before: int, report: Callable[[int], None], text_field: str | None) -> FileSize:
    kind = format_of_file(path)
    packed = path.suffix.lower() in PACKED
    if kind == "parquet" and not packed:
        with read_errors(path):
            return FileSize(path, *reversed(count_records(path)))
    if kind not in ("lines", "jsonl"):
        n_records = sum(1 for _ in read_texts(path, text_field))
        return FileSize(path, _count(path, before, report)[0], n_records)
    if kind == "lines" and not packed and not _is_wide(path):
        return FileSize(path, path.stat().st_size, None)
    n_bytes, n_lines = _count(path, before, report)
    return FileSize(path, n_bytes, None if kind == "lines" else n_lines)


def _is_wide(path: Path) -> bool:
    with read_errors(path), open_unpacked(path) as file:
        return wide_encoding(file.peek()) is not None


def _count(path: Path, before: int, report: Callable[[int], None]) -> tuple[int, int]:
    """Bytes and lines of a file, unpacked."""
    n_bytes = n_lines = 0
    last = b""
    with read_errors(path), open_unpacked(path) as file:
        while block := file.read(_BLOCK_BYTES):
            n_bytes += len(block)
            n_lines += block.count(b"\n")
            last = block[-1:]
            report(before + n_bytes)
    return n_bytes, n_lines + (last not in (b"", b"\n"))
