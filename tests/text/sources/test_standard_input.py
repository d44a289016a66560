import io
from pathlib import Path

from elmo.storage.compressed import STANDARD_INPUT
from elmo.text.sources.lines import read_lines
from elmo.text.sources.standard_input import rereadable


def test_standard_input_can_be_read_twice_and_leaves_nothing(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"one\ntwo\n")))
    with rereadable(STANDARD_INPUT) as path:
        assert [list(read_lines(path)) for _ in range(2)] == [["one", "two"]] * 2
    assert not path.parent.exists()


def test_a_file_is_left_where_it_is():
    with rereadable(Path("a.txt")) as path:
        assert path == Path("a.txt")
