"""Probes of a word in its sentence: its sense, and whether it has the same sense in two sentences."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elmo.analysis.linear_probe import Labels, Vectors, draw_parts, fit_linear
from elmo.analysis.probe_data import Occurrence, WordPair
from elmo.analysis.probe_scores import MAJORITY, ProbeSettings, Score, Text, digits
from elmo.analysis.probe_vectors import TokenVectors, embed_tokens
from elmo.text.typing_errors import misspell

Rights = list[NDArray[np.bool_]]  # correct predictions of each seed (N,)


def unit(x: NDArray[Any]) -> Vectors:
    """Vectors (..., D) of length 1; zeros stay zeros."""
    found: Vectors = (x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-12)).astype(np.float32)
    return found


def first_neighbour(known: Vectors, labels: NDArray[Any], asked: Vectors) -> NDArray[Any]:
    """For each of asked (M, D), the label of its nearest neighbour by cosine among known (N, D): (M,)."""
    nearest: NDArray[np.int64] = (unit(asked) @ unit(known).T).argmax(axis=1)
    found: NDArray[Any] = labels[nearest]
    return found


def probe_senses(
    source: TokenVectors, train: Sequence[Occurrence], test: Sequence[Occurrence], word: str, settings: ProbeSettings
) -> list[Score]:
    """Accuracy of the first neighbour and of a linear probe on the occurrences of one word."""
    senses = sorted({item.sense for item in train})
    number = {sense: i for i, sense in enumerate(senses)}
    labels = np.array([number[item.sense] for item in train], np.int64)
    gold = np.array([number.get(item.sense, -1) for item in test], np.int64)
    known = embed_tokens(source, [item.tokens for item in train], [item.at for item in train])
    tests = {
        text: embed_tokens(source, sentences, [item.at for item in test])
        for text, sentences in _texts([item.tokens for item in test], settings).items()
    }
    most = Counter(labels.tolist()).most_common(1)[0][0]
    scores = [
        Score("sense", word, measure, MAJORITY, "", "clean", [100 * float((gold == most).mean())], [])
        for measure in ("first neighbour", "logistic")
    ]
    for view in (*source.views, *source.bags):
        x, asked = view.of(known), {text: view.of(parts) for text, parts in tests.items()}
        names = (view.system, view.name)
        for measure, classify in (("first neighbour", _predict_by_neighbour), ("logistic", _predict_by_probe)):
            dev, right = [], {text: Rights() for text in asked}
            for seed in range(settings.seeds):
                learned, chosen = draw_parts(np.arange(len(x)), seed)
                inputs = {"dev": x[chosen], **asked}
                predicted = classify(
                    x[learned], labels[learned], (x[chosen], labels[chosen]), inputs, len(senses), seed
                )
                dev.append(100 * float((predicted["dev"] == labels[chosen]).mean()))
                for text in asked:
                    right[text].append(predicted[text] == gold)
            scores += _scores(("sense", word, measure), names, right, dev)
    return scores


def _predict_by_neighbour(
    x: Vectors, y: Labels, dev: tuple[Vectors, Labels], asked: dict[str, Vectors], n: int, seed: int
) -> dict[str, Labels]:
    return {text: first_neighbour(x, y, of_text) for text, of_text in asked.items()}


def _predict_by_probe(
    x: Vectors, y: Labels, dev: tuple[Vectors, Labels], asked: dict[str, Vectors], n: int, seed: int
) -> dict[str, Labels]:
    probe = fit_linear(x, y, n, dev, seed=seed)
    return {text: probe.predict(of_text) for text, of_text in asked.items()}


def probe_word_in_context(
    source: TokenVectors, train: Sequence[WordPair], test: Sequence[WordPair], of: str, settings: ProbeSettings
) -> list[Score]:
    """Accuracy of a linear probe on the difference and product of two occurrences; training splits are drawn by word."""
    labels, gold = (np.array([pair.same for pair in pairs], np.int64) for pairs in (train, test))
    words = {word: i for i, word in enumerate(dict.fromkeys(pair.word for pair in train))}
    groups = np.array([words[pair.word] for pair in train], np.int64)
    known = _embed_pairs(source, train, [s for pair in train for s in pair.sentences])
    texts = _texts([sentence for pair in test for sentence in pair.sentences], settings)
    tests = {text: _embed_pairs(source, test, sentences) for text, sentences in texts.items()}
    most = int(labels.mean() >= 0.5)
    names = ("wic", of, "accuracy")
    scores = [Score(*names, MAJORITY, "", "clean", [100 * float((gold == most).mean())], [])]
    for view in (*source.pair_views, *source.bags):
        x = compared(view.of(known))
        asked = {text: compared(view.of(parts)) for text, parts in tests.items()}
        dev, right = [], {text: Rights() for text in asked}
        for seed in range(settings.seeds):
            learned, chosen = draw_parts(groups, seed)
            held = (x[chosen], labels[chosen])
            probe = fit_linear(x[learned], labels[learned], 2, held, seed=seed)
            dev.append(probe.dev_accuracy)
            for text, of_text in asked.items():
                right[text].append(probe.predict(of_text) == gold)
        scores += _scores(names, (view.system, view.name), right, dev)
    return scores


def _embed_pairs(source: TokenVectors, pairs: Sequence[WordPair], sentences: Sequence[Sequence[str]]) -> NDArray[Any]:
    """Both occurrences of each pair in succession: float16 (P, 2 N, D)."""
    return embed_tokens(source, sentences, [position for pair in pairs for position in pair.positions], around=True)


def compared(x: Vectors) -> Vectors:
    """Pairs of neighbours (2 N, D) -> the features of each pair: |a - b|, a * b, their cosine: (N, 2 D + 1)."""
    a, b = x[0::2], x[1::2]
    cosine = (unit(a) * unit(b)).sum(axis=1, keepdims=True)
    found: Vectors = np.concatenate([np.abs(a - b), a * b, cosine], axis=1)
    return found


def _texts(sentences: list[list[str]], settings: ProbeSettings) -> dict[str, list[list[str]]]:
    """The test text unchanged, and with typing errors."""
    typed = {"typed": misspell(sentences, settings.typed)} if settings.typed else {}
    return {"clean": sentences, **typed}


def _scores(
    names: tuple[str, str, str], view: tuple[str, str], right: dict[str, Rights], dev: list[float]
) -> list[Score]:
    texts: tuple[Text, ...] = ("clean", "typed")
    return [
        Score(*names, *view, text, [100 * float(r.mean()) for r in right[text]], dev, digits(right[text]))
        for text in texts
        if text in right
    ]
