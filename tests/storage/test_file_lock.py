import errno

import pytest

from elmo.storage.file_lock import file_lock


def test_a_folder_is_held_by_one_at_a_time(tmp_path):
    with file_lock(tmp_path) as first, file_lock(tmp_path) as second:
        assert (first, second) == (True, False)
    with file_lock(tmp_path) as again:
        assert again


@pytest.mark.parametrize("answer", [True, False])
def test_without_locks_the_caller_says_what_that_means(tmp_path, monkeypatch, answer):
    def no_locks(*_):
        raise OSError(errno.ENOTSUP, "no locks here")

    monkeypatch.setattr("elmo.storage.file_lock.fcntl.flock", no_locks)
    with file_lock(tmp_path, without_locks=answer) as free:
        assert free is answer
