import gzip
from collections import Counter

import pytest

from elmo.text.survey.survey import Example, survey_files

TEXT = "One two, three. Four five.\n\nSix .\nEight <b>nine</b>\n \n\nTen\n"


@pytest.fixture
def file(tmp_path):
    def write(content: str, name: str = "a.txt"):
        (tmp_path / name).write_bytes(content.encode("utf-8"))
        return tmp_path / name

    return write


def test_lines_sentences_documents_and_words_are_counted(file):
    survey = survey_files([file(TEXT), file("Ten\n", "b.txt")], pretokenized=False)
    assert (survey.n_files, survey.n_lines, survey.n_empty) == (2, 8, 3)
    assert survey.n_bytes == len(TEXT) + 4
    assert (survey.n_documents, survey.document_lengths) == (4, {2: 2, 1: 2})
    assert survey.n_sentences == 6
    assert survey.words.counts["."] == 3
    assert survey.sentence_lengths == Counter({5: 1, 3: 1, 2: 1, 9: 1, 1: 2})
    assert survey.words.n_tokens == sum(n * times for n, times in survey.sentence_lengths.items())
    assert survey.lines.commonest(1)[0] == ("Ten", 2)
    assert survey.defective == {"html": 1}
    assert survey.examples["html"] == Example(str(file(TEXT)), 4, "Eight <b>nine</b>")


def test_pretokenized_text_is_split_at_white_space(file):
    survey = survey_files([file("One two, three. Four\tfive.\nsix , seven , <unk>\n")], pretokenized=True)
    assert survey.sentence_lengths == {5: 2}
    assert survey.words.counts["two,"] == 1
    assert (survey.n_commas, survey.n_separated_commas, survey.n_unknown_marks) == (3, 2, 1)


def test_a_tenth_of_the_lines_is_held_back_and_equal_lines_are_on_one_side(file):
    lines = [f"w{i % 997}" for i in range(2991)]
    survey = survey_files([file("\n".join(lines))], pretokenized=True)
    held_back = survey.held_back_words.counts
    assert 50 < len(held_back) < 150
    assert set(held_back.values()) == {3}
    assert survey.training_words() == Counter(lines) - held_back


def test_lines_cut_in_a_paragraph_are_distinguished_from_lines_that_end(file):
    survey = survey_files([file("the quick brown\nfox jumps over-\nall.\nEnd\n\nHeading\n\n" + "A. \n“B”\nx\n")], False)
    assert survey.n_inside == 5
    assert survey.unmarked_lengths == {len("the quick brown"): 2}
    assert survey.n_hyphenated == 1
    assert survey_files([file("Lines over-\nAll.\nnon-\nsense\n")], False).n_hyphenated == 1


def test_a_file_that_is_not_utf8_or_cut_is_noted_and_the_next_one_read(file, tmp_path):
    (tmp_path / "latin.txt").write_bytes(b"good\nna\xefve\nmore\n")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"one\n" * 999)[:-9])
    survey = survey_files([tmp_path / "latin.txt", tmp_path / "cut.gz", file("fine\n")], pretokenized=True)
    assert survey.n_files == 3
    assert (survey.words.counts["good"], survey.words.counts["fine"]) == (1, 1)
    assert "latin.txt, line 2: not UTF-8" in survey.unread[0]
    assert "cut.gz: cannot be read" in survey.unread[1]
    assert len(survey.unread) == 2


def test_what_a_terminal_would_not_show_is_escaped_in_an_example(file):
    survey = survey_files([file("x" * 99 + " bell\x07\u202e\n")], False)
    assert survey.examples["control"].excerpt == r"xxxxxxx bell\x07\u202e"
    assert survey.examples["bidi"].excerpt.endswith(r"bell\x07\u202e")


def test_one_file_or_two_give_the_same_words(file):
    text = TEXT + "\n"
    whole = survey_files([file(text * 9)], False)
    parts = survey_files([file(text * 4, "b.txt"), file(text * 5, "c.txt")], False)
    assert (whole.words.counts, whole.n_documents) == (parts.words.counts, parts.n_documents)
    assert whole.held_back_words.counts == parts.held_back_words.counts
