"""`elmo neighbours`: the index is built once and used again; what cannot be asked is reported."""

import json

import pytest

from conftest import small_model
from elmo.analysis import neighbours
from elmo.analysis.neighbours import find_neighbours, read_marked
from elmo.checkpoints.formats.native import save_native
from elmo.cli.main import main
from elmo.errors import ConfigError, OutputError, TextError

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")
LINES = [
    "The bank of the river .",
    "",
    "He went to the bank .",
    "A steep bank , a river . The bank was closed .",
    "Bank",
]


@pytest.fixture
def there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_native(small_model(scale=1.5), tmp_path / "model")
    (tmp_path / "text.txt").write_text("\n".join(LINES) + "\n")
    return tmp_path


def ask(there, *queries, **settings):
    return find_neighbours(str(there / "model"), there / "text.txt", queries, **settings)


def test_a_sentence_of_the_text_finds_itself_first_with_its_line(there):
    first, second = ask(there, "The [bank] of the river .", "He [went] to the bank .")
    assert (first.asked.word, first.found[0].line, first.found[0].word) == ("bank", 1, "bank")
    assert first.found[0].similarity == pytest.approx(1, abs=2e-3)
    assert (second.found[0].line, second.found[0].start) == (3, 3)
    assert len(first.found) == 10


def test_the_same_word_alone(there):
    (answer,) = ask(there, "The [bank] of the river .", same_word=True)
    assert [o.word for o in answer.found] == ["bank"] * 4
    assert ask(there, "A [house] .", same_word=True)[0].found == []


def test_an_index_is_used_again_and_only_for_what_it_was_built_for(there, monkeypatch):
    reports = []
    ask(there, "The [bank]", report=lambda *progress: reports.append(progress))
    assert reports[-1] == (5, 5, 20)
    assert (there / "text.txt.index").is_dir()
    with monkeypatch.context() as patch:
        patch.setattr(neighbours, "write_context_index", None)
        ask(there, "The [bank]")
        for change in ({"layers": 0}, {"pretokenized": True}, {"split": True}):
            with pytest.raises(
                OutputError, match=r"text.txt.index is an index with other settings: (layers|tokens) .*--force"
            ):
                ask(there, "The [bank]", **change)
        (there / "text.txt").write_text("another text\n")
        with pytest.raises(OutputError, match="an index with other settings: source_bytes"):
            ask(there, "The [bank]")
    (answer,) = ask(there, "[another]", force=True)
    assert {o.word for o in answer.found} == {"another", "text"}


def test_sentences_of_a_line_are_found_apart(there):
    (answer,) = ask(there, "The [bank] was closed .", split=True, index=there / "i")
    assert (answer.found[0].sentence, answer.found[0].line) == ("The bank was closed .", 4)
    assert (there / "i").is_dir()


@pytest.mark.parametrize("query", ["the bank", "[the] [bank]", "the []", "the [ ]", "the [[bank]]x[a]", "]bank["])
def test_a_query_marks_one_word(query):
    with pytest.raises(TextError, match="put one word in brackets"):
        read_marked(query)
    mark = read_marked("a [bank] .")
    assert (mark.text, mark.text[mark.start : mark.end]) == ("a bank .", "bank")


def test_what_cannot_be_is_reported_and_leaves_no_index(there):
    with pytest.raises(TextError, match=r"nowhere\.txt: no such file"):
        find_neighbours(str(there / "model"), there / "nowhere.txt", ["[a]"])
    with pytest.raises(ConfigError, match="gives several vectors per word"):
        ask(there, "[a]", layers="all")
    with pytest.raises(ConfigError, match="layers=9"):
        ask(there, "[a]", layers=9)
    (there / "text.txt").write_text("\n… !\n")
    with pytest.raises(TextError, match="contains no word to index"):
        ask(there, "[a]")
    (there / "other").mkdir()
    (there / "other" / "letter").write_text("x")
    with pytest.raises(OutputError, match="folder with other files"):
        ask(there, "[a]", index=there / "other")
    assert not (there / "text.txt.index").exists()
    assert not list(there.glob(".elmo-part-*"))


def test_the_command_shows_lines_of_a_concordance(there, monkeypatch, capsys):
    command = ["elmo", "neighbours", "model", "text.txt", "The [bank] of the river .", "-n", "3"]
    monkeypatch.setattr("sys.argv", command)
    with pytest.raises(SystemExit, match="0"):
        main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "The bank of the river ."
    assert lines[2].split() == ["1.000", "1", "The", "bank", "of", "the", "river", "."]
    assert len(lines) == 5
    monkeypatch.setattr("sys.argv", [*command, "--json"])
    with pytest.raises(SystemExit, match="0"):
        main()
    facts = json.loads(capsys.readouterr().out)
    assert facts["1.word"] == facts["1.1.word"] == "bank"
    assert (facts["1.1.line"], facts["1.1.start"]) == (1, 4)
