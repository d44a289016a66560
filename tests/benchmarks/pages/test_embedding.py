"""The page of embedding shows what is kept, and says what is not."""

from benchmarks.pages.embedding import MISSING, ROWS, page

FACTS = {
    "command": "python -m benchmarks.measure.embedding.embed",
    "commit": "abc",
    "machine": "a machine",
    "date": "2026-01-02",
}


def row(**figures):
    return FACTS | {
        "figures": {"sentences": 7, "tokens": 1234, "runs": 5}
        | {k.replace("_of_", " | "): v for k, v in figures.items()}
    }


def test_what_was_not_measured_is_named():
    assert page({}, {}, {}).count(MISSING) == 2 * len(ROWS) + 2


def test_a_row_shows_its_figures_its_command_and_its_gaps():
    text = page({"small/corpus": row(int8_of_tokens_per_s=12345, int8_of_ratio=17.25, float32_of_ratio=9.5)}, {}, {})
    assert "| int8 | 12,345 | 17.25 |" in text
    assert f"| float32 | {MISSING} | 9.5 |" in text
    assert "7 sentences of 1,234 tokens, 5 runs" in text
    assert "`python -m benchmarks.measure.embedding.embed`, a machine, 2026-01-02, commit abc." in text


def test_scores_stand_beside_that_of_float32_from_zero():
    sizes = {"train_sentences": 9, "test_sentences": 8, "test_tokens": 77}
    quality = {
        name: FACTS | {"figures": sizes | {"accuracy": a}} for name, a in (("float32/zero", 90.0), ("int8/zero", 89.9))
    }
    assert "| int8, zero | 89.90 | -0.10 |" in page({}, {}, quality)


def test_corpora_and_documents_have_tables_of_their_own():
    corpus = FACTS | {"figures": {"tokens": 123, "tokens_per_s": 45, "peak_mb": 67, "a_row_median_ms": 0.0891}}
    document = FACTS | {"figures": {"tokens": 1000, "tokens_per_s": 23, "peak_mb": 45}}
    text = page({}, {"float32, a corpus of 9 sentences": corpus, "float32, a document of 1,000 tokens": document}, {})
    assert f"| float32, a corpus of 9 sentences | 123 | 45 | 67 | 0.0891 | {MISSING} |" in text
    assert "| float32, a document of 1,000 tokens | 1,000 | 23 | 45 |" in text
