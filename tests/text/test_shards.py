"""A text as arrays: what goes in comes out, and damage does not open."""

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import encode_text
from elmo.errors import OutputError, TextError
from elmo.storage.atomic import atomic_write
from elmo.text import shards
from elmo.text.shards import read_encoded_text, write_encoded_text

sentence_lists = st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=6), max_size=30)
TEXT = [(["naïve", "\ud800", "a"], True), (["a", "</S>"], False), (["日本", ""], True)]


@given(sentence_lists)
def test_encoded_text_gives_its_sentences_back(sentences):
    text = encode_text(sentences)
    kept = [words for words in sentences if words]
    assert [text.sentence(i) for i in range(text.n_sentences)] == kept
    assert text.count_words() == Counter(word for words in kept for word in words)
    assert (text.n_tokens, text.n_documents) == (sum(map(len, kept)), min(1, len(kept)))


@pytest.mark.parametrize("buffered", [1, 2, 2**16])
def test_a_text_survives_its_folder_whatever_the_buffers(tmp_path, monkeypatch, buffered):
    monkeypatch.setattr(shards, "_BUFFERED", buffered)
    write_encoded_text(TEXT, tmp_path / "text")
    text = read_encoded_text(tmp_path / "text")
    assert [text.sentence(i) for i in range(3)] == [words for words, _ in TEXT]
    assert list(text.words) == ["<S>", "</S>", "naïve", "\ud800", "a", "日本", ""]
    assert text.word_counts.tolist() == [0, 1, 1, 1, 2, 1, 1]
    assert text.documents.read(0, 3).tolist() == [0, 2, 3]
    assert text.sentences.read(0, 4).tolist() == [[0, 0], [3, 0], [5, 1], [7, 2]]


def test_an_empty_sentence_that_begins_a_document_leaves_that_to_the_next(tmp_path):
    text = write_encoded_text([(["a"], True), ([], True), (["b"], False)], tmp_path / "text")
    assert text.documents.read(0, 3).tolist() == [0, 1, 2]


def test_what_is_held_out_is_kept_apart_and_not_counted(tmp_path):
    sentences = [([f"a{i}", "b"], i % 10 == 0) for i in range(300)]
    text = read_encoded_text(write_and_close(sentences, tmp_path / "text"))
    held = text.heldout.tolist()
    assert [i // 100 for i in held] == [0, 1, 2]
    assert text.n_heldout_tokens == 6
    counts = text.count_words()
    assert counts["b"] == 297
    assert all((f"a{i}" in counts) == (i not in held) for i in range(300))


def write_and_close(sentences, folder):
    write_encoded_text(sentences, folder, heldout_seed=1)
    return folder


def test_words_are_taken_by_index_and_by_slice():
    words = encode_text([["a", "bb", "c"]]).words
    assert (words[3], words[2:4], len(words)) == ("bb", ["a", "bb"], 5)
    with pytest.raises(IndexError, match="word 5 of 5"):
        words[5]


def of_index(name, **changes):
    def damage(folder):
        index = json.loads((folder / "index.json").read_text())
        index["arrays"][name] |= changes
        (folder / "index.json").write_text(json.dumps(index))

    return damage


def of_bytes(name, change):
    def damage(folder):
        path = folder / name
        path.write_bytes(change(path.read_bytes()))

    return damage


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "ids.bin").unlink(), r"No such file.*ids\.bin"),
        (lambda folder: (folder / "index.json").unlink(), r"No such file.*index\.json"),
        (of_bytes("ids.bin", lambda b: b[:-1]), r"ids\.bin has 27 bytes, its index says 28"),
        (of_bytes("ids.bin", lambda b: b + b"x"), r"ids\.bin has 29 bytes, its index says 28"),
        (of_bytes("words.bin", lambda b: b"X" + b[1:]), r"words\.bin was changed"),
        (of_bytes("sentences.bin", lambda b: bytes(len(b))), r"sentences\.bin was changed"),
        (of_bytes("index.json", lambda b: b"[" * 100_000), "nested too deep"),
        (of_bytes("index.json", lambda b: b'{"arrays": {}}'), "no array 'ids'"),
        (of_index("ids", dtype="float64"), "dtype"),
        (of_index("ids", shape=[-7]), "shape"),
    ],
)
def test_a_damaged_text_does_not_open(tmp_path, damage, message):
    write_encoded_text(TEXT, tmp_path / "text")
    damage(tmp_path / "text")
    with pytest.raises(TextError, match=rf"{tmp_path}/text: the encoded text cannot be read \(.*{message}") as caught:
        read_encoded_text(tmp_path / "text")
    assert len(str(caught.value).splitlines()) == 1


def test_a_text_that_breaks_off_leaves_nothing(tmp_path):
    def breaks_off():
        yield ["a"], True
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space left"), atomic_write(tmp_path / "run") as part:
        write_encoded_text(breaks_off(), part)
    assert list(tmp_path.iterdir()) == []


def test_a_long_line_of_one_sentence_is_one_sentence():
    words = [f"w{i % 5000}" for i in range(300_000)]
    text = encode_text([words, ["end"]])
    assert text.sentence(0) == words
    assert int(np.sum(text.word_counts)) == 300_001
