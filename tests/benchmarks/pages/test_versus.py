"""docs/elmo-vs-static.md: what its tables choose, what is missing, both languages alike, the exercise."""

import re

import pytest

from benchmarks.measure.probes.probes import scores_of
from benchmarks.pages import versus as versus_page
from benchmarks.pages.versus import best_of, contestants, cost_table, marks, tables, with_output
from benchmarks.pages.versus_picture import draw_bars
from benchmarks.pages.versus_words import CHINESE, CONTEXT, ENGLISH, TOKEN, WORD2VEC
from benchmarks.record import ROOT, kept_rows
from elmo.analysis.probe_data import sense_words
from elmo.analysis.probe_scores import MAJORITY, ProbeSettings, Score
from elmo.apps.studies.probe import RANDOM, find_probes

PAGES = ["elmo-vs-static.md", "elmo-vs-static.zh.md"]


def score(system, view, value, dev=50.0, probe="sense", of="hard", measure="logistic", text="clean", right=""):
    return Score(probe, of, measure, system, view, text, [value - 1, value + 1], [dev, dev], right)


SCORES = [
    Score("sense", "hard", "logistic", MAJORITY, "", "clean", [40.0], []),
    score("word2vec", "word", 60, 10, right="21" * 50),
    score("word2vec", "context", 50, 20, right="10" * 50),
    score("word2vec", "word", 55, 10, text="typed"),
    score("word2vec", "context", 43, 20, text="typed"),
    score("en", "layer 0", 61, 10, right="10" * 50),
    score("en, token layer averaged", "sentence", 62, 20, right="21" * 50),
    score("en", "layer 1", 71, 30, right="21" * 50),
    score("en", "mean", 72, 20, right="22" * 50),
    score("en", "layer 1", 64, 30, text="typed"),
    score("random ELMo, token layer averaged", "sentence", 99),
]


def rows(table):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def row_of(table, title):
    return next(dict(zip(rows(table)[0], row, strict=True)) for row in rows(table) if row[0] == title)


def numbers(text):
    return re.findall(r"[+-]?\d+(?:\.\d+)?", text)


def test_the_view_that_is_best_on_dev_stands_in_the_table_and_layers_with_context_apart_from_the_token_layer():
    found = row_of(tables(SCORES, "en", ENGLISH)["scores"], ENGLISH.probes["sense", "logistic"])
    assert found["set"] == "hard"
    assert found["majority"] == "40.0"
    assert found["Word2Vec"] == "50.0 ± 1.4 (context)"
    assert found["ELMo, token layer"] == "62.0 ± 1.4 (layer 0, averaged over the sentence)"
    assert found["ELMo, best layer with context"] == "71.0 ± 1.4 (layer 1)"


def test_what_is_not_kept_is_a_dot_and_comes_by_itself():
    table = tables(SCORES, "en", ENGLISH)["scores"]
    assert row_of(table, ENGLISH.probes["sense", "logistic"])["fastText"] == "·"
    assert row_of(table, ENGLISH.probes["sense", "logistic"])["ELMo, random weights"] == "·"
    assert set(rows(table)[-1][1:]) == {"·"}
    words = [
        score(system, "word", 30 + i, probe="words", of=of, measure="spearman")
        for i, (system, of) in enumerate((s, o) for s in ("fasttext", RANDOM) for o in ("one", "two"))
    ]
    found = row_of(tables([*SCORES, *words], "en", ENGLISH)["scores"], ENGLISH.probes["words", "spearman"])
    assert (found["set"], found["fastText"]) == ("mean of 2", "30.5 ± 1.4 (word)")
    assert found["ELMo, random weights"] == "32.5 ± 1.4 (word)"
    assert found["Word2Vec"] == "·"


def test_every_table_can_be_written_of_nothing():
    for table in tables([], "en", ENGLISH).values():
        assert {cell for row in rows(table)[2:] for cell in row[2:]} <= {"·"}
    assert len(rows(tables([], "en", ENGLISH)["scores"])) == 2 + len(ENGLISH.probes)


def test_both_languages_have_the_same_words_and_numbers():
    assert ENGLISH.probes.keys() == CHINESE.probes.keys()
    assert ENGLISH.systems.keys() == CHINESE.systems.keys()
    assert ENGLISH.cost.keys() == CHINESE.cost.keys()
    kept = scores_of(kept_rows("probes"))
    for scores in (SCORES, kept):
        english, chinese = (tables(scores, "en", language) for language in (ENGLISH, CHINESE))
        for name, table in english.items():
            assert [row[2:] for row in map(_numbers_of_row, rows(table))] == [
                row[2:] for row in map(_numbers_of_row, rows(chinese[name]))
            ]


def _numbers_of_row(row):
    return [sorted(numbers(cell)) for cell in row]


def test_no_english_word_is_left_in_a_chinese_cell():
    for table in tables(scores_of(kept_rows("probes")), "en", CHINESE).values():
        for row in rows(table)[2:]:
            assert re.findall(r"\b(word|context|layer|mean|sentence|and)\b", " ".join([row[0], *row[2:]])) == []


def test_a_difference_that_chance_can_make_has_a_circle():
    same = [score("fasttext", "word", 50, right="12" * 50), *SCORES]
    found = row_of(tables(same, "en", ENGLISH)["differences"], ENGLISH.probes["sense", "logistic"])
    assert found["Word2Vec"] == "+50.0 [+50.0, +50.0]"
    assert found["fastText"].endswith("°")
    alone = [s for s in SCORES if s.system != "word2vec"]
    assert row_of(tables(alone, "en", ENGLISH)["differences"], ENGLISH.probes["sense", "logistic"])["Word2Vec"] == "·"


def test_typing_errors_cost_what_the_chosen_view_loses():
    found = row_of(tables(SCORES, "en", ENGLISH)["typing"], ENGLISH.probes["sense", "logistic"])
    assert found["Word2Vec"] == "7.0 (43.0)"
    assert found["ELMo, best layer with context"] == "7.0 (64.0)"
    assert found["ELMo, token layer"] == "·"


def test_seconds_stand_in_the_costs_once_they_are_measured():
    facts = {"layers": 3, "width": 14, "parameters": 12345}
    assert "12,345" in cost_table(facts, None, ENGLISH)
    assert "seconds" not in cost_table(facts, None, ENGLISH)
    bundled = {"sentences": 1000, "embed_s": 2.49, "embed_bfloat16_s": 1.5, "embed_int8_s": 1}
    assert "| 2.5; bfloat16 1.5; int8 1.0 |" in cost_table(facts, bundled, CHINESE)


def test_the_picture_needs_neither_every_probe_nor_every_system(tmp_path):
    assert draw_bars({}, tmp_path / "empty.png")
    best = {key[:2]: found for key, found in best_of(contestants(SCORES, "en")).items() if key[2] == "clean"}
    assert {system for _, system in best} == {MAJORITY, WORD2VEC, TOKEN, CONTEXT}
    assert draw_bars(best, tmp_path / "bars.png")
    assert (tmp_path / "bars.png").read_bytes().startswith(b"\x89PNG")


def test_output_is_what_the_code_before_it_prints():
    page = "```python\nx = 2\nprint(x)\n```\n\n```text\nold\n```\n\n```python\nnot run\n```\n\n"
    page += "```python\nprint(x + 1)\n```\n\n```text\n```\n"
    assert with_output(page) == page.replace("old\n", "2\n").replace("```text\n```", "```text\n3\n```")


def test_the_pages_hold_what_is_kept():
    kept = scores_of(kept_rows("probes"))
    for page, language in versus_page.PAGES.items():
        text = page.read_text(encoding="utf-8")
        for name, table in tables(kept, "en", language).items():
            begin, end = marks(name)
            written = text.split(begin)[1].split(end)[0].strip()
            assert written == table, "run python -m benchmarks.measure.probes.probes --write-docs"


@pytest.mark.parametrize("name", PAGES)
def test_the_exercise_lays_out_data_that_elmo_probe_reads(name, tmp_path, monkeypatch):
    code = re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs" / name).read_text("utf-8"), re.DOTALL | re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    exec(compile(code[-1], name, "exec"), {})
    assert sense_words(tmp_path / "data") == ["bank", "cell", "light", "right", "spring"]
    runs, skipped = find_probes(tmp_path / "data", ProbeSettings(), ["sense"], [])
    assert (len(runs), skipped) == (5, {})
    assert len((tmp_path / "sentences.txt").read_text().splitlines()) == 40
