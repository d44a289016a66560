"""A page in one file: whatever text is put in stays text, empty parts leave nothing behind."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from elmo.apps.pages.html_page import facts_table, figure, headline, html_page, table

EVIL = "<script>alert('x')</script>&\""


class Page(HTMLParser):
    """The tags and texts of a page; tags that are not closed stay open."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts, self.open = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in ("meta", "!doctype"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_text_stays_text_wherever_it_is_put():
    parts = [
        headline({EVIL: EVIL}),
        facts_table(EVIL, {EVIL: EVIL}),
        table(EVIL, [EVIL], [[EVIL]]),
        figure(EVIL, "<svg></svg>"),
    ]
    page = Page(html_page(EVIL, EVIL, parts))
    assert "script" not in page.tags
    assert page.open == []
    assert page.texts.count(EVIL) == 10
    assert f"{EVIL}: {EVIL}" in page.texts


def test_a_page_needs_no_network():
    page = html_page("a", "b", [table("t", ["x"], [["1"]])])
    assert "http" not in page
    assert "src=" not in page
    assert page.startswith("<!doctype html>")


def test_empty_parts_leave_nothing_behind():
    assert facts_table("Facts", {}) == ""
    assert table("Rows", ["a"], []) == ""
    assert html_page("a", "b", ["", "<p>x</p>", ""]) == html_page("a", "b", ["<p>x</p>"])


@given(st.integers(0, 4), st.integers(1, 5))
def test_cells_are_numbers_from_the_given_column(n_names, n_rows):
    made = table("t", ["a", "b", "c"], [["1", "2", "3"]] * n_rows, n_names)
    assert made.count('<td class="number">') == max(0, 3 - n_names) * n_rows
    assert made.count('<th class="number">') == max(0, 3 - n_names)
