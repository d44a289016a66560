"""The words that fit a masked position of a sentence, by what stands before it and after it.

    p(w) is proportional to p(w | the words before) * p(w | the words after)

renormalised over the words of the vocabulary, without the marks of sentences and `<UNK>`. Neither direction reads the word at the
position, which has no influence.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import torch

from elmo.checkpoints.saved_model import SavedModel
from elmo.embed.language_model.unknown_words import unknown_words_warning, warn_of_unknown_words
from elmo.errors import CheckpointError, TextError
from elmo.text.sentence_inputs import Sentence, words_of
from elmo.text.tokenizer import Tokenizer

_IN_BRACKETS = re.compile(r"\[([^\[\]]+)\]")


class MaskedSentence(NamedTuple):
    """A sentence with one masked position."""

    words: list[str]
    at: int  # index of the word there, which is not read

    @property
    def context(self) -> list[str]:
        """The words before and after the position."""
        return [*self.words[: self.at], *self.words[self.at + 1 :]]


def read_masked(sentence: Sentence, tokenizer: Tokenizer) -> MaskedSentence:
    """`The [MASK] of the river`, or any other word in the brackets -> the sentence and the position of that word.

    Args:
        sentence: a string, tokenized around the brackets, or a list of tokens, one of them in brackets.
    Raises:
        TextError: there is not exactly one word in brackets.
    """
    if isinstance(sentence, str):
        found = list(_IN_BRACKETS.finditer(sentence))
        if len(found) == 1:
            before, after = (
                [token.text for token in tokenizer.tokenize(part)]
                for part in (sentence[: found[0].start()], sentence[found[0].end() :])
            )
            return MaskedSentence([*before, found[0][1], *after], len(before))
    else:
        words = words_of(sentence, 0, tokenizer)
        positions = [i for i, word in enumerate(words) if _IN_BRACKETS.fullmatch(word)]
        if len(positions) == 1:
            return MaskedSentence(words, positions[0])
    raise TextError(
        f"{sentence!r:.80}: put one word in brackets, as in 'The [MASK] of the river' or 'The [bank] of the river'"
    )


@torch.no_grad()
def top_states(model: SavedModel, words: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """The top states of both directions for T words between their boundaries: float (T + 2, P) each."""
    start, end = model.word_encoder.boundaries
    char_ids = torch.from_numpy(model.word_encoder.encode([start, *words, end]))[None]  # (1, T + 2, C)
    layers, _ = model.bilm(char_ids, torch.ones(char_ids.shape[:2], dtype=torch.bool))
    ahead, behind = layers[0, -1].chunk(2, dim=1)
    return ahead, behind


@torch.no_grad()
def log_probabilities_at(model: SavedModel, words: Sequence[str], at: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The log probabilities of all words at a position, from the left and from the right, each float64 (V,).

    The same for every word at the position, bit for bit.

    Raises:
        CheckpointError: the model has no softmax.
    """
    if model.softmax is None or model.vocabulary is None:
        raise CheckpointError("this model has no softmax, so it predicts no words; it can only embed")
    unread = model.word_encoder.boundaries[0]  # whatever word is there: not even its length may move a rounding
    ahead, behind = top_states(model, [*words[:at], unread, *words[at + 1 :]])
    beside = torch.stack([ahead[at], behind[at + 2]])  # the tokens before and after the position, boundaries counted
    left, right = model.softmax.log_probabilities(beside).double()
    return left, right


def context_warning(model: SavedModel, masked: MaskedSentence) -> str | None:
    """The warning of a position with at least 15 % of unknown words beside it; None: there are fewer."""
    return unknown_words_warning(*_unknown_beside(model, masked))


def _unknown_beside(model: SavedModel, masked: MaskedSentence) -> tuple[int, int]:
    """Unknown words before and after the position, and all words there with one boundary."""
    vocabulary = model.vocabulary
    assert vocabulary is not None  # with a softmax there is one
    return int((vocabulary.encode(masked.context) == vocabulary.unknown_id).sum()), len(masked.context) + 1


def fill_masked(model: SavedModel, masked: MaskedSentence, k: int) -> list[tuple[str, float]]:
    """The k likeliest words at the masked position with their probabilities, the likeliest first; see the module.

    A position with at least 15 % of unknown words beside it is warned of.

    Raises:
        CheckpointError: the model has no softmax.
    """
    left, right = log_probabilities_at(model, masked.words, masked.at)
    warn_of_unknown_words(*_unknown_beside(model, masked), levels=2)  # the caller of `Elmo.fill`
    vocabulary = model.vocabulary
    assert vocabulary is not None  # with a softmax there is one
    both = left + right
    both[[vocabulary.start_id, vocabulary.end_id, vocabulary.unknown_id]] = -torch.inf
    best = both.softmax(dim=0).topk(min(k, len(both) - 3))
    return [(vocabulary.words[i], p) for i, p in zip(best.indices.tolist(), best.values.tolist(), strict=True)]
