"""The dictionaries of ELMoForManyLangs: which row is whose, what a damaged line says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo.checkpoints.formats.many_langs_lexicon import lexicon_of, read_dictionary, write_dictionary
from elmo.checkpoints.formats.many_langs_tensors import CHARACTER_MARKS, WORD_MARKS
from elmo.errors import CheckpointError

ITEM = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=5)


def numbered(items):
    return {item: row for row, item in enumerate(items)}


@given(st.lists(ITEM, unique=True, max_size=9))
def test_items_survive_the_trip_through_a_file(tmp_path_factory, items):
    path = tmp_path_factory.mktemp("d") / "word.dic"
    write_dictionary(items, path)
    assert read_dictionary(path) == numbered(items) if items else True


def test_the_ideographic_blank_is_a_line_with_a_row_alone(tmp_path):
    write_dictionary(["a", "\u3000", "b"], tmp_path / "char.dic")
    assert (tmp_path / "char.dic").read_text(encoding="utf-8") == "a\t0\n\t1\nb\t2\n"
    assert read_dictionary(tmp_path / "char.dic") == {"a": 0, "\u3000": 1, "b": 2}
    (tmp_path / "char.dic").write_text("1\n", encoding="utf-8")  # as the program's own stripping leaves it
    assert read_dictionary(tmp_path / "char.dic") == {"\u3000": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\t0\nb\n", r"line 2: 'b', expected an entry, a tab, a number"),
        (b"a\t-1\n", "line 1"),
        (b"a\t1\t2\n", "line 1"),
        (b"a\t99999999999\n", "line 1"),
        ("a\t٣\n".encode(), "line 1"),
        (b"\xff\t0\n", "cannot be read as UTF-8"),
        (None, "no such file; the config has vectors for its entries"),
    ],
)
def test_what_is_no_dictionary_is_one_error(tmp_path, content, message):
    if content is not None:
        (tmp_path / "word.dic").write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        read_dictionary(tmp_path / "word.dic")


def test_items_come_in_the_order_of_their_rows_without_the_marks(tmp_path):
    words = numbered([*WORD_MARKS, "river", "bank"]) | {"first": -1}
    characters = numbered(["b", "a", "long", *CHARACTER_MARKS])
    alphabet, found = lexicon_of(words, characters, tmp_path)
    assert list(found.words) == ["<S>", "</S>", "<UNK>", "first", "river", "bank"]
    assert "".join(alphabet.characters) == "ba"  # an item of several characters: no text can ask for it
    assert lexicon_of(None, None, tmp_path) == (None, None)


@pytest.mark.parametrize(
    ("words", "characters", "message"),
    [
        (numbered(["<bos>", "a"]), None, r"word\.dic: contains no <eos>, <oov>;"),
        (None, numbered(["a"]), r"char\.dic: contains no <oov>, <bos>, <eos>, <eow>, <bow>, <pad>;"),
        (numbered(WORD_MARKS), None, r"word\.dic: contains no word except the special symbols"),
        (None, numbered(CHARACTER_MARKS), r"char\.dic: contains no character except the special symbols"),
    ],
)
def test_a_dictionary_without_its_marks_or_without_items_is_refused(tmp_path, words, characters, message):
    with pytest.raises(CheckpointError, match=message):
        lexicon_of(words, characters, tmp_path)
