import gzip
import json
import lzma
import sys

import pytest

from elmo.errors import TextError
from elmo.text.sources.corpus import Corpus
from elmo.text.sources.lines import read_lines
from elmo.text.sources.parquet import records_of_parquet
from elmo.text.sources.rows import holds_records
from elmo.text.sources.texts import read_texts

TEXTS = ["one two\nthree", None, "日本 \ud800"]
NEEDS_PYARROW = "pyarrow is not installed (pip install 'elmo-lm[bulk]')"


@pytest.fixture
def arrow():
    return pytest.importorskip("pyarrow", reason=NEEDS_PYARROW)


@pytest.fixture
def parquet(arrow):
    return pytest.importorskip("pyarrow.parquet", reason=NEEDS_PYARROW)


def read_records(path, text_field):
    return [source.text for source in read_texts(path, text_field)]


def test_a_parquet_file_with_two_columns_of_one_name_is_refused(tmp_path, arrow, parquet):
    texts, ids = arrow.array(["one", "two"]), arrow.array(["a", "b"])
    parquet.write_table(arrow.table([texts, ids, texts], ["text", "id", "text"]), tmp_path / "a.parquet")
    parquet.write_table(arrow.table([texts, ids, texts], ["text", "id", "id"]), tmp_path / "b.parquet")
    for name, column in (("a", "text"), ("b", "id")):
        with pytest.raises(
            TextError, match=rf"{name}\.parquet: several columns are called '{column}'; rename all but one"
        ):
            read_records(tmp_path / f"{name}.parquet", "text")
        with (
            pytest.raises(TextError, match=rf"several columns are called '{column}'"),
            (tmp_path / f"{name}.parquet").open("rb") as file,
        ):
            list(records_of_parquet(file, str(tmp_path / f"{name}.parquet")))


def zstd(arrow, path, content):
    with arrow.output_stream(str(path), compression="zstd") as file:
        file.write(content)


@pytest.mark.parametrize(("name", "opener"), [("a.jsonl", open), ("a.jsonl.gz", gzip.open), ("a.jsonl.xz", lzma.open)])
def test_jsonl_is_read_plain_and_packed(tmp_path, name, opener):
    with opener(tmp_path / name, "wb") as file:
        file.write("".join(json.dumps({"body": text}) + "\r\n" for text in TEXTS).encode())
    assert holds_records(tmp_path / name)
    assert list(read_records(tmp_path / name, "body")) == TEXTS


def test_zst_holds_lines_or_records(tmp_path, arrow):
    zstd(arrow, tmp_path / "a.jsonl.zst", b'{"text": "one"}\n{"text": "two"}\n')
    zstd(arrow, tmp_path / "a.txt.zst", b"\xef\xbb\xbfone\n\ntwo" * 2)
    assert [(list(s.words), s.begins_document) for s in Corpus([tmp_path / "a.jsonl.zst"], True)] == [
        (["one"], True),
        (["two"], True),
    ]
    assert list(read_lines(tmp_path / "a.txt.zst")) == ["one", "", "two\ufeffone", "", "two"]


def test_a_zst_file_of_several_frames_is_read_to_its_end(tmp_path, arrow):
    for number in range(3):
        zstd(arrow, tmp_path / f"{number}.zst", f"line {number}\n".encode() * 100_000)
    (tmp_path / "all.txt.zst").write_bytes(b"".join((tmp_path / f"{n}.zst").read_bytes() for n in range(3)))
    assert sum(1 for _ in read_lines(tmp_path / "all.txt.zst")) == 300_000


@pytest.mark.parametrize("damage", [lambda b: b[:-9], lambda b: b"no such format", lambda b: b"", lambda b: b[:30]])
def test_a_broken_zst_file_is_named(tmp_path, arrow, damage):
    zstd(arrow, tmp_path / "a.txt.zst", "".join(f"line {i * i}\n" for i in range(50_000)).encode())
    (tmp_path / "a.txt.zst").write_bytes(damage((tmp_path / "a.txt.zst").read_bytes()))
    with pytest.raises(TextError, match=r"a\.txt\.zst: cannot be read .* broken or cut short"):
        list(read_lines(tmp_path / "a.txt.zst"))


def test_parquet_is_read_by_its_column(tmp_path, arrow, parquet):
    texts = [*(f"text {i}" for i in range(1000)), None, "日本"]
    for kind in (arrow.string(), arrow.large_string(), arrow.dictionary(arrow.int32(), arrow.string())):
        table = arrow.table({"id": range(1002), "text": arrow.array(texts).cast(kind)})
        parquet.write_table(table, tmp_path / "a.parquet", row_group_size=100)
        assert list(read_records(tmp_path / "a.parquet", "text")) == texts


def test_a_parquet_file_without_such_a_text_is_refused(tmp_path, arrow, parquet):
    parquet.write_table(arrow.table({"id": [1], "body": ["a"]}), tmp_path / "a.parquet")
    with pytest.raises(TextError, match=r"a\.parquet: no field 'text' \(there: 'id', 'body'\).*--text-field"):
        list(read_records(tmp_path / "a.parquet", "text"))
    with pytest.raises(TextError, match=r"a\.parquet: the column 'id' holds int64, not text"):
        list(read_records(tmp_path / "a.parquet", "id"))


@pytest.mark.parametrize("damage", [lambda b: b[:-9], lambda b: b"no such format", lambda b: b"", lambda b: b[:8] * 99])
def test_a_broken_parquet_file_is_named_in_one_line(tmp_path, arrow, parquet, damage):
    parquet.write_table(arrow.table({"text": ["a"] * 100}), tmp_path / "a.parquet")
    (tmp_path / "a.parquet").write_bytes(damage((tmp_path / "a.parquet").read_bytes()))
    with pytest.raises(TextError, match=r"a\.parquet.*cannot be read") as caught:
        list(read_records(tmp_path / "a.parquet", "text"))
    assert len(str(caught.value).splitlines()) == 1


def test_a_parquet_column_that_is_not_utf8_is_named(tmp_path, arrow, parquet):
    wrong = arrow.StringArray.from_buffers(
        1, arrow.py_buffer(bytes([0, 0, 0, 0, 1, 0, 0, 0])), arrow.py_buffer(b"\xe9")
    )
    parquet.write_table(arrow.table({"text": wrong}), tmp_path / "a.parquet")
    with pytest.raises(TextError, match=r"a\.parquet: the column 'text' is not UTF-8"):
        list(read_records(tmp_path / "a.parquet", "text"))


def test_a_missing_parquet_file_is_named(tmp_path, parquet):
    with pytest.raises(TextError, match=r"none\.parquet: no such file"):
        list(read_records(tmp_path / "none.parquet", "text"))


@pytest.mark.parametrize("name", ["a.parquet", "a.txt.zst", "a.jsonl.zst"])
def test_without_pyarrow_the_command_that_installs_it_is_named(tmp_path, monkeypatch, name):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / name).touch()
    with pytest.raises(TextError, match=r"needs pyarrow; install it with pip install 'elmo-lm\[bulk\]'"):
        list(Corpus([tmp_path / name], False))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON"),
        ("plain text", "not JSON"),
        ("[" * 100_000, r"not JSON \(nested too deep\)"),
        ("1" * 10_000, "not JSON"),
        ('["text"]', "not a JSON object"),
        ('"text"', "not a JSON object"),
        ('{"text": 3}', "the field 'text' holds 3, not text"),
        ('{"text": ["a"]}', "not text"),
    ],
)
def test_a_record_that_is_none_names_file_and_line(tmp_path, line, message):
    (tmp_path / "a.jsonl").write_text('{"text": "fine"}\n\n' + line + "\n")
    with pytest.raises(TextError, match=rf"a\.jsonl, line 3: .*{message}") as caught:
        list(read_records(tmp_path / "a.jsonl", "text"))
    assert len(str(caught.value)) < 400


def test_a_field_that_the_first_record_lacks_is_reported_at_once_and_later_ones_are_passed_over(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"body": "x", "id": 1}\n{"text": "y"}\n')
    with pytest.raises(TextError, match=r"a\.jsonl, line 1: no field 'text' \(there: 'body', 'id'\).*--text-field"):
        list(read_records(tmp_path / "a.jsonl", "text"))
    assert list(read_records(tmp_path / "a.jsonl", "body")) == ["x", None]


@pytest.mark.parametrize("gap", ["", "\n", " \r\n\t"])
def test_a_json_array_is_read_in_pieces_however_it_is_laid_out(tmp_path, monkeypatch, gap):
    monkeypatch.setattr("elmo.text.sources.records._READ_BYTES", 3)  # so that every value is cut
    texts = ["", '日本 "a" [b] {c}', "x" * 500, "\n"]
    records = [json.dumps({"n": [1, {"text": "no"}], "text": text}, ensure_ascii=False) for text in texts]
    for file in (f"[{f'{gap},{gap}'.join(records)}{gap}]{gap}", (gap or " ").join(records)):
        (tmp_path / "a.json").write_text(file, encoding="utf-8-sig")
        assert read_records(tmp_path / "a.json", "text") == texts
        assert [source.line for source in read_texts(tmp_path / "a.json")] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"text": "a"} {"text": "b"}]', "record 2: not JSON .*a comma is missing"),
        ('[{"text": "a"}', "after record 1: the array has no end"),
        ('[{"text": "a"}] x', "after record 1: more text after"),
        ('[{"text": "a"}, 3]', "record 2: 3; a .json file of text is"),
        ('{"data": []}', r"record 1: no field 'text' \(there: 'data'\)"),
        ('[{"text": "a"}, {"text": "b', "record 2: not JSON"),
        ("[" * 100_000, r"record 1: not JSON \(nested too deep\)"),
    ],
)
def test_what_is_no_json_array_of_texts_is_named(tmp_path, content, message):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(TextError, match=rf"a\.json, {message}"):
        read_records(tmp_path / "a.json", "text")


def test_empty_arrays_and_files_hold_no_text(tmp_path):
    for content in ("", "[]", " [ ] \n"):
        (tmp_path / "a.json").write_text(content)
        assert read_records(tmp_path / "a.json", "text") == []
