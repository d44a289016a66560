"""Scores of the sentences of a file, in order, and the tokens of it that were least expected."""

import heapq
from collections.abc import Iterator
from itertools import tee
from pathlib import Path
from typing import Any, NamedTuple

from elmo.apps.models.perplexity import load_language_model
from elmo.checkpoints.saved_model import warn_of_other_tokenizer
from elmo.embed.language_model.scores import SentenceScore, scores_of_each
from elmo.errors import TextError
from elmo.text.sources.source_sentences import SourceSentence, TextOptions, read_sentences
from elmo.train.perplexity import NO_SENTENCE


class ScoredSentence(NamedTuple):
    """A sentence of a file with its score."""

    line: int
    size_bytes: int  # of its lines, as `SourceSentence` counts them
    score: SentenceScore

    def facts(self) -> dict[str, Any]:
        """As `elmo score --json` prints it."""
        return {"line": self.line, **self.score.facts(), "bytes": self.size_bytes}


class Anomaly(NamedTuple):
    """A token that was little expected, by the mean of both directions."""

    bits: float
    line: int
    at: int  # index of the token in its sentence
    tokens: list[str]  # of the sentence


def score_file(
    model: str,
    text: Path,
    pretokenized: bool = False,
    text_field: str | None = None,
    vocabulary: Path | None = None,
) -> Iterator[ScoredSentence]:
    """The score of each sentence of a text, as `elmo perplexity` counts it; the text is read once and may be a pipe.

    Args:
        model, text, pretokenized, text_field, vocabulary: see `measure_file`.
    Yields:
        the sentences in order; a text with many unknown words is warned of at its end (`scores_of_each`).
    Raises:
        CheckpointError: no such model, or it has no softmax. TextError: no such text, or it is empty.
    """
    loaded = load_language_model(model, vocabulary, "it cannot score")
    if not pretokenized:
        warn_of_other_tokenizer(loaded.config, model)
    shown, read = tee(read_sentences([text], TextOptions(pretokenized, text_field, loaded.tokenizer)))
    scores = scores_of_each(loaded, (sentence.words for sentence in read))
    n_sentences = 0
    sentence: SourceSentence
    for sentence, score in zip(shown, scores, strict=True):
        n_sentences += 1
        yield ScoredSentence(sentence.line, sentence.size_bytes, score)
    if not n_sentences:
        raise TextError(NO_SENTENCE)


def least_expected(scored: Iterator[ScoredSentence], n: int) -> list[Anomaly]:
    """The n tokens of a text with the highest mean of both surprisals, the least expected first."""
    best: list[tuple[float, int, Anomaly]] = []
    for number, one in enumerate(scored):
        for at, bits in enumerate(one.score.token_bits.tolist()):
            entry = (bits, -number, Anomaly(bits, one.line, at, one.score.tokens))
            if len(best) < n:
                heapq.heappush(best, entry)
            elif entry[:2] > best[0][:2]:
                heapq.heapreplace(best, entry)
    return [anomaly for *_, anomaly in sorted(best, key=lambda entry: (-entry[0], -entry[1]))]
