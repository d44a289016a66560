import pytest

from elmo.errors import TextError
from elmo.text.sources.texts import read_texts

ROW = "{}\t{}\t_\tX\t_\t_\t0\t_\t_\t_"


def read(path):
    return [(source.line, source.words, source.begins_document) for source in read_texts(path)]


def test_documents_of_conllu_begin_where_a_comment_says_so(tmp_path):
    blocks = [["# newdoc id = 1", "# text = a b", ROW.format(1, "a"), ROW.format(2, "b")], [ROW.format(1, "c")]]
    blocks += [["# newdoc", ROW.format("1-2", "de"), ROW.format(1, "d"), ROW.format("1.1", "x"), ROW.format(2, "e")]]
    (tmp_path / "a.conllu").write_text("\n\n".join("\n".join(block) for block in blocks))
    assert read(tmp_path / "a.conllu") == [(3, ["a", "b"], True), (6, ["c"], False), (10, ["d", "e"], True)]


def test_columns_have_the_word_first_and_docstart_begins_documents(tmp_path):
    (tmp_path / "a.conll").write_text(
        "-DOCSTART- -X- O\n\nEU NNP B-ORG\nrejects VBZ O\n\n# id = 3\n# O\nx O\n\n-DOCSTART- O\n\ny O"
    )
    assert read(tmp_path / "a.conll") == [
        (3, ["EU", "rejects"], True),
        (8, ["x"], False),
        (12, ["y"], True),
    ]


def test_conllu_under_the_name_of_columns_is_read_as_what_it_is(tmp_path):
    (tmp_path / "a.conll").write_text(f"# a comment\n{ROW.format(1, 'a')}\n{ROW.format(2, 'b')}\n")
    assert read(tmp_path / "a.conll") == [(2, ["a", "b"], True)]


def test_only_tabs_separate_where_there_are_tabs_and_no_odd_blank_ever(tmp_path):
    (tmp_path / "a.conll").write_text("New York\tB-LOC\n10\u00a0000\tO\n", encoding="utf-8")
    assert read(tmp_path / "a.conll") == [(1, ["New York", "10\u00a0000"], True)]
    (tmp_path / "a.conll").write_text("10\u00a0000 O\n\u3000 O\n", encoding="utf-8")
    assert read(tmp_path / "a.conll") == [(1, ["10\u00a0000", "\u3000"], True)]


@pytest.mark.parametrize("start", [0, 1])
def test_numbers_of_words_are_no_words(tmp_path, start):
    sentences = [["Ann", "sleeps", "2"], ["Go"]]
    blocks = ["".join(f"{i} {word} O\n" for i, word in enumerate(words, start)) for words in sentences]
    (tmp_path / "a.conll").write_text("\n".join(blocks))
    assert [words for _, words, _ in read(tmp_path / "a.conll")] == sentences
    (tmp_path / "a.conll").write_text("1 CD x\n\n1 CD x\n")
    assert [words for _, words, _ in read(tmp_path / "a.conll")] == [["1"], ["1"]]
    (tmp_path / "a.conll").write_text("1 CD x\n2 CD x\n\nx NN x\n")
    assert [words for _, words, _ in read(tmp_path / "a.conll")] == [["1", "2"], ["x"]]


def test_a_line_without_a_word_is_named(tmp_path):
    (tmp_path / "a.conll").write_text("a\tO\n\tO\n")
    with pytest.raises(TextError, match=r"a\.conll, line 2: no word; it is in column 1"):
        read(tmp_path / "a.conll")
