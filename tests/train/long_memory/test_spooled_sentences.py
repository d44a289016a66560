"""Sentences in a temporary file come back as they were, from either end, and again."""

from elmo.train.long_memory.spooled_sentences import spooled

SENTENCES = [["the", "bank"], ["日本", "a\nb", "\ud800", " "], [], ["x" * 100_000]]


def test_sentences_are_read_from_either_end_as_often_as_one_likes():
    with spooled(iter(SENTENCES)) as text:
        assert len(text) == 4
        assert list(text.read()) == SENTENCES
        assert list(text.read(backward=True)) == SENTENCES[::-1]
        text.add(["last"])
        assert list(text.read()) == [*SENTENCES, ["last"]]


def test_two_readings_do_not_disturb_each_other():
    with spooled(SENTENCES) as text:
        pairs = list(zip(text.read(), text.read(backward=True), strict=True))
    assert pairs == list(zip(SENTENCES, SENTENCES[::-1], strict=True))
