"""Linear probes of every token of a sentence: parts of speech and named entities."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from elmo.analysis.linear_probe import draw_parts, fit_linear
from elmo.analysis.probe_scores import MAJORITY, ProbeSettings, Score, Text
from elmo.analysis.probe_vectors import TokenVectors, embed_tokens
from elmo.tasks.data.conll import read_tagged, require_span_tags
from elmo.tasks.data.tags import spans_of_tags
from elmo.tasks.examples import Example
from elmo.tasks.scoring.span_scores import span_counts, span_scores
from elmo.text.typing_errors import misspell

Judge = Callable[[list[str]], float]  # tags of all test tokens -> the score in percent


def probe_parts_of_speech(
    source: TokenVectors, train: Path, test: Path, of: str, settings: ProbeSettings
) -> list[Score]:
    """Accuracy of the tags of a test file."""
    examples = read_tagged(test)
    gold = np.array([tag for example in examples for tag in example.labels])

    def accuracy(predicted: list[str]) -> float:
        return 100 * float((np.array(predicted) == gold).mean())

    return _probe(source, read_tagged(train), examples, accuracy, ("pos", of, "accuracy"), settings)


def probe_entities(source: TokenVectors, train: Path, test: Path, of: str, settings: ProbeSettings) -> list[Score]:
    """F1 of the spans encoded by the tags of a test file."""
    known, asked = read_tagged(train), read_tagged(test)
    require_span_tags(known, str(train))
    require_span_tags(asked, str(test))
    gold_spans = [spans_of_tags(example.labels) for example in asked]
    ends = np.cumsum([len(example.labels) for example in asked]).tolist()

    def f1(predicted: list[str]) -> float:
        spans = [spans_of_tags(predicted[start:end]) for start, end in zip([0, *ends], ends, strict=False)]
        return float(span_scores(span_counts(gold_spans, spans).sum(axis=0))["f1"])

    return _probe(source, known, asked, f1, ("entities", of, "f1"), settings)


def _probe(
    source: TokenVectors,
    train: Sequence[Example],
    test: Sequence[Example],
    judge: Judge,
    names: tuple[str, str, str],
    settings: ProbeSettings,
) -> list[Score]:
    train = draw_sentences(train, settings.limit)
    tags = sorted({tag for example in train for tag in example.labels})
    number = {tag: i for i, tag in enumerate(tags)}
    gold = np.array([number[tag] for example in train for tag in example.labels], np.int64)
    groups = np.repeat(np.arange(len(train)), [len(example.labels) for example in train])
    asked = {"clean": [[token.text for token in example.tokens] for example in test]}
    if settings.typed:
        asked["typed"] = misspell(asked["clean"], settings.typed)
    known = embed_tokens(source, [[token.text for token in example.tokens] for example in train])
    tests = {text: embed_tokens(source, words) for text, words in asked.items()}
    most = Counter(gold.tolist()).most_common(1)[0][0]
    n_test = sum(len(example.labels) for example in test)
    scores = [Score(*names, MAJORITY, "", "clean", [judge([tags[most]] * n_test)], [])]
    for view in source.views:
        x = view.of(known)
        found = _fit(x, gold, groups, len(tags), {text: view.of(parts) for text, parts in tests.items()}, settings)
        for text, (predictions, dev) in found.items():
            values = [judge([tags[i] for i in predicted]) for predicted in predictions]
            scores.append(Score(*names, view.system, view.name, text, values, dev))
    return scores


def _fit(
    x: NDArray[np.float32],
    gold: NDArray[np.int64],
    groups: NDArray[np.int64],
    n_labels: int,
    tests: dict[str, NDArray[np.float32]],
    settings: ProbeSettings,
) -> dict[Text, tuple[list[list[int]], list[float]]]:
    """For each test text the predictions of each seed, and the dev score of each seed."""
    predicted: dict[str, list[list[int]]] = {text: [] for text in tests}
    dev = []
    for seed in range(settings.seeds):
        learned, chosen = draw_parts(groups, seed)
        probe = fit_linear(x[learned], gold[learned], n_labels, (x[chosen], gold[chosen]), seed=seed)
        dev.append(probe.dev_accuracy)
        for text, of_test in tests.items():
            predicted[text].append(probe.predict(of_test).tolist())
    return {text: (predicted[text], dev) for text in predicted}  # type: ignore[misc]


def draw_sentences(examples: Sequence[Example], n_tokens: int, seed: int = 0) -> list[Example]:
    """Draw whole sentences at random, at most `n_tokens` tokens, in their original order."""
    order = np.random.default_rng(seed).permutation(len(examples))
    ends = np.cumsum([len(examples[i].tokens) for i in order])
    return [examples[i] for i in sorted(order[: max(1, int((ends <= n_tokens).sum()))])]
