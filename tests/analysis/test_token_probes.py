"""Sentences with a label for each token, as probes draw them."""

from elmo.analysis.token_probes import draw_sentences
from elmo.tasks.examples import Example, with_blanks


def test_sentences_are_drawn_whole_and_kept_in_order():
    examples = [Example(with_blanks([f"w{i}"] * (i + 1))[1], [], "", i) for i in range(20)]
    drawn = draw_sentences(examples, 50)
    assert 30 < sum(len(e.tokens) for e in drawn) <= 50
    assert [e.line for e in drawn] == sorted(e.line for e in drawn)
    assert draw_sentences(examples, 10**6) == examples
