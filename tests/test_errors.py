"""A message keeps its beginning and its end, however long what it quotes is."""

import pickle

import pytest

from elmo.errors import LONGEST_MESSAGE, CheckpointError, ElmoError, ShapeError, reason_of, setting_name


@pytest.mark.parametrize("kind", [ElmoError, CheckpointError, ShapeError])
def test_a_message_keeps_the_file_and_the_advice(kind):
    short = f"a.txt: {'x' * (LONGEST_MESSAGE - 20)}; copy it"
    assert str(kind(short)) == short
    long = str(kind(f"a.txt: {'x' * 9000} is not a number; copy it again from where it came"))
    assert len(long) == LONGEST_MESSAGE
    assert long.startswith("a.txt: xxx")
    assert long.endswith("x is not a number; copy it again from where it came")
    assert str(pickle.loads(pickle.dumps(kind(long)))) == long
    assert str(kind()) == ""


def test_what_a_library_says_is_one_short_line():
    assert reason_of(ValueError("a\n  b")) == "a b"
    assert reason_of(MemoryError()) == "MemoryError"
    long = reason_of(ValueError(f"unknown {'x' * 5000}, expected y"))
    assert len(long) == 300
    assert long.startswith("unknown xxx")
    assert long.endswith("x, expected y")


def test_the_name_of_a_setting_is_short_whatever_its_keys_are():
    assert setting_name(("lstm", "filters", 0)) == "lstm.filters.0"
    assert len(setting_name(("lstm", "x" * 3000))) == len("lstm.") + 80
