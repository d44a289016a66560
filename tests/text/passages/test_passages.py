"""Passages: whole sentences, under their headings, none beyond a heading, all of the document."""

from hypothesis import given
from hypothesis import strategies as st

from elmo.text.passages.passages import PassageSettings, passages_of
from elmo.text.tokenizer import NEWEST

SMALL = PassageSettings(longest=8, shortest=4, overlap=1)
MARKDOWN = "# A\n\nOne two three. Four five six. Seven eight nine.\n\n## B\n\n- x\n- y\n\n## C\n\n# D\n\nLast words.\n"


def found(text, kind="markdown", settings=SMALL):
    return [(p.heading, p.view.text) for p in passages_of(text, kind, NEWEST, settings)]


def test_passages_overlap_by_a_sentence_and_stay_below_their_heading():
    assert found(MARKDOWN) == [
        ("A", "One two three. Four five six."),
        ("A", "Four five six. Seven eight nine."),
        ("A / B", "x - y"),
        ("A", "C"),
        ("D", "Last words."),
    ]


def test_a_long_sentence_is_cut_and_a_short_paragraph_joined():
    text = "a b c d e f g h i j k l\n\nm n\n\no p\n\nq r s t u"
    assert found(text, "text") == [("", "a b c d e f g h"), ("", "i j k l"), ("", "m n o p"), ("", "q r s t u")]


SENTENCES = st.lists(
    st.sampled_from(
        ["One two. ", "河岸 很 长。", "<b>x</b> ", "\n\n", "\n", "# H\n", "- item\n", "A long one with many words. "]
    ),
    max_size=20,
).map("".join)


@given(SENTENCES, st.sampled_from(["text", "markdown", "html"]))
def test_passages_open_at_their_characters_and_lose_no_token(text, kind):
    covered = set()
    for passage in passages_of(text, kind, NEWEST, SMALL):
        a, b = passage.view.source_span(0, len(passage.view.text))
        covered |= set(range(a, b))
        if kind != "html" and "<" not in text:
            assert " ".join(text[a:b].split()) == passage.view.text
        assert len(NEWEST.tokenize(passage.view.text)) <= max(SMALL.longest, 20)
    if kind == "text":
        assert all(at in covered for at, sign in enumerate(text) if not sign.isspace())
