"""Files of word vectors come back as they were written, in every form; what is none is refused with its line."""

import gzip
import io

import numpy as np
import pytest

from elmo.apps.embedding.to_static import write_word2vec
from elmo.errors import TextError
from elmo.text.words.word_vectors import read_word_vectors

WORDS = ["the", "bank", "Bank", "日本", "river"]
TABLE = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)


def text_file():
    file = io.BytesIO()
    write_word2vec(file, WORDS, TABLE)
    return file.getvalue()


def binary_file(words=WORDS, table=TABLE, end=b"\n"):
    rows = [word.encode() + b" " + vector.tobytes() + end for word, vector in zip(words, table, strict=True)]
    return f"{len(words)} {table.shape[1]}\n".encode() + b"".join(rows)


FORMS = {
    "word2vec, text": text_file(),
    "Windows": text_file().replace(b"\n", b"\r\n"),
    "BOM": b"\xef\xbb\xbf" + text_file(),
    "blanks at the end of lines": text_file().replace(b"\n", b" \n"),
    "no last line end": text_file().removesuffix(b"\n"),
    "GloVe": text_file().split(b"\n", 1)[1],
    "word2vec, binary": binary_file(),
    "word2vec, binary, no line ends": binary_file(end=b""),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("form", list(FORMS))
def test_a_file_comes_back_whatever_its_form(form, packed, tmp_path):
    path = tmp_path / ("v.gz" if packed else "v.txt")
    path.write_bytes(gzip.compress(FORMS[form]) if packed else FORMS[form])
    found = read_word_vectors(path)
    assert found.words == WORDS
    assert found.table.dtype == np.float32
    assert np.allclose(found.table, TABLE, rtol=1e-6)


def test_a_binary_file_is_distinguished_from_text_by_any_first_vector(tmp_path):
    for seed in range(1000):
        table = np.random.default_rng(seed).normal(size=(2, 10)).astype(np.float32)
        (tmp_path / "v.bin").write_bytes(binary_file(["a", "b"], table))
        np.testing.assert_array_equal(read_word_vectors(tmp_path / "v.bin").table, table)


def test_a_long_first_line_is_text_wherever_the_look_at_it_ends(tmp_path):
    for n in range(4):  # a word of letters of three bytes, cut at any of them
        word = "a" * n + "語" * 3000
        (tmp_path / "v.txt").write_text(f"1 2\n{word} 1 2\n", encoding="utf-8")
        assert read_word_vectors(tmp_path / "v.txt").words == [word]


def test_a_word_of_text_may_hold_blanks(tmp_path):
    (tmp_path / "v.txt").write_text("the 1 2 3\n. . 4 5 6\n")
    assert read_word_vectors(tmp_path / "v.txt").words == ["the", ". ."]


def test_a_line_with_a_number_too_many_is_counted(tmp_path):
    (tmp_path / "v.txt").write_text("film 1 2\nthe 1 2 3\n. . 1 2\nno. 1 1 2\n")
    with pytest.warns(UserWarning, match=r"v\.txt: 2 words end in a number \(the first is 'the 1' in line 2\)"):
        assert read_word_vectors(tmp_path / "v.txt").words == ["film", "the 1", ". .", "no. 1"]


def test_vectors_in_utf_16_are_read(tmp_path):
    (tmp_path / "v.txt").write_bytes("2 2\nfilm 1 2\n的 1 2\n".encode("utf-16"))
    assert read_word_vectors(tmp_path / "v.txt").words == ["film", "的"]


@pytest.mark.parametrize("form", ["word2vec, text", "word2vec, binary"])
def test_what_is_not_wanted_is_left_out(form, tmp_path):
    (tmp_path / "v").write_bytes(FORMS[form])
    asked = []
    found = read_word_vectors(tmp_path / "v", lambda n, word: asked.append((n, word)) or word[0].islower())
    assert found.words == ["the", "bank", "river"]
    assert np.allclose(found.table, TABLE[[0, 1, 4]], rtol=1e-6)
    assert asked == list(enumerate(WORDS))


def test_of_a_word_that_occurs_twice_the_first_counts(tmp_path):
    (tmp_path / "v.txt").write_bytes(text_file() + b"the 7 7 7\n")
    assert np.allclose(read_word_vectors(tmp_path / "v.txt").table, TABLE, rtol=1e-6)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "contains no vector"),
        (b"2 3\n", "contains no vector"),
        (b"hello\n", "line 1: 0 numbers after a word, expected some"),
        (b"2 3\na 1 2 3\nb 1 2\n", r"line 3: 2 numbers after a word, expected 3"),
        (b"2 3\r\na 1 2\r\n", r"line 2: 2 numbers after a word, expected 3"),
        (b"a 1 2\nb 1 x\n", r"line 2: '1 x' are not numbers"),
        (b"a 1 2\nb 1 nan\n", "line 2: a number is not finite"),
        (b"a 1 2\nb\xff 1 2\n", "line 2: not UTF-8"),
        (b"9 2\na 1 2\n", "the first line declares 9 vectors, the file has 1; it is cut short"),
        (b"9 0\na\n", "line 1: 9 vectors of 0 numbers"),
        (b"-3 5\n", "line 1: -3 vectors of 5 numbers"),
        (b"9 99999999\na 1\n", "line 1: 9 vectors of 99999999 numbers"),
        (b"99999999 99999\n", "line 1: 99999999 vectors of 99999 numbers"),
        (binary_file()[:-5], "the file ends within vector 5 of 5"),
        (binary_file()[:25], "it ends within a word"),
        (binary_file()[:21] + b"e" * 70000, "a word without an end"),
        (binary_file(table=np.full((5, 3), np.inf, np.float32)), "vector 1: a number is not finite"),
    ],
)
def test_what_is_no_file_of_vectors_is_refused(tmp_path, content, message):
    (tmp_path / "v.txt").write_bytes(content)
    with pytest.raises(TextError, match=message):
        read_word_vectors(tmp_path / "v.txt")


@pytest.mark.parametrize("form", ["GloVe", "word2vec, binary"])
def test_no_more_is_kept_than_is_worth_it(form, tmp_path, monkeypatch):
    (tmp_path / "v").write_bytes(FORMS[form])
    monkeypatch.setattr("elmo.text.words.word_vectors.MOST_NUMBERS", 12)
    assert len(read_word_vectors(tmp_path / "v", lambda n, word: n < 4).words) == 4
    with pytest.raises(TextError, match="more than 12 numbers, the limit"):
        read_word_vectors(tmp_path / "v")


def test_a_file_that_is_not_there_is_reported(tmp_path):
    with pytest.raises(TextError, match="no such file"):
        read_word_vectors(tmp_path / "nowhere.txt")
