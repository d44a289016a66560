"""A plain text knows for each of its characters where in the source it stands."""

from hypothesis import given
from hypothesis import strategies as st

from elmo.text.passages.plain_view import ViewBuilder, joined, view_of

TEXTS = st.text(st.sampled_from("ab.\n\t\r \u3000\u00a0河é"), max_size=40)


def plain(text: str) -> str:
    return " ".join(text.split())


@given(TEXTS, st.data())
def test_every_span_of_a_view_opens_in_its_source(text, data):
    view = view_of(text, 0, len(text))
    assert (view.text if view else "") == plain(text)
    if view is not None:
        start = data.draw(st.integers(0, len(view.text) - 1))
        end = data.draw(st.integers(start + 1, len(view.text)))
        a, b = view.source_span(start, end)
        assert plain(text[a:b]) == plain(view.text[start:end])
        piece = view.cut(start, end)
        assert piece.text == view.text[start:end]
        assert piece.source_span(0, end - start) == (a, b)


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_joined_views_read_what_lies_between_them(texts):
    source, views = "", []
    for text in texts:
        source += "|"
        view = view_of(source + text, len(source), len(source) + len(text))
        source += text
        views += [] if view is None else [view]
    if views:
        whole = joined(views, source)
        a, b = whole.source_span(0, len(whole.text))
        assert whole.text == plain(source[a:b])
        assert joined(views, None).text == " ".join(view.text for view in views)


def test_a_sign_stands_for_all_its_characters():
    builder = ViewBuilder()
    builder.add_source("a ", 0)
    builder.add_sign("&", 2, 5)
    builder.add_source(" b", 7)
    view = builder.finish()
    assert view.text == "a & b"
    assert view.source_span(2, 3) == (2, 7)
    assert view.source_span(0, 5) == (0, 9)
    assert view.source_span(3, 5) == (7, 9)
    assert builder.is_empty
