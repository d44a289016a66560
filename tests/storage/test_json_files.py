import os
from pathlib import Path

import pytest

from elmo.errors import TextError
from elmo.storage.json_files import is_unicode, read_json, require_json, unicode_name


def test_what_is_no_json_is_one_error_of_the_callers_kind(tmp_path):
    path = tmp_path / "a.json"
    with pytest.raises(TextError, match=r"a\.json: no such file; make one"):
        require_json(path, "make one", TextError)
    for content in (b"{", b"\xff", b"[" * 100_000):
        path.write_bytes(content)
        with pytest.raises(TextError, match=r"a\.json: not a readable JSON file"):
            require_json(path, "make one", TextError)
    with pytest.raises(TextError, match=r"a\.json: a file, not a folder; give a folder$"):
        require_json(path / "b.json", "give a folder", TextError)
    path.write_text('{"a": 1}')
    assert read_json(path) == require_json(path, "", TextError) == {"a": 1}


@pytest.mark.parametrize("what", ["pipe", "/dev/zero"])
def test_a_pipe_or_a_device_is_refused_before_it_is_read(tmp_path, what):
    path = tmp_path / "a.json"
    os.mkfifo(path) if what == "pipe" else path.symlink_to(what)
    with pytest.raises(TextError, match=r"a\.json: not a readable JSON file \(a\.json is not a regular file\)"):
        require_json(path, "", TextError)


def test_names_that_utf_8_cannot_hold_are_told_apart_and_shown():
    odd = os.fsdecode(b"caf\xe9.txt")
    assert not is_unicode(odd)
    assert is_unicode("caf\xe9.txt")
    assert unicode_name(Path("folder") / odd) == "caf\ufffd.txt"
