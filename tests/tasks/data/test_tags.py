"""Tags and spans: what a scheme writes it reads, and lenient reading is seqeval's (conlleval's), valid tags or not."""

import itertools
import random

import pytest
from seqeval.metrics import f1_score, precision_score, recall_score

from elmo.errors import TextError
from elmo.tasks.data.tags import Span, all_tags, allowed_transitions, guess_scheme, spans_of_tags, tags_of_spans
from elmo.tasks.scoring.span_scores import span_counts, span_scores

SCHEMES = ["bio", "iob1", "bioes", "bmes"]


def some_spans(rng, n_tokens):
    """Spans without overlap, some with nothing between."""
    spans, at = [], 0
    while at < n_tokens:
        end = min(n_tokens, at + rng.randint(1, 4))
        if rng.random() < 0.6:
            spans.append(Span(at, end, rng.choice("xy")))
        at = end
    return spans


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_is_written_is_read_and_valid(scheme):
    rng = random.Random(1)
    names = all_tags(["x", "y"], scheme)
    start, between, end = allowed_transitions(names, scheme)
    for _ in range(300):
        spans = some_spans(rng, rng.randint(1, 9))
        tags = tags_of_spans(spans, 9, scheme)
        assert spans_of_tags(tags) == spans
        path = [names.index(tag) for tag in tags]
        assert start[path[0]]
        assert end[path[-1]]
        assert all(between[a, b] for a, b in itertools.pairwise(path))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_may_follow_is_what_some_spans_write(scheme):
    names = all_tags(["x", "y"], scheme)
    start, between, end = allowed_transitions(names, scheme)
    rng = random.Random(2)
    seen = set()
    for _ in range(3000):
        tags = tags_of_spans(some_spans(rng, 6), 6, scheme)
        seen |= {(None, tags[0]), (tags[-1], None), *itertools.pairwise(tags)}
    allowed = {(None, tag) for tag, may in zip(names, start, strict=True) if may}
    allowed |= {(tag, None) for tag, may in zip(names, end, strict=True) if may}
    allowed |= {(a, b) for a, row in zip(names, between, strict=True) for b, may in zip(names, row, strict=True) if may}
    assert seen == allowed


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_scores_are_those_of_seqeval_on_a_thousand_random_taggings(scheme):
    rng = random.Random(3)
    names = all_tags(["x", "y"], scheme)
    for _ in range(1000):
        lengths = [rng.randint(1, 8) for _ in range(3)]
        true, predicted = ([[rng.choice(names) for _ in range(n)] for n in lengths] for _ in range(2))
        counts = span_counts([*map(spans_of_tags, true)], [*map(spans_of_tags, predicted)])
        found = span_scores(counts.sum(axis=0))
        theirs = [[[tag.replace("M-", "I-") for tag in tags] for tags in side] for side in (true, predicted)]
        assert found["f1"] == pytest.approx(100 * f1_score(*theirs))
        assert found["precision"] == pytest.approx(100 * precision_score(*theirs, zero_division=0))
        assert found["recall"] == pytest.approx(100 * recall_score(*theirs, zero_division=0))


def test_schemes_are_known_by_their_letters():
    spans = [[Span(0, 2, "x"), Span(2, 3, "x"), Span(3, 6, "y")]]
    for scheme in SCHEMES:
        assert guess_scheme(tags_of_spans(some, 7, scheme) for some in spans) == scheme
    assert guess_scheme([["U-x", "O", "B-x", "L-x"]]) == "bioes"


def test_bare_letters_are_spans_without_a_label():
    assert spans_of_tags(["B", "E", "S", "B", "M", "E"]) == [Span(0, 2, ""), Span(2, 3, ""), Span(3, 6, "")]
    assert tags_of_spans([Span(0, 2, "")], 3, "bio") == ["B", "I", "O"]


@pytest.mark.parametrize("tag", ["NOUN", "B_x", "B-", "X-per", "", "o"])
def test_a_tag_that_is_none_of_a_span_is_refused(tag):
    with pytest.raises(TextError, match="not the tag of a span"):
        spans_of_tags(["O", tag])
