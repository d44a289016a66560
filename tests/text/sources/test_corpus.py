import gzip
import json
import lzma
import tracemalloc
from pathlib import Path

import pytest

from elmo.errors import TextError
from elmo.text.sources.corpus import Corpus, CorpusCounts, corpus_words, find_files
from elmo.text.sources.lines import read_lines

TEXT = "One line.\r\nÜber 日本\n\nfour\x85still four\u2028still four\x0b\nno end"
LINES = ["One line.", "Über 日本", "", "four\x85still four\u2028still four\x0b", "no end"]


@pytest.mark.parametrize(("name", "opener"), [("a.txt", open), ("a.gz", gzip.open), ("a.xz", lzma.open)])
def test_lines_end_at_line_feeds_only_and_a_mark_of_byte_order_is_dropped(tmp_path, name, opener):
    with opener(tmp_path / name, "wb") as file:
        file.write(b"\xef\xbb\xbf" + TEXT.encode())
    assert list(read_lines(tmp_path / name)) == LINES


def test_bad_bytes_name_file_and_line(tmp_path):
    (tmp_path / "latin.txt").write_bytes(b"fine\ncaf\xe9\n")
    with pytest.raises(TextError, match=r"latin\.txt, line 2: not UTF-8 \(byte 0xe9 at position 3\).*iconv"):
        list(read_lines(tmp_path / "latin.txt"))


@pytest.mark.parametrize(("name", "compress"), [("cut.gz", gzip.compress), ("cut.xz", lzma.compress)])
@pytest.mark.parametrize(
    "damage", [lambda b: b[:-12], lambda b: b"no such format", lambda b: b[:20] + b"\xff" * 9 + b[29:]]
)
def test_a_broken_archive_is_named(tmp_path, name, compress, damage):
    (tmp_path / name).write_bytes(damage(compress(TEXT.encode() * 50)))
    with pytest.raises(TextError, match=f"{name}: cannot be read"):
        list(read_lines(tmp_path / name))


def test_a_missing_file_is_named_with_its_whole_path(tmp_path):
    with pytest.raises(TextError, match=f"{tmp_path}/none.txt: no such file"):
        list(read_lines(tmp_path / "none.txt"))
    with pytest.raises(TextError, match=rf"{tmp_path}/\*\.txt: no such file"):
        find_files([tmp_path / "*.txt"])
    with pytest.raises(TextError, match="a folder; name its files"):
        find_files([tmp_path])


def test_files_are_sorted_within_a_pattern_and_named_once(tmp_path):
    for name in ("b.txt", "a.txt", "c[1].txt"):
        (tmp_path / name).touch()
    found = find_files([tmp_path / "c[1].txt", str(tmp_path / "*.txt")])
    assert [p.name for p in found] == ["c[1].txt", "a.txt", "b.txt"]


def test_a_file_named_in_several_ways_is_read_once(tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.txt").touch()
    (tmp_path / "link.txt").symlink_to("a.txt")
    monkeypatch.chdir(tmp_path)
    assert find_files(["a.txt", tmp_path / "a.txt", "sub/../a.txt", "*.txt"]) == [Path("a.txt")]


def test_a_file_name_that_cannot_be_is_an_error_of_the_text(tmp_path):
    with pytest.raises(TextError, match="File name too long"):
        find_files(["a" * 300])
    with pytest.raises(TextError, match="no such file"):
        find_files(["a\0b"])
    with pytest.raises(TextError, match=r"'a\\x00b': no file can have this name"):
        list(read_lines(Path("a\0b")))
    (tmp_path / "a.txt").touch()
    with pytest.raises(TextError, match="no such file"):
        list(read_lines(tmp_path / "a.txt" / "b.txt"))


def test_a_file_one_may_not_read_is_not_called_broken(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(
        "elmo.text.sources.lines.open_unpacked", refuse
    )  # root may read everything: no file can show it
    with pytest.raises(TextError, match=f"{tmp_path}/a.txt: you do not have permission to read this file"):
        list(read_lines(tmp_path / "a.txt"))


@pytest.mark.parametrize("name", ["empty.gz", "empty.xz"])
def test_an_archive_of_no_bytes_is_cut_short(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(TextError, match=f"{name}: cannot be read .* broken or cut short"):
        list(read_lines(tmp_path / name))


def test_sentences_of_raw_and_of_pretokenized_text(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("It isn't. Is it?\n\na  b\tc\n")
    assert list(corpus_words([path], False)) == [["It", "is", "n't", "."], ["Is", "it", "?"], ["a", "b", "c"]]
    assert list(corpus_words([path], True)) == [["It", "isn't.", "Is", "it?"], ["a", "b", "c"]]


def test_reading_takes_constant_memory(tmp_path):
    with gzip.open(tmp_path / "big.gz", "wb", compresslevel=1) as file:
        file.write(b"a line of text\n" * 200_000)
    tracemalloc.start()
    assert sum(1 for _ in read_lines(tmp_path / "big.gz")) == 200_000
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def test_blank_lines_and_ends_of_files_end_documents(tmp_path):
    (tmp_path / "a.txt").write_text("\none\ntwo\n \n\u200b\nthree\n\n")
    (tmp_path / "b.txt").write_text("four\nfive")
    corpus = Corpus([tmp_path / "a.txt", tmp_path / "b.txt"], False)
    read = [(" ".join(words), begins) for words, begins in corpus]
    assert read == [("one", True), ("two", False), ("three", True), ("four", True), ("five", False)]
    assert corpus.counts == CorpusCounts(empty_lines=4)


def test_each_record_is_a_document_whatever_lines_it_holds(tmp_path):
    texts = ["One. Two.\n\nThree.\r\nFour", None, "", " \n ", "five"]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"id": 1, "text": text}) + "\n" for text in texts) + "\n{}")
    corpus = Corpus([tmp_path / "a.jsonl"], False)
    read = [(" ".join(words), begins) for words, begins in corpus]
    assert read == [("One .", True), ("Two .", False), ("Three .", False), ("Four", False), ("five", True)]
    assert corpus.counts == CorpusCounts(skipped_records=4)
    assert next(iter(Corpus([tmp_path / "a.jsonl"], True))).words == ["One.", "Two."]


def test_files_without_a_word_are_counted(tmp_path):
    for name, text in {
        "a.txt": "",
        "b.txt": "\n\n",
        "c.jsonl": "",
        "d.jsonl": '{"text": null}',
        "e.txt": "word",
    }.items():
        (tmp_path / name).write_text(text)
    corpus = Corpus(find_files([tmp_path / "*"]), True)
    assert [list(s.words) for s in corpus] == [["word"]]
    assert corpus.counts == CorpusCounts(empty_lines=2, empty_files=4, skipped_records=1)


@pytest.mark.parametrize("pretokenized", [True, pytest.param(False, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["a.txt", "a.jsonl"])
def test_a_line_of_ten_megabytes_is_read(tmp_path, pretokenized, name):
    text = "A line that goes on, and on. " * 345_000
    assert len(text) > 10_000_000
    (tmp_path / name).write_text(text if name == "a.txt" else json.dumps({"text": text}))
    n_words = sum(len(words) for words, _ in Corpus([tmp_path / name], pretokenized))
    assert n_words == 345_000 * (7 if pretokenized else 9)
