"""A sample of a corpus, large enough to estimate its size and the training speed."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from elmo.errors import TextError
from elmo.text.heldout import count_heldout
from elmo.text.shards import EncodedText, write_encoded_text
from elmo.text.sources.corpus import find_files
from elmo.text.sources.corpus_size import CorpusSample, estimate_types, measure_files
from elmo.text.sources.standard_input import rereadable
from elmo.text.tokenizer import NEWEST, Tokenizer
from elmo.text.words.lexicon import Lexicon, learn_lexicon
from elmo.text.words.vocabulary import SPECIALS, Vocabulary, vocabulary_from_counts
from elmo.train.config import PretrainConfig

SAMPLE_BYTES = 2**23  # of a larger corpus only this much is read, in seconds


@dataclass(frozen=True)
class TextSample:
    """The sample of a corpus, and the size of the whole corpus."""

    n_files: int
    n_bytes: int  # uncompressed
    n_tokens: int
    n_sentences: int
    n_types: int  # different words
    whole: bool  # everything was read: the numbers are exact
    reading_s: float  # of all files, as a run reads them
    text: EncodedText  # the sample

    @property
    def n_heldout(self) -> int:
        """Sentences that a run holds out."""
        return count_heldout(self.n_sentences)

    @property
    def n_positions(self) -> int:
        """Positions of an epoch: each token and one boundary per sentence, without held-out sentences."""
        if self.whole:
            return self.n_tokens - self.text.n_heldout_tokens + self.n_sentences - self.n_heldout
        return round((self.n_tokens + self.n_sentences) * (1 - self.n_heldout / self.n_sentences))

    def vocabulary(self, size: int) -> Vocabulary:
        """The vocabulary of a run: the words of the sample, then placeholders."""
        words = vocabulary_from_counts(self.text.count_words(), size).words
        return Vocabulary(words if self.whole else _filled_up(words, len(SPECIALS) + min(size, self.n_types)))

    def lexicon(self, recipe: PretrainConfig) -> Lexicon:
        """The lexicon of a run, completed in the same way."""
        n_words = recipe.bilm.n_input_words
        alphabet, words = learn_lexicon(self.text.count_words(), recipe.bilm.alphabet_size, n_words)
        if words is not None and n_words is not None and not self.whole:
            words = Vocabulary(_filled_up(words.words, len(SPECIALS) + min(n_words, self.n_types)))
        return Lexicon(alphabet, words)


@contextmanager
def sampled_text(
    patterns: Sequence[str],
    pretokenized: bool,
    text_field: str | None,
    seed: int,
    say: Callable[[str], None] = lambda line: None,
    tokenizer: Tokenizer = NEWEST,
) -> Iterator[TextSample]:
    """Read a sample of a corpus into a folder that is removed at the end of the block.

    Args:
        patterns: files and globs.
        seed: decides which sentences a run holds out. tokenizer: cuts raw text; that of the run.
    Raises:
        TextError: a file is missing or broken, or there are fewer than two sentences.
    """
    with ExitStack() as stack:
        files = [stack.enter_context(rereadable(file)) for file in find_files(patterns)]
        yield stack.enter_context(_sampled(files, patterns, pretokenized, text_field, seed, say, tokenizer))


@contextmanager
def _sampled(
    files: Sequence[Path],
    patterns: Sequence[str],
    pretokenized: bool,
    text_field: str | None,
    seed: int,
    say: Callable[[str], None],
    tokenizer: Tokenizer,
) -> Iterator[TextSample]:
    begun = time.monotonic()
    sizes = measure_files(files, lambda n: say(f"corpus: {n / 1e6:,.0f} MB"), text_field)
    unpacking_s = time.monotonic() - begun
    sample = CorpusSample(sizes, pretokenized, text_field, SAMPLE_BYTES, tokenizer)
    with TemporaryDirectory(prefix="elmo-plan-") as folder:
        begun = time.monotonic()
        text = write_encoded_text(sample, Path(folder) / "text", seed)
        sampling_s = time.monotonic() - begun
        if text.n_sentences < 2:
            raise TextError(
                f"{', '.join(patterns)}: {'one sentence' if text.n_sentences else 'no text'} in the corpus; "
                "training needs at least two sentences, and a useful model about 100,000 words"
            )
        yield TextSample(
            n_files=len(sizes),
            n_bytes=sample.n_bytes,
            n_tokens=sample.n_tokens,
            n_sentences=sample.n_sentences,
            n_types=estimate_types(text, sample.n_tokens),
            whole=sample.whole,
            reading_s=unpacking_s + sampling_s * sample.n_tokens / text.n_tokens,
            text=text,
        )


def _filled_up(words: Sequence[str], n: int) -> list[str]:
    """`n` words: the cost does not depend on what the rare words are."""
    known, made_up, number = set(words), list(words), 0
    while len(made_up) < n:
        if (word := f"word-{number}") not in known:
            made_up.append(word)
        number += 1
    return made_up[:n]
