from pathlib import Path

import pytest

from elmo.errors import TextError
from elmo.text.sources.file_kinds import format_by_content, format_of, refuse_controls, refuse_foreign


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a.txt", "lines"),
        ("a", "lines"),
        ("jsonl", "lines"),
        ("a.JsonL.Gz", "jsonl"),
        ("a.jsonl.bz2", "jsonl"),
        ("a.gz.jsonl", "jsonl"),
        ("a.pq", "parquet"),
        ("a.csv.zst", "csv"),
        ("a.conllu.xz", "conllu"),
    ],
)
def test_the_end_of_a_name_says_the_format_packed_or_not_in_any_case(name, format):
    assert format_of(Path(name)) == format


@pytest.mark.parametrize(
    ("head", "format"),
    [
        (b'{"text": "a"}\n{"text": "b"}\n{"te', "jsonl"),
        (b'\xef\xbb\xbf{"text": "a"}', "jsonl"),
        (b'{"text": "a"}\nplain\n', "lines"),
        (b"{curly} braces\n", "lines"),
        (b'["a", "b"]\n', "lines"),
        (b"# a comment\n1\tHe\the\tPRON\t_\t_\t2\tnsubj\t_\t_\n", "conllu"),
        (b"1\t2\t3\t4\t5\t6\tseven\t8\t9\t10\n", "lines"),
        (b"", "lines"),
    ],
)
def test_lines_that_are_clearly_records_are_recognised_by_their_beginning(head, format):
    assert format_by_content("lines", head) == format


def test_a_name_that_says_a_format_is_believed():
    assert format_by_content("csv", b'{"text": "a"}\n') == "csv"


@pytest.mark.parametrize("head", [b"PK is a name\n", b"BZhang said\n", b"%PD\n", b"GIF\n", b"", b"Obj. 1"])
def test_text_that_begins_nearly_like_something_else_is_text(head):
    refuse_foreign(head, "a.txt")


def test_what_is_no_text_is_named_with_what_to_do():
    with pytest.raises(TextError, match=r"a\.pdf: a PDF document; .*pdftotext a\.pdf"):
        refuse_foreign(b"%PDF-1.7\n", "a.pdf")


def test_bytes_that_are_mostly_control_characters_are_no_text():
    refuse_controls(b"a page\x0c\x1b[31m with\x00 colours, and one odd byte\r\n", "a.txt")
    refuse_controls(b"", "a.txt")
    with pytest.raises(TextError, match=r"a\.bin: no text, 100 % of its first bytes are control characters"):
        refuse_controls(bytes(500), "a.bin")
