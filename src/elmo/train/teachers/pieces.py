"""The words of a sentence in the pieces of a teacher's tokenizer, found by character offsets.

A sentence is given to the tokenizer as its words with a blank between them. A piece belongs to the word that its characters stand
in. Where the teacher's tokenizer reads nothing of a word (control characters, variation selectors), the word has no pieces.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from elmo.errors import CheckpointError, ConfigError, reason_of

TOKENIZER_FILE = "tokenizer.json"


@dataclass(frozen=True)
class Pieces:
    """Some words of a sentence as the teacher reads them, at most as many pieces as it can read at once."""

    ids: list[int]  # of the pieces, without the special ones at the beginning and the end
    word_of: list[int]  # for each piece the index of its word in the sentence, rising


class PieceTokenizer:
    """A `tokenizer.json`, read by the library `tokenizers`.

    Args:
        path: the file.
        longest: pieces that the teacher can read at once, without the special ones.
    Raises:
        ConfigError: `tokenizers` is not installed.
        CheckpointError: the file is missing or no tokenizer, or it puts no special piece around a sentence.
    """

    def __init__(self, path: Path, longest: int) -> None:
        try:
            from tokenizers import Tokenizer
        except ImportError:
            raise ConfigError('a Transformer as teacher needs tokenizers: pip install "elmo-lm[teacher]"') from None
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise CheckpointError(
                f"{path}: cannot be read ({reason_of(error)}); give the folder of a Transformer"
            ) from error
        try:
            self._tokenizer = Tokenizer.from_str(text)
        except Exception as error:  # the library raises no narrower kind
            raise CheckpointError(f"{path}: not a tokenizer of the library tokenizers ({reason_of(error)})") from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        around = self._tokenizer.encode("a")
        special = around.special_tokens_mask
        if len(special) < 3 or not (special[0] and special[-1]):
            raise CheckpointError(f"{path}: it puts no special token before and after a sentence, as BERT's does")
        self.begin, self.end = around.ids[0], around.ids[-1]
        self._longest = longest

    @property
    def n_ids(self) -> int:
        """The number of different pieces."""
        return int(self._tokenizer.get_vocab_size(with_added_tokens=True))

    def whole_words(self) -> dict[str, int]:
        """The pieces of two or more visible ASCII characters that the tokenizer leaves whole, with their ids, rising."""
        pieces = sorted(self._tokenizer.get_vocab().items(), key=lambda pair: pair[1])
        visible = [
            (piece, number) for piece, number in pieces if len(piece) > 1 and piece.isascii() and piece.isprintable()
        ]
        found = self._tokenizer.encode_batch([piece for piece, _ in visible], add_special_tokens=False)
        special = self._tokenizer.get_added_tokens_decoder()
        return {
            piece: number
            for (piece, number), encoding in zip(visible, found, strict=True)
            if encoding.ids == [number] and number not in special and " " not in piece
        }

    def split(self, sentences: Sequence[Sequence[str]]) -> list[list[Pieces]]:
        """Each sentence as one list of pieces, or as several if it is too long to be read at once; cut between words only."""
        texts = [" ".join(words) for words in sentences]
        found = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        return [
            self._cut(encoding.ids, words_at(encoding.offsets, words))
            for encoding, words in zip(found, sentences, strict=True)
        ]

    def _cut(self, ids: Sequence[int], word_of: Sequence[int | None]) -> list[Pieces]:
        """Pieces in runs of at most `longest`; a word of more pieces than that is left out."""
        by_word: dict[int, list[int]] = {}
        for piece, word in zip(ids, word_of, strict=True):
            if word is not None:
                by_word.setdefault(word, []).append(piece)
        runs = [Pieces([], [])]
        for word, own in by_word.items():
            if len(own) > self._longest:
                continue
            if len(runs[-1].ids) + len(own) > self._longest:
                runs.append(Pieces([], []))
            runs[-1].ids.extend(own)
            runs[-1].word_of.extend([word] * len(own))
        return [run for run in runs if run.ids]


def words_at(offsets: Sequence[tuple[int, int]], words: Sequence[str]) -> list[int | None]:
    """The index of the word in which each piece stands; None: it reads nothing, or more than one word.

    Args:
        offsets: begin and end of each piece in the words with a blank between them, in characters.
    """
    ends = list(accumulate(len(word) + 1 for word in words))  # one past the blank after each word
    found: list[int | None] = []
    word = 0
    for begin, end in offsets:
        while word + 1 < len(words) and begin >= ends[word]:
            word += 1
        while word > 0 and begin < ends[word - 1]:  # offsets of some tokenizers step back
            word -= 1
        found.append(word if begin < end < ends[word] else None)
    return found
