"""Writes one part of a page, between two marks; the rest of the page is not changed."""

from pathlib import Path


def write_between(page: Path, begin: str, end: str, content: str) -> None:
    """Write content, with an empty line before and after it, between two marks.

    Raises:
        ValueError: the page does not contain each mark once, in this order; it is not changed.
    """
    before, marked = _halves(page.read_text(encoding="utf-8"), begin, page)
    _, after = _halves(marked, end, page)
    page.write_text(f"{before}{begin}\n\n{content.strip()}\n\n{end}{after}", encoding="utf-8")


def _halves(text: str, mark: str, page: Path) -> tuple[str, str]:
    if text.count(mark) != 1:
        raise ValueError(f"{page}: {mark!r} occurs {text.count(mark)} times; it must occur once")
    before, _, after = text.partition(mark)
    return before, after
