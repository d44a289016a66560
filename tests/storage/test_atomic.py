import contextlib
import gc
import os
import shutil
import signal

import pytest

from elmo.errors import OutputError
from elmo.storage.atomic import (
    PART_PREFIX,
    atomic_write,
    refuse_existing,
    remove_leftovers,
    remove_whole,
    temporary_room,
)
from elmo.storage.exchange import exchange


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(UnicodeEncodeError), atomic_write(tmp_path / "a.txt") as part:
        part.write_text("half a line, then \ud800", encoding="utf-8")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a.txt", "old")]


def test_a_file_and_a_folder_replace_what_was_there(tmp_path):
    for content in ("one", "two"):
        with atomic_write(tmp_path / "f" / "a.txt") as part:
            part.write_text(content)
        with atomic_write(tmp_path / "d") as part:
            part.mkdir()
            (part / content).touch()
    assert (tmp_path / "f" / "a.txt").read_text() == "two"
    assert [p.name for p in (tmp_path / "d").iterdir()] == ["two"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["d", "f"]


def test_what_exists_is_refused_unless_forced(tmp_path, monkeypatch):
    (tmp_path / "a.txt").touch()
    with pytest.raises(OutputError, match=r"exists already.*--force"):
        refuse_existing(tmp_path / "a.txt", force=False)
    with pytest.raises(OutputError, match=r"exists already; give another name$"):
        refuse_existing(tmp_path / "a.txt", force=None)
    refuse_existing(tmp_path / "a.txt", force=True)
    refuse_existing(tmp_path / "new" / "b.txt", force=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match="the current folder or one above it"):
        refuse_existing(tmp_path, force=True, known_by=["a.txt"])


def test_force_replaces_like_by_like_and_never_a_folder_with_other_files(tmp_path):
    for name in ("empty", "ours", "theirs"):
        (tmp_path / name).mkdir()
    (tmp_path / "ours" / "config.json").touch()
    (tmp_path / "theirs" / "thesis.tex").touch()
    (tmp_path / "file").touch()
    for name in ("empty", "ours"):
        refuse_existing(tmp_path / name, force=True, known_by=["config.json"])
    with pytest.raises(OutputError, match="theirs is a folder with other files"):
        refuse_existing(tmp_path / "theirs", force=True, known_by=["config.json"])
    with pytest.raises(OutputError, match="ours is a folder, but the output is a file"):
        refuse_existing(tmp_path / "ours", force=True)
    with pytest.raises(OutputError, match="file is a file, but the output is a folder"):
        refuse_existing(tmp_path / "file", force=True, known_by=["config.json"])


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_a_name_that_no_file_can_have_is_refused(tmp_path, name):
    with pytest.raises(OutputError, match="no file can have this name"):
        refuse_existing(tmp_path / name, force=False)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_a_folder_comes_back_when_its_replacement_fails_between_the_two_renames(tmp_path, monkeypatch, error):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "old").touch()
    calls = []

    def replace(source, target):
        calls.append(target)
        if len(calls) == 2:
            raise error("now")
        os.rename(source, target)

    monkeypatch.setattr("elmo.storage.atomic.exchange", lambda a, b: False)  # a system that cannot
    monkeypatch.setattr("elmo.storage.atomic.os.replace", replace)
    with (
        pytest.raises(KeyboardInterrupt if error is KeyboardInterrupt else OutputError),
        atomic_write(tmp_path / "d") as part,
    ):
        part.mkdir()
    assert len(calls) == 3
    assert [p.name for p in tmp_path.iterdir()] == ["d"]
    assert [p.name for p in (tmp_path / "d").iterdir()] == ["old"]


def test_leftovers_of_a_killed_process_are_removed(tmp_path):
    with contextlib.suppress(ZeroDivisionError), atomic_write(tmp_path / "a") as part:
        shutil.copytree(part.parent, tmp_path / f"{part.parent.name}-killed")
        part.write_text(str(1 / 0))
    assert len(list(tmp_path.iterdir())) == 1
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"), atomic_write(tmp_path / "file" / "a.txt"):
        pass


def test_a_folder_is_removed_whole_even_if_its_removal_is_cut_short(tmp_path, monkeypatch):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "a").write_text("a")
    monkeypatch.setattr("elmo.storage.atomic.shutil.rmtree", lambda *_, **__: None)  # as if killed before it
    remove_whole(tmp_path / "old")
    assert [path.name.startswith(PART_PREFIX) for path in tmp_path.iterdir()] == [True]
    monkeypatch.undo()
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_replaced_in_one_step(tmp_path, monkeypatch):
    """At no moment is there no folder of the name: nothing that renames it away is called."""
    (tmp_path / "d").mkdir()
    monkeypatch.setattr("elmo.storage.atomic._replace_in_two_steps", lambda *_: pytest.fail("two steps"))
    if not _exchange_works(tmp_path):
        pytest.skip("this file system cannot exchange names")
    with atomic_write(tmp_path / "d") as part:
        part.mkdir()
        (part / "new").touch()
    assert [p.name for p in (tmp_path / "d").iterdir()] == ["new"]
    assert [p.name for p in tmp_path.iterdir()] == ["d"]


def _exchange_works(folder):
    a, b = folder / "a", folder / "b"
    a.mkdir()
    b.mkdir()
    done = exchange(a, b)
    a.rmdir()
    b.rmdir()
    return done


def test_a_folder_that_was_set_aside_by_a_killed_process_is_put_back_by_the_next_save(tmp_path, monkeypatch):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "old").touch()
    killed = tmp_path / f"{PART_PREFIX}killed"
    (killed / "aside").mkdir(parents=True)
    (killed / "part").mkdir()
    (tmp_path / "d").rename(killed / "aside" / "d")  # as far as two renames come
    with atomic_write(tmp_path / "other.txt") as part:
        part.touch()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["d", "other.txt"]
    assert [p.name for p in (tmp_path / "d").iterdir()] == ["old"]


def test_parts_of_killed_processes_go_with_the_next_save_and_those_of_living_ones_stay(tmp_path):
    (tmp_path / f"{PART_PREFIX}killed").mkdir()
    with temporary_room(tmp_path) as room:
        (room / "half").touch()
        with atomic_write(tmp_path / "a.txt") as part:
            part.touch()
        assert sorted(p.name for p in tmp_path.iterdir()) == [room.name, "a.txt"]
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_name_that_was_taken_meanwhile_is_not_replaced(tmp_path):
    def write():
        with atomic_write(tmp_path / "d", replace=False) as part:
            part.mkdir()
            (tmp_path / "d").mkdir()
            (tmp_path / "d" / "theirs").touch()

    with pytest.raises(OutputError, match="another process wrote it meanwhile"):
        write()
    assert [p.name for p in tmp_path.iterdir()] == ["d"]
    assert [p.name for p in (tmp_path / "d").iterdir()] == ["theirs"]
    with atomic_write(tmp_path / "e", replace=False) as part:
        part.mkdir()
    assert (tmp_path / "e").is_dir()


def raise_interrupt(number, frame):
    raise KeyboardInterrupt


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of files that a signal left open
def test_a_signal_at_any_moment_leaves_no_part(tmp_path):
    (tmp_path / "d").mkdir()
    former, interrupted = signal.signal(signal.SIGALRM, raise_interrupt), 0
    try:
        for number in range(400):
            try:
                signal.setitimer(signal.ITIMER_REAL, 1e-6 + number * 1e-5)
                with atomic_write(tmp_path / "d") as part:
                    part.mkdir()
                    for name in "abcdefgh":
                        (part / name).write_text(str(number))
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                interrupted += 1
            signal.setitimer(signal.ITIMER_REAL, 0)
            gc.collect()
            assert [path.name for path in tmp_path.iterdir()] == ["d"], number
            assert len({path.read_text() for path in (tmp_path / "d").iterdir()}) <= 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
    assert interrupted > 50


def test_what_a_killed_process_left_deep_in_a_folder_is_not_another_file(tmp_path):
    deep = tmp_path / "d" / "next" / f"{PART_PREFIX}0" / "part"
    deep.mkdir(parents=True)
    (deep / "weights").touch()
    (tmp_path / "d" / "own").touch()
    refuse_existing(tmp_path / "d", True, known_by=["own"], holds=["own"])
    (tmp_path / "d" / "next" / "thesis.tex").touch()
    with pytest.raises(OutputError, match=r"also contains next/thesis\.tex"):
        refuse_existing(tmp_path / "d", True, known_by=["own"], holds=["own"])
