"""A page -> blocks that open at their characters; what is not seen is left out; hostile pages end."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo.text.passages.html_blocks import html_blocks, html_text

PAGE = """<!DOCTYPE html><html><head><title>T</title><script>x<y</script><style>p{}</style></head>
<body><nav>no</nav><h1>Opening &amp; closing</h1><p>The <b>bank</b> opens&nbsp;at 9.
  It closes at&#32;5.</p><!-- no --><ul><li>One<li>Two &notit; x &NotEqualTilde; y</ul>
<details><summary>Why?</summary>Since.</details><table><tr><td>a</td><td>b</td></tr></table>"""
TAGS = "<p> </p> <b> </b> <h2> </h2> <br> <script> </script> <!-- --> < > &"
PIECES = [*"a b &amp; &nbsp; &lt; &#233; &notit &bogus; 河".split(), *TAGS.split(), "\n"]


def test_blocks_of_a_page():
    assert [(b.level, b.view.text) for b in html_blocks(PAGE)] == [
        (1, "T"),
        (1, "Opening & closing"),
        (0, "The bank opens at 9. It closes at 5."),
        (0, "One"),
        (0, "Two ¬it; x ≂̸ y"),
        (7, "Why?"),
        (0, "Since."),
        (0, "a b"),
    ]
    bank = next(b.view for b in html_blocks(PAGE, 100) if "bank" in b.view.text)
    a, b = bank.source_span(4, 20)
    assert PAGE[a - 100 : b - 100] == "bank</b> opens&nbsp;at 9."


@given(st.lists(st.sampled_from(PIECES), max_size=25), st.data())
def test_every_span_of_a_block_opens_at_its_characters(pieces, data):
    page = " ".join(pieces)
    for block in html_blocks(page):
        view = block.view
        a, b = view.source_span(0, len(view.text))
        assert html_text(page[a:b]) == view.text
        start = data.draw(st.integers(0, len(view.text) - 1))
        end = data.draw(st.integers(start + 1, len(view.text)))
        a, b = view.source_span(start, end)
        assert html_text(page[a:b]).split() == view.text[start:end].split()


@pytest.mark.parametrize("end", ["", "-->", ">", "'>", "]]>"])
@pytest.mark.parametrize(
    "junk", ["<", "<!--", "&", "&#1", "<a ", "<a b='", "</", "<![CDATA[", "<!", "<?", "<script>", "<svg>"]
)
def test_no_page_takes_a_time_that_explodes(junk, end):
    begun = time.process_time()
    list(html_blocks(junk * 4000 + end))
    assert time.process_time() - begun < 2
