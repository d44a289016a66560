import contextlib

import pytest

from elmo.storage import exchange as module
from elmo.storage.exchange import exchange, rename_to_new


def test_two_names_change_places(tmp_path):
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").mkdir()
    if not exchange(tmp_path / "a", tmp_path / "b"):
        pytest.skip("this file system cannot exchange names")
    assert (tmp_path / "a").is_dir()
    assert (tmp_path / "b").read_text() == "a"


@pytest.mark.parametrize("can", [True, False])
def test_a_name_that_something_has_is_never_taken(tmp_path, monkeypatch, can):
    if not can:
        monkeypatch.setattr(module, "_renameat2", lambda: None)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    with pytest.raises(FileExistsError):
        rename_to_new(tmp_path / "a", tmp_path / "b")
    rename_to_new(tmp_path / "a", tmp_path / "c")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b", "c"]


def test_what_is_not_there_cannot_be_exchanged(tmp_path):
    (tmp_path / "a").touch()
    with contextlib.suppress(FileNotFoundError):
        assert exchange(tmp_path / "a", tmp_path / "none") is False
