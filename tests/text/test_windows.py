"""Windows against a slow reading of the same rule: a row at a time, a place at a time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo.errors import TextError
from elmo.text.shards import encode_text, read_encoded_text, write_encoded_text
from elmo.text.windows import Epoch, shuffled_order

SENTENCES = [["a", "b", "c"], ["d"], ["a", "e", "f", "g", "b"], ["h", "a"]]
sentence_lists = st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=6), min_size=1, max_size=8)


def slow_streams(sentences):
    """The four streams of bilm-tf, as words."""
    forward_in = [w for s in sentences for w in ["<S>", *s]]
    forward_out = [w for s in sentences for w in [*s, "</S>"]]
    backward_in = [w for s in sentences for w in ["</S>", *s[::-1]]]
    backward_out = [w for s in sentences for w in [*s[::-1], "<S>"]]
    return forward_in, forward_out, backward_in, backward_out


@given(sentence_lists, st.integers(1, 5), st.integers(1, 7), st.randoms())
def test_windows_equal_their_slow_twin(sentences, n_rows, window, random):
    order = list(range(len(sentences)))
    random.shuffle(order)
    text = encode_text(sentences)
    epoch = Epoch(text, np.array(order), n_rows, window)
    streams = slow_streams([sentences[i] for i in order])
    length = len(streams[0]) // epoch.n_rows
    read = [epoch.window_at(i) for i in range(epoch.n_windows)]
    for part, stream in enumerate(streams):
        rows = np.concatenate([w[part] for w in read], axis=1)
        words = [[text.words[i] for i in row] for row in rows]
        assert words == [stream[k * length : (k + 1) * length] for k in range(epoch.n_rows)]
    for w in read:
        assert w.begins.tolist() == [text.words[i] == "<S>" for i in w.forward_inputs[:, 0]]
        assert w.begins.tolist() == [text.words[i] == "</S>" for i in w.backward_inputs[:, 0]]


def test_no_direction_is_asked_for_a_word_that_it_has_read():
    window = Epoch(encode_text(SENTENCES), np.arange(4), 1, 100).window_at(0)
    before = window.forward_targets[0, :-1]
    assert np.array_equal(window.forward_inputs[0, 1:], np.where(before == 1, 0, before))  # what was asked is read next
    assert 1 not in window.forward_inputs
    assert 0 not in window.backward_inputs


def test_a_permutation_depends_on_seed_and_epoch_alone():
    assert sorted(shuffled_order(50, 3, 0)) == list(range(50))
    assert np.array_equal(shuffled_order(50, 3, 1), shuffled_order(50, 3, 1))
    assert not np.array_equal(shuffled_order(50, 3, 1), shuffled_order(50, 3, 2))
    assert not np.array_equal(shuffled_order(50, 3, 1), shuffled_order(50, 4, 1))


@given(sentence_lists, st.data())
def test_encoded_text_gives_its_sentences_back(sentences, data):
    text = encode_text([*sentences, []])
    assert [text.sentence(i) for i in range(text.n_sentences)] == sentences
    chosen = data.draw(st.lists(st.integers(0, len(sentences) - 1), unique=True, min_size=1))
    picked = text.select(np.array(chosen))
    assert [picked.sentence(i) for i in range(picked.n_sentences)] == [sentences[i] for i in chosen]
    assert sum(text.count_words().values()) == text.n_tokens == sum(map(len, sentences))


def test_encoded_text_survives_its_folder(tmp_path):
    text = encode_text([["naïve", "\ud800", "a"], ["a"]])
    write_encoded_text(text, tmp_path / "corpus")
    again = read_encoded_text(tmp_path / "corpus")
    assert [again.sentence(i) for i in range(2)] == [["naïve", "\ud800", "a"], ["a"]]
    (tmp_path / "corpus" / "ids.npy").write_bytes(b"cut")
    with pytest.raises(TextError, match="the encoded corpus of the run cannot be read"):
        read_encoded_text(tmp_path / "corpus")
