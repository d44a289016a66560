"""A second text that is mixed into the first one: an encoded text of its own, in the folder `mix`.

It is old text, so that a model that is adapted does not forget; or text that is read for a teacher only. Both texts share one
numbering of words: that of the first text, followed by the words of the second one without the two marks.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from elmo.errors import TextError
from elmo.text.shards import END_ID, EncodedText, write_encoded_text

MIX_FOLDER = "mix"  # in the folder of a run
N_MARKS = END_ID + 1  # ids that both texts have in common: `<S>` and `</S>`


class MixedText(NamedTuple):
    """The old text and how much of it is read."""

    text: EncodedText
    fraction: float  # of all positions that are trained
    is_predicted: bool = True  # False: it is read for a teacher, no word of it is predicted

    def heldout_sentences(self) -> list[list[str]]:
        """Its sentences that are not trained on."""
        return [self.text.sentence(number) for number in self.text.heldout.tolist()]


class JoinedWords(Sequence[str]):
    """The different words of a text, then those of a mixed one without its marks."""

    def __init__(self, first: Sequence[str], second: Sequence[str]) -> None:
        self._first, self._second = first, second

    def __len__(self) -> int:
        return len(self._first) + len(self._second) - N_MARKS

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if index < len(self._first):
            return self._first[index]
        return self._second[index - len(self._first) + N_MARKS]


def words_of_both(text: EncodedText, mixed: MixedText | None) -> Sequence[str]:
    """The different words that a run reads; their indices are the ids of its windows."""
    return text.words if mixed is None else JoinedWords(text.words, mixed.text.words)


def counts_of_both(text: EncodedText, mixed: MixedText | None) -> tuple[NDArray[np.int64] | NDArray[np.float64], float]:
    """How often each of `words_of_both` is read in an epoch of the new text, and how many sentences are."""
    n_sentences = text.n_sentences - len(text.heldout)
    if mixed is None or mixed.fraction == 0 or not mixed.is_predicted:
        more = [] if mixed is None else [np.zeros(len(mixed.text.words) - N_MARKS, np.int64)]
        return np.concatenate([text.word_counts, *more]), n_sentences
    old, n_old_sentences = mixed.text, mixed.text.n_sentences - len(mixed.text.heldout)
    n_positions, n_old_positions = (
        int(t.word_counts.sum()) + n for t, n in ((text, n_sentences), (old, n_old_sentences))
    )
    times = (
        n_positions * mixed.fraction / (1 - mixed.fraction) / n_old_positions
    )  # that the old text is read in this time
    return np.concatenate([text.word_counts, times * old.word_counts[N_MARKS:]]), n_sentences + times * n_old_sentences


def count_words_of_both(text: EncodedText, mixed: MixedText | None) -> Counter[str]:
    """`counts_of_both` by word."""
    if mixed is None:
        return text.count_words()
    found: Counter[str] = Counter()
    for word, n in zip(words_of_both(text, mixed), counts_of_both(text, mixed)[0].tolist(), strict=True):
        if n:
            found[word] += n
    return found


def write_mixed_text(
    sentences: Iterable[tuple[Sequence[str], bool]],
    run: Path,
    seed: int,
    source: str,
    fraction: float,
    is_predicted: bool,
) -> MixedText:
    """Write the old text into the folder of a run that is being made; some of its sentences are held out.

    Args:
        sentences: words, and whether they begin a document. seed: which are held out. source: names the text in messages.
        fraction, is_predicted: see `MixedText`.
    Raises:
        TextError: it has fewer than two sentences.
    """
    text = write_encoded_text(sentences, run / MIX_FOLDER, seed)
    if text.n_sentences < 2:
        found = "one sentence" if text.n_sentences else "no text"
        raise TextError(
            f"{source}: {found} in the text to mix in; it needs at least two sentences, one of them held out"
        )
    return MixedText(text, fraction, is_predicted)
