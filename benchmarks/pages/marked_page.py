"""A page of which one part is written: between two marks, all else stays as it is."""

from pathlib import Path


def write_between(page: Path, begin: str, end: str, content: str) -> None:
    """Put content, with an empty line before and behind it, between two marks.

    Raises:
        ValueError: the page does not have each mark once, in this order; it stays as it was.
    """
    before, marked = _halves(page.read_text(encoding="utf-8"), begin, page)
    _, after = _halves(marked, end, page)
    page.write_text(f"{before}{begin}\n\n{content.strip()}\n\n{end}{after}", encoding="utf-8")


def _halves(text: str, mark: str, page: Path) -> tuple[str, str]:
    if text.count(mark) != 1:
        raise ValueError(f"{page}: {mark!r} stands in it {text.count(mark)} times; it must stand once")
    before, _, after = text.partition(mark)
    return before, after
