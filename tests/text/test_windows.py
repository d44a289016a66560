"""Windows against a slow reading of the same rule: a row at a time, a position at a time."""

import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import encode_text
from elmo.errors import TextError
from elmo.text import windows
from elmo.text.sentence_order import SentenceOrder
from elmo.text.shards import write_encoded_text
from elmo.text.windows import TextPosition, WindowReader

SHUFFLES = ["sentences", "documents", "none"]
documents = st.lists(
    st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=7), min_size=1, max_size=4),
    min_size=1,
    max_size=6,
)


@st.composite
def cases(draw):
    """A text of some documents, sentences held out, sizes, settings."""
    text = draw(documents)
    n = sum(map(len, text))
    held = draw(st.sets(st.integers(0, n - 1), max_size=n - 1))
    return {
        "documents": text,
        "rows": draw(st.integers(1, 5)),
        "window": draw(st.integers(1, 9)),
        "seed": draw(st.integers(0, 9)),
        "shuffle": draw(st.sampled_from(SHUFFLES)),
        "heldout": sorted(held),
    }


def encode_documents(documents):
    with tempfile.TemporaryDirectory() as folder:
        pairs = [(words, number == 0) for sentences in documents for number, words in enumerate(sentences)]
        return write_encoded_text(pairs, Path(folder) / "text")


def reader_of(case, text=None):
    text = encode_documents(case["documents"]) if text is None else text
    settings = {name: case[name] for name in ("seed", "shuffle", "heldout")}
    return WindowReader(text, case["rows"], case["window"], **settings), text


def read_all(reader, position, n, rows=slice(None)):
    read = []
    for _ in range(n):
        window, position = reader.read(position, rows)
        read.append(window)
    return read, position


def same(a, b):
    return all(np.array_equal(x, y) and x.dtype == y.dtype for x, y in zip(a, b, strict=True))


class SlowTwin:
    """The rule as words, one position after the other."""

    def __init__(self, documents, n_rows, order):
        self.sentences = [(d, s) for d, sentences in enumerate(documents) for s in sentences]
        self.order = order
        self.rows = [[] for _ in range(n_rows)]  # positions not read yet
        self.last = [None] * n_rows

    def positions_of(self, row):
        number = next(self.order)
        document, words = self.sentences[number]
        last = self.last[row]
        begins = last is None or self.sentences[last][0] != document or number <= last
        self.last[row] = number
        forward, backward = ["<S>", *words, "</S>"], ["</S>", *words[::-1], "<S>"]
        for j in range(len(words) + 1):
            ids = forward[j], forward[j + 1], backward[j], backward[j + 1]
            yield *ids, j == 0, j == 0 and begins, number, j - 1, len(words) - j

    def window(self, T):
        read = []
        for row, left in enumerate(self.rows):
            while len(left) < T:
                left.extend(self.positions_of(row))
            read.append(left[:T])
            del left[:T]
        return [[[n_done[part] for n_done in row] for row in read] for part in range(9)]


@given(cases())
def test_windows_equal_their_slow_twin(case):
    reader, text = reader_of(case)
    order = SentenceOrder(text, case["shuffle"], case["seed"], np.array(case["heldout"], np.int64))
    numbers = iter(order.read(0, 6 * case["rows"] * case["window"]).tolist())  # as many as six windows could take
    twin = SlowTwin(case["documents"], case["rows"], numbers)
    for window in read_all(reader, reader.start(), 6)[0]:
        ids = [[[text.words[i] for i in row] for row in part] for part in window[:4]]
        assert [*ids, *(part.tolist() for part in window[4:])] == twin.window(case["window"])


@given(cases(), st.lists(st.integers(0, 8), min_size=1, max_size=4))
def test_a_window_read_again_from_its_position_is_the_same_whatever_was_read_before(case, jumps):
    reader, text = reader_of(case)
    positions, position = [], reader.start()
    straight = []
    for _ in range(9):
        positions.append(position)
        window, position = reader.read(position)
        straight.append((window, position))
    fresh, _ = reader_of(case, text)
    for jump in jumps:
        for again in (reader, fresh):
            window, after = again.read(positions[jump])
            assert same(window, straight[jump][0])
            assert same(map(np.asarray, after), map(np.asarray, straight[jump][1]))


@given(cases(), st.data())
def test_the_rows_of_several_ranks_together_are_the_window_of_one_process(case, data):
    reader, text = reader_of(case)
    cuts = sorted(data.draw(st.sets(st.integers(1, case["rows"]), max_size=3)) | {0, case["rows"]})
    whole, position = read_all(reader, reader.start(), 5)
    parts = []
    for a, b in pairwise(cuts):
        own, own_position = read_all(reader_of(case, text)[0], reader.start(), 5, slice(a, b))
        parts.append(own)
        assert same(map(np.asarray, own_position), map(np.asarray, position))
    for number, window in enumerate(whole):
        together = [np.concatenate(arrays) for arrays in zip(*(own[number] for own in parts), strict=True)]
        assert same(together, window)


@given(cases())
def test_every_sentence_of_an_epoch_is_read_once_and_its_positions_are_counted(case):
    reader, text = reader_of(case)
    trained = [i for i in range(text.n_sentences) if i not in case["heldout"]]
    assert reader.n_positions == sum(len(text.sentence(i)) + 1 for i in trained)
    order = SentenceOrder(text, case["shuffle"], case["seed"], np.array(case["heldout"], np.int64))
    for epoch in (0, 3):
        assert sorted(order.read(epoch * len(trained), len(trained))) == trained


@pytest.mark.parametrize("shuffle", SHUFFLES)
def test_no_direction_is_asked_for_a_word_that_it_has_read(shuffle):
    text = encode_text([["a", "b", "c"], ["d"], ["a", "e", "f", "g", "b"], ["h", "a"]])
    reader = WindowReader(text, 1, 100, seed=0, shuffle=shuffle, heldout=[])
    window, _ = reader.read(reader.start())
    for inputs, targets, first, last in (
        (window.forward_inputs, window.forward_targets, 0, 1),
        (window.backward_inputs, window.backward_targets, 1, 0),
    ):
        before = targets[0, :-1]
        assert np.array_equal(inputs[0, 1:], np.where(before == last, first, before))  # what was asked is read next
        assert last not in inputs


def test_a_long_sentence_is_read_in_pieces_and_the_same(monkeypatch):
    text = encode_text([[f"w{i}" for i in range(50)], ["a"], [f"v{i}" for i in range(9)]])
    case = {"rows": 2, "window": 7, "seed": 1, "shuffle": "sentences", "heldout": []}
    reader, _ = reader_of(case, text)
    whole, _ = read_all(reader, reader.start(), 20)
    monkeypatch.setattr(windows, "_KEPT_WORDS", 3)
    reader, _ = reader_of(case, text)
    pieces, _ = read_all(reader, reader.start(), 20)
    assert all(map(same, whole, pieces))


def test_epochs_follow_each_other_without_a_gap():
    reader = WindowReader(encode_text([["a", "b"], ["c"]]), 2, 5, seed=0, shuffle="none", heldout=[])
    read, position = read_all(reader, reader.start(), 40)
    assert sum(window.begins.sum() for window in read) == position.n_sentences
    total = sum(window.begins.size for window in read)
    assert abs(position.n_sentences / 2 - total / reader.n_positions) < 2


def test_documents_stay_whole_and_change_their_order():
    text = encode_documents([[[f"d{d}s{s}"] for s in range(1 + d % 3)] for d in range(200)])
    held = np.array([0, 1, 7, 398])
    order = SentenceOrder(text, "documents", 5, held)
    read = order.read(0, order.n_sentences)
    names = [text.sentence(int(i))[0] for i in read]
    runs = list(dict.fromkeys(name.split("s")[0] for name in names))
    trained = [i for i in range(text.n_sentences) if i not in held]
    assert sorted(read) == trained
    assert names == [text.sentence(i)[0] for run in runs for i in trained if text.sentence(i)[0].startswith(f"{run}s")]
    assert runs != sorted(runs, key=lambda run: int(run[1:]))
    assert read.tolist() != order.read(order.n_sentences, order.n_sentences).tolist()


def test_a_position_of_another_text_is_refused():
    reader = WindowReader(encode_text([["a", "b"], ["c"]]), 2, 5, seed=0, shuffle="none", heldout=[])
    for sentence, n_done, message in (
        ([0, 2], [0, 0], "sentence 2 of a text with 2 sentences"),
        ([0, -2], [0, 0], "sentence -2"),
        ([0, 1], [0, 3], "more positions done than the sentence has"),
        ([0, 1], [-1, 0], "more positions"),
        ([-1, 0], [1, 0], "more positions"),
        ([0], [0], "a position with 1 rows, but the text is read in 2"),
    ):
        with pytest.raises(TextError, match=rf"{message}.*the position does not belong to this text"):
            reader.read(TextPosition(0, np.array(sentence), np.array(n_done)))


def test_a_text_all_held_out_is_refused():
    with pytest.raises(TextError, match="1 sentences, 1 of them held out; no sentence is left for training"):
        WindowReader(encode_text([["a"]]), 2, 5, seed=0, shuffle="none", heldout=[0])
