"""The vectors of a teacher for the sentences of a run: computed once and kept on disk, as far as they may, or anew each time.

Sentences are kept in blocks, each a folder with float16 numbers. A block is always computed as a whole, so its numbers do not
depend on which window needed it first, and a run that is killed and resumed reads the same ones. Blocks are kept in the order of
the sentences until the bytes that they may take are used up; what comes after that is computed each time that it is read.
"""

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch

from elmo.errors import OutputError, TextError
from elmo.storage.arrays import DiskArray, open_arrays, writing_arrays
from elmo.storage.atomic import atomic_write
from elmo.train.data.encoded_corpus import EncodedCorpus
from elmo.train.teachers.teacher import TaughtSentence, Teacher, normalised

VECTORS_FOLDER = "teacher-vectors"  # in the folder of a run
BLOCK = 512  # sentences
_ARRAY = "vectors"  # of a block: float16 (words, K D + 1) as int16; the last number of a word is 1 if it is known
_OPEN = 256  # blocks held open at most


class SentenceVectors:
    """Normalised layers of a teacher for the sentences of a corpus, those of its second text after those of the first.

    Args:
        teacher: what is learned from. layers: of the teacher, those that are used.
        corpus: whose sentences are asked for.
        folder: where vectors are kept; None: nowhere.
        max_bytes: that they may take there.
    """

    def __init__(
        self,
        teacher: Teacher,
        layers: Sequence[int],
        corpus: EncodedCorpus,
        folder: Path | None = None,
        max_bytes: float = 0,
    ) -> None:
        self._teacher, self._layers, self._corpus, self._folder = teacher, list(layers), corpus, folder
        self._open: OrderedDict[int, DiskArray] = OrderedDict()
        self.n_layers, self.size = len(self._layers), teacher.size
        self.n_first = corpus.text.n_sentences
        self.n_sentences = self.n_first + (0 if corpus.mixed is None else corpus.mixed.text.n_sentences)
        self.n_kept = 0 if folder is None else self._sentences_within(max_bytes)

    def read(self, numbers: Sequence[int]) -> list[TaughtSentence]:
        """The layers of each word of some sentences, all different: float (K, n, D)."""
        found = {number: self._kept(number) for number in numbers if number < self.n_kept}
        others = [number for number in numbers if number >= self.n_kept]
        words = [self._words_of(number) for number in others]
        for number, each in zip(others, self._teacher.read(words) if words else [], strict=True):
            found[number] = TaughtSentence(normalised(each.layers[self._layers]), each.known)
        return [found[number] for number in numbers]

    def _words_of(self, number: int) -> list[str]:
        """A sentence of either text."""
        n, mixed = self.n_first, self._corpus.mixed
        return self._corpus.text.sentence(number) if mixed is None or number < n else mixed.text.sentence(number - n)

    def _n_words_before(self, number: int) -> int:
        """The words of all sentences before one."""
        text, mixed = self._corpus.text, self._corpus.mixed
        if mixed is None or number <= self.n_first:
            return int(text.sentences.read(number, number + 1)[0, 0])
        return text.n_tokens + int(mixed.text.sentences.read(number - self.n_first, number - self.n_first + 1)[0, 0])

    def _sentences_within(self, max_bytes: float) -> int:
        """The number of sentences, in whole blocks, whose vectors take at most so many bytes."""
        per_word = 2 * (self.n_layers * self.size + 1)
        low, high = 0, -(-self.n_sentences // BLOCK)  # blocks that fit, blocks
        while low < high:
            middle = (low + high + 1) // 2
            fits = self._n_words_before(min(middle * BLOCK, self.n_sentences)) * per_word <= max_bytes
            low, high = (middle, high) if fits else (low, middle - 1)
        return min(low * BLOCK, self.n_sentences)

    def _kept(self, number: int) -> TaughtSentence:
        """A sentence of a block."""
        block = number // BLOCK
        vectors = self._open.pop(block, None)
        if vectors is None:
            vectors = self._load(block)
        self._open[block] = vectors
        if len(self._open) > _OPEN:
            self._open.popitem(last=False)
        first = self._n_words_before(block * BLOCK)
        rows = vectors.read(self._n_words_before(number) - first, self._n_words_before(number + 1) - first)
        copy = torch.from_numpy(rows.view(np.float16).astype(np.float32))
        layers = copy[:, :-1].reshape(len(rows), self.n_layers, self.size).transpose(0, 1)
        return TaughtSentence(layers, copy[:, -1] > 0)

    def _load(self, block: int) -> DiskArray:
        """The vectors of a block, from its folder, or computed and written."""
        assert self._folder is not None
        numbers = range(block * BLOCK, min((block + 1) * BLOCK, self.n_sentences))
        n_words = self._n_words_before(numbers.stop) - self._n_words_before(numbers.start)
        path, shape = self._folder / f"{block:07d}", (n_words, self.n_layers * self.size + 1)
        with suppress(TextError):  # missing, cut short or altered
            (kept,) = open_arrays(path, [_ARRAY])
            if kept.shape == shape:
                return kept
        read = self._teacher.read([self._words_of(number) for number in numbers])
        layers = normalised(torch.cat([each.layers[self._layers] for each in read], dim=1))  # (K, words, D)
        known = torch.cat([each.known for each in read])
        vectors = torch.cat([layers.transpose(0, 1).flatten(1), known[:, None]], dim=1).to(torch.float16).numpy()
        try:
            with atomic_write(path) as part, writing_arrays(part) as writer:
                writer.append(_ARRAY, vectors.view(np.int16))
        except OutputError as error:
            raise OutputError(f"{error}; or begin a run with a smaller teacher.keep_gb") from error
        return open_arrays(path, [_ARRAY])[0]
