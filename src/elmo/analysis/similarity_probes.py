"""Probes without training: correlation of vector similarity with human judgements, of sentences and of words."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elmo.analysis.probe_data import SentencePair, Similarity
from elmo.analysis.probe_scores import ProbeSettings, Score, Text, pearson, spearman
from elmo.analysis.probe_vectors import TokenVectors, embed_sentences
from elmo.analysis.sense_probes import unit
from elmo.analysis.word_occurrences import Rows, sample_locations
from elmo.text.sources.rows import Row
from elmo.text.tokenizer import VERSIONS
from elmo.text.typing_errors import misspell

_LONGEST = 60  # maximum tokens of a sentence in which words are looked up


def probe_sentences(
    source: TokenVectors, pairs: Sequence[SentencePair], of: str, settings: ProbeSettings
) -> list[Score]:
    """Correlation (Pearson) of the cosine of mean token vectors with human judgements; nothing is trained."""
    judged = np.array([pair.score for pair in pairs])
    tokenize = VERSIONS[settings.tokenizer].tokenize
    texts: dict[Text, list[list[str]]] = {
        "clean": [[token.text for token in tokenize(text)] for pair in pairs for text in pair.texts]
    }
    if settings.typed:
        texts["typed"] = misspell(texts["clean"], settings.typed)
    scores = []
    for text, sentences in texts.items():
        parts = embed_sentences(source, sentences)  # (P, 2 N, D)
        for view in source.pooled_views:
            x = unit(view.of(parts))
            cosines = (x[0::2] * x[1::2]).sum(axis=1).astype(np.float64)
            scores.append(
                Score("sentences", of, "pearson", view.system, view.name, text, [pearson(cosines, judged)], [])
            )
    return scores


class WordsInText(NamedTuple):
    """Sentences of a text that contain chosen words."""

    sentences: list[list[str]]
    locations: list[tuple[int, int, str]]  # sentence, token, word


def find_words(text: Rows, words: Collection[str], most: int, seed: int = 0) -> WordsInText:
    """Sample at most `most` locations of each word, ignoring case, in sentences of at most 60 tokens; reads the text twice."""
    sampled = sample_locations(_short(text()), words, most, True, np.random.default_rng(seed))
    by_row: dict[int, list[tuple[int, str]]] = {}
    for word, locations in sampled.items():
        for location in locations:
            by_row.setdefault(location.row, []).append((location.token, word))
    found = WordsInText([], [])
    for number, row in enumerate(_short(text())):
        if number in by_row:
            found.locations.extend((len(found.sentences), at, word) for at, word in by_row[number])
            found.sentences.append([token.text for token in row.tokens])
    return found


def _short(rows: Iterable[Row]) -> Iterable[Row]:
    return (row for row in rows if 0 < len(row.tokens) <= _LONGEST)


def probe_words(source: TokenVectors, lists: dict[str, Sequence[Similarity]], text: WordsInText) -> list[Score]:
    """Correlation (Spearman) of the cosine of two words with human judgements.

    The vector of a word is the mean over its occurrences in the text (Bommasani et al. 2020). Pairs with a word that does not
    occur in the text are left out, for all systems alike.
    """
    number = {word: i for i, word in enumerate(dict.fromkeys(word for _, _, word in text.locations))}
    by_sentence: dict[int, list[tuple[int, int]]] = {}
    for sentence, at, word in text.locations:
        by_sentence.setdefault(sentence, []).append((at, number[word]))
    sums: NDArray[np.float32] | None = None
    for i, parts in enumerate(source.stream(text.sentences)):
        if sums is None:
            sums = np.zeros((len(parts), len(number), parts.shape[2]), np.float32)
        for at, which in by_sentence[i]:
            sums[:, which] += unit(parts[:, at])
    scores = []
    for name, pairs in lists.items():
        both = [pair for pair in pairs if all(word in number for word in pair.words)]
        if len(both) < 3 or sums is None:
            continue
        judged = np.array([pair.score for pair in both])
        for view in source.pooled_views:
            x = unit(view.of(sums))
            a, b = (x[[number[pair.words[side]] for pair in both]] for side in (0, 1))
            cosines = (a * b).sum(axis=1).astype(np.float64)
            own = (view.system, view.name)
            scores.append(Score("words", name, "spearman", *own, "clean", [spearman(cosines, judged)], []))
    return scores
