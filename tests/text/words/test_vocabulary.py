from collections import Counter

import pytest

from elmo.errors import TextError
from elmo.text.words.vocabulary import Vocabulary, read_vocabulary, vocabulary_from_counts, write_vocabulary


def test_words_come_by_falling_frequency_then_by_alphabet_behind_the_specials():
    counts = Counter({"b": 2, "a": 2, "c": 5, "d": 1, "<S>": 9})
    assert vocabulary_from_counts(counts, 3).words == ("<S>", "</S>", "<UNK>", "c", "a", "b")


def test_words_outside_share_the_id_of_unk():
    vocabulary = Vocabulary(["<S>", "</S>", "<UNK>", "a"])
    assert vocabulary.encode(["a", "zebra", "<S>", "</S>", "<unk>"]).tolist() == [3, 2, 0, 1, 2]


def test_a_vocabulary_survives_its_file(tmp_path):
    counts = Counter({"naïve": 3, "日本": 2, " padded ": 9, "\ud800": 9, "two\nlines": 9, "": 9})
    vocabulary = vocabulary_from_counts(counts, 10)
    write_vocabulary(vocabulary, tmp_path / "v.txt")
    assert read_vocabulary(tmp_path / "v.txt").words == vocabulary.words == ("<S>", "</S>", "<UNK>", "naïve", "日本")


def test_the_line_of_tensorflow_is_skipped(tmp_path):
    (tmp_path / "v.txt").write_text("<S>\n</S>\n<UNK>\n!!!MAXTERMID\nword\n")
    assert read_vocabulary(tmp_path / "v.txt").words[3] == "word"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<S>\n</S>\nword\n", "lines missing: <UNK>"),
        (b"<S>\n\xff\n", "cannot be read as a UTF-8"),
        (None, "no such vocabulary file"),
    ],
)
def test_a_file_that_is_no_vocabulary_is_refused(tmp_path, content, message):
    if content is not None:
        (tmp_path / "v.txt").write_bytes(content)
    with pytest.raises(TextError, match=message):
        read_vocabulary(tmp_path / "v.txt")
