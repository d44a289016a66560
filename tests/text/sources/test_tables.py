import csv

import pytest

from elmo.errors import TextError
from elmo.text.sources.tables import rows_by, table_rows
from elmo.text.sources.texts import read_texts


def texts(path, field=None):
    return [(source.line, source.text) for source in read_texts(path, field)]


def test_quoted_cells_hold_delimiters_quotes_and_line_ends(tmp_path):
    (tmp_path / "a.csv").write_text('id,text\n1,"a, ""b""\nc"\n\n2,d\n3,\n')
    assert texts(tmp_path / "a.csv") == [(2, 'a, "b"\nc'), (5, "d"), (6, None)]


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_the_delimiter_is_the_one_that_shows_the_column(tmp_path, delimiter):
    (tmp_path / "a.csv").write_text(f"a,b{delimiter}text\nx{delimiter}y\n".replace("a,b", "a"))
    assert texts(tmp_path / "a.csv") == [(2, "y")]


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_a_first_line_of_excel_names_the_delimiter(tmp_path, first):
    (tmp_path / "a.csv").write_text(f"\ufeff{first}\r\nid;text\r\n1;a,b\r\n", encoding="utf-8")
    assert texts(tmp_path / "a.csv") == [(3, "a,b")]
    (tmp_path / "a.csv").write_text(f"{first}\nid;body\n1;x\n")
    with pytest.raises(TextError, match=r"a\.csv, line 2: no field 'text' \(there: 'id', 'body'\)"):
        texts(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text(f"{first}\n")
    assert texts(tmp_path / "a.csv") == []


def test_quotes_in_a_tsv_are_text(tmp_path):
    (tmp_path / "a.tsv").write_text('id\ttext\n1\t"Yes\n2\tb\n')
    assert texts(tmp_path / "a.tsv") == [(2, '"Yes'), (3, "b")]


def test_a_column_is_found_whatever_case_and_blanks_and_by_its_very_name_first(tmp_path):
    (tmp_path / "a.csv").write_text("\ufeffText ,body\nx,y\n", encoding="utf-8")
    assert texts(tmp_path / "a.csv") == [(2, "x")]
    assert texts(tmp_path / "a.csv", "BODY") == [(2, "y")]
    (tmp_path / "b.csv").write_text("TEXT,text\nx,y\n")
    assert texts(tmp_path / "b.csv") == [(2, "y")]


def test_a_line_end_of_old_macs_and_a_long_header_are_no_crash(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"id,text\r1,a\r2,b\r")
    with pytest.raises(TextError, match=r"a\.csv, line 1: not a row of a table"):
        texts(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_text(f"text,{'x' * 200_000}\na,b\n")
    assert texts(tmp_path / "b.csv") == [(2, "a")]
    assert rows_by(",", ["a,b", "c\rd,e", "f,g"]) == [["a", "b"]]


def test_a_missing_column_names_those_that_are_there(tmp_path):
    (tmp_path / "a.csv").write_text("id,body\n1,x\n")
    with pytest.raises(TextError, match=r"a\.csv, line 1: no field 'text' \(there: 'id', 'body'\).*--text-field"):
        texts(tmp_path / "a.csv")


def test_a_row_of_another_length_names_its_line(tmp_path):
    (tmp_path / "a.csv").write_text("id,text\n1,x\n1,x,y\n")
    with pytest.raises(TextError, match=r"a\.csv, line 3: 3 cell\(s\), the first line names 2 columns"):
        texts(tmp_path / "a.csv")


def test_rows_are_numbered_by_the_line_in_which_they_begin():
    lines = iter(["a,b", '"c', 'd",e', "", "f,g"])
    rows = list(table_rows(lines, "t", ",", csv.QUOTE_MINIMAL, first=7))
    assert rows == [(7, ["a", "b"]), (8, ["c\nd", "e"]), (11, ["f", "g"])]


def test_an_empty_table_has_no_text(tmp_path):
    (tmp_path / "a.csv").touch()
    assert texts(tmp_path / "a.csv") == []
