"""Paragraphs and headings of plain text and Markdown."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo.text.passages.blocks import text_blocks
from elmo.text.passages.markdown_blocks import markdown_blocks

MARKDOWN = """# Title #

Intro that
wraps.

1. one **x**
2. two

Sub
---

> quoted

```py
code()
```

| a | b |
|---|---|
| 1 | 2 |

<p>html &amp; x</p>
"""


def test_blank_lines_separate_paragraphs_and_unwrapped_lines_are_blocks():
    text = (
        "A line that wraps\nhere, and ends.\r\n\r\n  \nShort.\nThe next line is much longer than that.\n"
        + "x" * 130
        + "\ny\n"
    )
    assert [b.view.text for b in text_blocks(text)] == [
        "A line that wraps here, and ends.",
        "Short.",
        "The next line is much longer than that.",
        "x" * 130,
        "y",
    ]


def test_markdown_has_headings_lists_code_tables_and_html():
    found = [(b.level, b.view.text) for b in markdown_blocks(MARKDOWN)]
    assert found == [
        (1, "Title"),
        (0, "Intro that wraps."),
        (0, "one **x**"),
        (0, "two"),
        (2, "Sub"),
        (0, "quoted"),
        (0, "code()"),
        (0, "| a | b |"),
        (0, "| 1 | 2 |"),
        (0, "html & x"),
    ]


@given(st.text(st.sampled_from("ab#->*1. \n\r`|=<&"), max_size=60))
def test_every_block_opens_at_its_characters(text):
    for blocks in (text_blocks(text), markdown_blocks(text)):
        for block in blocks:
            a, b = block.view.source_span(0, len(block.view.text))
            if "<" not in text and "&" not in text:
                assert " ".join(text[a:b].split()) == block.view.text
            assert 0 <= a < b <= len(text)


@pytest.mark.parametrize(
    "junk", ["[", "> ", "- ", "*", "`", "<", "1. ", "|a|\n|-|\n", "[a]: ", "[a](", "- a\n  - b\n", "<!--\n", "```\n"]
)
def test_no_document_takes_a_time_that_explodes(junk):
    begun = time.process_time()
    list(markdown_blocks(junk * 4000))
    assert time.process_time() - begun < 2


@given(st.text(st.sampled_from("ab. \n\r"), max_size=60))
def test_the_blocks_of_a_text_are_all_of_it(text):
    assert "".join(b.view.text.replace(" ", "") for b in text_blocks(text)) == "".join(text.split())
