"""Layers on disk: what the biLM gives, computed once, the folder bounded."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from conftest import small_model
from elmo.embed.embedder import Elmo
from elmo.errors import OutputError
from elmo.storage.atomic import temporary_room
from elmo.tasks.examples import Example, with_blanks
from elmo.tasks.layer_cache import cached_layers, require_cache

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")


def examples_of(*sentences):
    return [Example(with_blanks(words)[1], [], " ".join(words), 1) for words in map(str.split, sentences)]


@pytest.fixture(scope="module")
def elmo():
    return Elmo(small_model(scale=1.5))


def test_layers_are_those_of_the_bilm_and_computed_once(tmp_path, elmo, monkeypatch):
    examples = examples_of("the river bank", "money", "a bank of the river")
    reports = []
    layers = cached_layers(elmo, examples, tmp_path, lambda done, n: reports.append((done, n)))
    assert reports[-1] == (3, 3)
    for number, expected in enumerate(elmo.embed([[t.text for t in e.tokens] for e in examples], layers="all")):
        assert layers(number).dtype == np.float16
        assert np.allclose(layers(number), expected, atol=2e-3 * np.abs(expected).max())
    monkeypatch.setattr(Elmo, "embed", None)
    assert np.array_equal(cached_layers(elmo, examples, tmp_path)(2), layers(2))


def test_a_sentence_that_comes_twice_is_kept_once(tmp_path, elmo):
    once, twice = (tmp_path / name for name in ("once", "twice"))
    one = cached_layers(elmo, examples_of("the bank", "a river"), once)
    two = cached_layers(elmo, examples_of("the bank", "a river", "the bank"), twice)
    assert np.array_equal(two(2), one(0))
    assert np.array_equal(two(1), one(1))
    assert sum(p.stat().st_size for p in twice.iterdir()) == sum(p.stat().st_size for p in once.iterdir())


def test_other_tokens_another_model_and_a_damaged_file_are_computed_anew(tmp_path, elmo):
    one = cached_layers(elmo, examples_of("the bank"), tmp_path)(0)
    assert not np.array_equal(cached_layers(elmo, examples_of("a bank"), tmp_path)(0), one)
    assert not np.array_equal(cached_layers(Elmo(small_model(seed=3)), examples_of("the bank"), tmp_path)(0), one)
    assert len(list(tmp_path.iterdir())) == 3
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:-2])
    with pytest.warns(UserWarning, match="is damaged .*computed again"):
        assert np.array_equal(cached_layers(elmo, examples_of("the bank"), tmp_path)(0), one)


def test_what_was_used_longest_ago_goes(tmp_path, elmo):
    texts = ["the bank", "a river", "of money"]
    for age, text in enumerate(texts[:2]):
        cached_layers(elmo, examples_of(text), tmp_path)
        newest = max(tmp_path.iterdir(), key=os.path.getmtime)
        os.utime(newest, (1000 + age, 1000 + age))
    size = 2 * 2 * 3 * 14 + 16
    cached_layers(elmo, examples_of(texts[0]), tmp_path)  # used again, so the river is the oldest
    cached_layers(elmo, examples_of(texts[2]), tmp_path, most=2 * size)
    assert len(list(tmp_path.iterdir())) == 2
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    cached_layers(elmo, examples_of(texts[0]), tmp_path, most=2 * size)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in before}
    cached_layers(elmo, examples_of("a longer text of the river"), tmp_path, most=size)  # stays though it is more
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows which files a process has mapped")
def test_the_file_is_read_and_not_mapped(tmp_path, elmo):
    layers = cached_layers(elmo, examples_of("the bank", "a river"), tmp_path)
    # mapped pages would count as memory of the training
    assert [layers(number).shape[1] for number in (0, 1)] == [2, 2]
    (path,) = tmp_path.iterdir()
    assert path.name not in Path("/proc/self/maps").read_text()


def test_files_of_killed_processes_count_and_go(tmp_path, elmo):
    left = tmp_path / ".elmo-part-0123456789abcdef"
    left.mkdir()
    (left / "part").write_bytes(b"x" * 10_000)
    cached_layers(elmo, examples_of("the bank"), tmp_path)
    cached_layers(elmo, examples_of("a river"), tmp_path, most=400)
    assert len(list(tmp_path.iterdir())) == 2
    with temporary_room(tmp_path) as room:  # what another process is writing
        (room / "part").write_bytes(b"x" * 10_000)
        cached_layers(elmo, examples_of("of money"), tmp_path, most=10_600)
        assert len(list(tmp_path.glob("*.layers"))) == 3
        cached_layers(elmo, examples_of("money lends"), tmp_path, most=10_400)
        assert len(list(tmp_path.glob("*.layers"))) == 2


def test_a_folder_that_cannot_hold_layers_is_refused_with_the_option(tmp_path, elmo):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "within"):
        with pytest.raises(OutputError, match="--cache"):
            require_cache(folder)
        with pytest.raises(OutputError, match="--cache"):
            cached_layers(elmo, examples_of("the bank"), folder)
