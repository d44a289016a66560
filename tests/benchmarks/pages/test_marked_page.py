"""A part of a page, written between its marks."""

import pytest

from benchmarks.pages.marked_page import write_between


def test_a_page_changes_between_its_marks_alone(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n<b>\n\nold\n\n<e>\nz\n")
    write_between(page, "<b>", "<e>", "new\n")
    assert page.read_text() == "a\n<b>\n\nnew\n\n<e>\nz\n"
    for text in ("<e> <b>", "<b>", "<b> <b> <e>"):
        page.write_text(text)
        with pytest.raises(ValueError, match="it must occur once"):
            write_between(page, "<b>", "<e>", "new")
        assert page.read_text() == text
