"""Rows to embed: each format of file, the locations of rows and tokens."""

import gzip

import pytest

from elmo.errors import TextError
from elmo.text.sources.rows import read_rows
from elmo.text.tokens import tokenize

CONLLU = """# sent_id = 1
# text = don't stop
1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_
1\tdo\tdo\tAUX\t_\t_\t0\troot\t_\t_
2\tn't\tnot\tPART\t_\t_\t1\tadvmod\t_\t_
2.1\tever\t_\t_\t_\t_\t_\t_\t_\t_
3\tstop\tstop\tVERB\t_\t_\t1\tx\t_\t_

1\tYes\tyes\tINTJ\t_\t_\t0\troot\t_\t_
"""


def words(rows):
    return [(row.line, [token.text for token in row.tokens]) for row in rows]


def test_a_line_is_a_row_and_a_blank_line_keeps_its_row(tmp_path):
    (tmp_path / "a.txt").write_text("The bank. It\n\n don't \n")
    rows = list(read_rows(tmp_path / "a.txt"))
    assert words(rows) == [(1, ["The", "bank", ".", "It"]), (2, []), (3, ["do", "n't"])]
    assert [token[1:] for token in rows[2].tokens] == [(1, 3), (3, 6)]


def test_tokens_are_the_text_at_their_offsets_however_they_are_cut(tmp_path):
    text = "  The  bank\tisn't open — 日本 . "
    (tmp_path / "a.txt").write_text(text)
    for pretokenized, split in ((True, False), (False, False), (False, True)):
        (row,) = read_rows(tmp_path / "a.txt", pretokenized, split)
        assert len(row.tokens) > 4
        assert all(text[token.start : token.end] == token.text for token in row.tokens)
    assert [token.text for token in next(read_rows(tmp_path / "a.txt", pretokenized=True)).tokens] == text.split()


def test_raw_text_is_split_into_sentences_that_share_their_line(tmp_path):
    with gzip.open(tmp_path / "a.txt.gz", "wt") as file:
        file.write("One. Two three.\n\nFour.\n")
    assert words(read_rows(tmp_path / "a.txt.gz", split=True)) == [
        (1, ["One", "."]), (1, ["Two", "three", "."]), (3, ["Four", "."]),
    ]  # fmt: skip


def test_records_are_rows(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "One two"}\n\n{"text": null}\n{"text": "x"}\n')
    assert words(read_rows(tmp_path / "a.jsonl")) == [(1, ["One", "two"]), (3, []), (4, ["x"])]
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"body": ["One two", None, "x"]}), tmp_path / "a.parquet")
    assert words(read_rows(tmp_path / "a.parquet", text_field="body")) == [(1, ["One", "two"]), (2, []), (3, ["x"])]


def test_conllu_words_are_those_with_a_number_of_their_own(tmp_path):
    (tmp_path / "a.conllu").write_text(CONLLU)
    rows = list(read_rows(tmp_path / "a.conllu"))
    assert words(rows) == [(4, ["do", "n't", "stop"]), (9, ["Yes"])]
    assert all("do n't stop"[t.start : t.end] == t.text for t in rows[0].tokens)
    (tmp_path / "b.conllu").write_text("1\tdo\n")
    with pytest.raises(TextError, match=r"b\.conllu, line 1: 2 columns, CoNLL-U has 10"):
        list(read_rows(tmp_path / "b.conllu"))


def test_rows_that_are_not_wanted_are_counted_and_not_cut(tmp_path):
    (tmp_path / "a.txt").write_text("a b\nc d\ne f\n")
    assert words(read_rows(tmp_path / "a.txt", wanted=lambda i: i == 1)) == [(1, []), (2, ["c", "d"]), (3, [])]
    assert next(read_rows(tmp_path / "a.txt")).tokens == tokenize("a b")
