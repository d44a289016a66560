"""The tables of the ablation: means over seeds, what is missing, both languages."""

from benchmarks.pages.ablation import LABELS, PAGES, write_tables


def figures(**more):
    return {"tokens_read": 8_000_000, "forward": 200.0, "pos": 90.04, "senses": 80.0, **more}


def test_each_row_shows_the_mean_of_its_seeds_against_the_first_row(tmp_path):
    rows = {
        "full/0": figures(backward=190.0, mean=195.0),
        "full/1": figures(backward=194.0, mean=197.0, pos=91.04),
        "words/0": figures(tokens_read=9_500_000, backward=210.0, mean=215.6),
        "forward/0": figures(),
    }
    pages = [tmp_path / page.name for page in PAGES]
    for page, target in zip(PAGES, pages, strict=True):
        target.write_text(page.read_text(encoding="utf-8"), encoding="utf-8")
    stored = {row: {"figures": found, "machine": "a machine", "date": "2026-11-30"} for row, found in rows.items()}
    assert list(write_tables(stored, pages)) == pages
    english, chinese = (page.read_text(encoding="utf-8") for page in pages)
    cells = "8.0 | 200.0 ± 0.0 | 192.0 ± 2.0 | 196.0 ± 1.0 |  | 90.5 ± 0.5 | 80.0 ± 0.0 |"
    assert f"| as in the recipe: characters, 2 layers | {cells}" in english
    assert f"| 按配方：字符输入，2 层 | {cells}" in chinese
    assert "| word vectors instead of characters | 9.5 | 200.0 | 210.0 | 215.6 | +10.0 % | 90.0 | 80.0 |" in english
    assert "| the forward half of the first row | 8.0 | 200.0 |  |  |  | 90.0 | 80.0 |" in english
    assert "| 3 layers | · | · | · | · | · | · | · |" in english
    assert english.count("\n| ") == 2 + len(LABELS)
    assert "a machine, 2026-11-30." in english
    assert english.startswith(PAGES[0].read_text(encoding="utf-8").split("<!--")[0])


def test_without_figures_every_cell_is_missing(tmp_path):
    page = tmp_path / "a.md"
    page.write_text(PAGES[0].read_text(encoding="utf-8"), encoding="utf-8")
    list(write_tables({}, [page]))
    assert page.read_text(encoding="utf-8").count("| · | · | · | · | · | · | · |") == len(LABELS)
