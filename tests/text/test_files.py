import pytest

from elmo.errors import OutputError
from elmo.text.files import refuse_existing, written_whole


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(UnicodeEncodeError), written_whole(tmp_path / "a.txt") as part:
        part.write_text("half a line, then \ud800", encoding="utf-8")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a.txt", "old")]


def test_a_file_and_a_folder_replace_what_was_there(tmp_path):
    for content in ("one", "two"):
        with written_whole(tmp_path / "f" / "a.txt") as part:
            part.write_text(content)
        with written_whole(tmp_path / "d") as part:
            part.mkdir()
            (part / content).touch()
    assert (tmp_path / "f" / "a.txt").read_text() == "two"
    assert [p.name for p in (tmp_path / "d").iterdir()] == ["two"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["d", "f"]


def test_what_exists_is_refused_unless_forced(tmp_path, monkeypatch):
    with pytest.raises(OutputError, match=r"exists already.*--force"):
        refuse_existing(tmp_path, force=False)
    refuse_existing(tmp_path, force=True)
    refuse_existing(tmp_path / "new", force=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match="the folder you stand in"):
        refuse_existing(tmp_path, force=True)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"), written_whole(tmp_path / "file" / "a.txt"):
        pass
