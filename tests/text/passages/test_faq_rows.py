"""Questions and answers of tables and JSON lines, with the characters of each answer."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo.errors import TextError
from elmo.text.passages.faq_rows import faq_rows, written_text

CELLS = st.text(st.sampled_from('ab",;\n\\é 河'), max_size=12)
PAIRS = st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6)


def opened(document, kind):
    rows = list(faq_rows(document, kind, "faq"))
    assert all(written_text(document[row.start : row.end], kind) == row.answer for row in rows)
    return [(row.question, row.answer) for row in rows]


def wanted(pairs):
    return [(q.strip(), a.strip()) for q, a in pairs if a.strip()]


@given(PAIRS, st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]), st.sampled_from(["\n", "\r\n"]))
def test_a_table_is_read_as_the_csv_module_reads_it(pairs, quoting, line_end):
    file = io.StringIO(newline="")
    rows = csv.writer(file, quoting=quoting, lineterminator=line_end)
    rows.writerow(["id", "Question", "Answer"])
    rows.writerows([number, *pair] for number, pair in enumerate(pairs))
    assert opened(file.getvalue(), "csv") == wanted(pairs)


@given(PAIRS, st.booleans())
def test_json_lines(pairs, ascii_only):
    lines = [json.dumps({"n": {"x": [1]}, "answer": a, "question": q}, ensure_ascii=ascii_only) for q, a in pairs]
    assert opened("\n".join(lines) + "\n\n", "jsonl") == wanted(pairs)


def test_named_columns_and_other_delimiters():
    rows = list(faq_rows("frage;antwort\nWo?;Hier.\n", "csv", "f.csv", "Frage", "antwort"))
    assert [(row.question, row.answer, row.start) for row in rows] == [("Wo?", "Hier.", 18)]


@pytest.mark.parametrize(
    ("document", "kind", "message"),
    [
        ("a text\nx\n", "csv", r"f, line 2: no question 'question' among 'a text'.*--question NAME"),
        ("question,answer\na,b,c\n", "csv", "f, line 2: 3 cell.s., the first line names 2"),
        ('question,answer\na,"b\n', "csv", "f, line 2: a cell has no closing quotation mark"),
        ('question,answer\na,"b"c\n', "csv", "f, line 2: text after a closing"),
        ('{"question": "a"\n', "jsonl", "f, line 1: not JSON"),
        ("[1]\n", "jsonl", "f, line 1: not a JSON object"),
        ('{"question": "a", "text": "b"}\n', "jsonl", "f, line 1: no answer 'answer' among 'question', 'text'"),
        ("[" * 100_000, "jsonl", "f, line 1: not JSON .nested too deep"),
    ],
)
def test_what_is_broken_is_named_with_its_line(document, kind, message):
    with pytest.raises(TextError, match=message):
        list(faq_rows(document, kind, "f"))
