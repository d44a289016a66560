"""Rows of two texts in one window: exact fractions, exact positions, each text in its own order."""

from dataclasses import replace

import numpy as np
import pytest

from conftest import encode_text, small_model
from elmo.errors import ConfigError
from elmo.text.windows import TextPosition, WindowReader
from elmo.train.adaptation.mixed_reader import MixedReader, reader_of
from elmo.train.adaptation.mixed_text import MixedText
from elmo.train.adaptation.settings import AdaptationConfig
from elmo.train.data.encoded_corpus import encode_corpus
from elmo.train.recipe import pretrain_config

NEW = encode_text([[f"new{i}", "and", f"n{j}"][: 1 + j] for i in range(5) for j in range(3)])
OLD = encode_text([[f"old{i}", "and", "more", "of", "it"][: 1 + i % 5] for i in range(40)])


def reader(mix=0.3, rows=10, old=OLD, window=4):
    model = small_model()
    corpus = encode_corpus(NEW, [], model.vocabulary, model.word_encoder)
    mixed = None if old is None else MixedText(old, mix)
    recipe = pretrain_config({"rows": rows, "window": window, "adaptation": {"mix": mix}}, [])
    corpus = replace(corpus, mixed=mixed)
    return reader_of(corpus, recipe), corpus


def texts_of(window, words):
    """Which text each input of a window is from: 1 the old one, 0 the new one, -1 a mark."""
    ids = np.stack([window.forward_inputs, window.backward_inputs])
    of_word = [-1 if i < 2 else int(i >= len(NEW.words)) for i in range(len(words))]
    return np.array(of_word)[ids]


def test_every_window_has_the_exact_fraction_of_positions_from_the_old_text():
    mixed, corpus = reader()
    position, words = mixed.start(), corpus.words
    seen = {0: set(), 1: set()}
    for _ in range(200):
        window, position = mixed.read(position)
        texts = texts_of(window, words)
        assert set(np.unique(texts[:, :7])) <= {-1, 0}
        assert set(np.unique(texts[:, 7:])) <= {-1, 1}
        assert window.forward_inputs.shape == (10, 4)
        for text in seen:
            seen[text] |= {words[i] for i in window.forward_targets[slice(0, 7) if text == 0 else slice(7, 10)].flat}
    assert seen[0] == set(NEW.words) - {"<S>"}
    assert seen[1] == set(OLD.words) - {"<S>"}
    n_epochs = 200 * 7 * 4 / 43  # 28 words and 15 marks
    assert position.n_sentences == pytest.approx(n_epochs * 15, rel=0.05)
    assert position.n_mixed == pytest.approx(200 * 3 * 4 / (OLD.n_tokens + 40) * 40, rel=0.05)


def test_the_words_of_each_row_are_those_that_a_reader_of_its_text_alone_gives():
    mixed, corpus = reader()
    alone = [
        WindowReader(text, rows, 4, seed=0, shuffle="sentences", heldout=[]) for text, rows in ((NEW, 7), (OLD, 3))
    ]
    position, positions = mixed.start(), [each.start() for each in alone]
    for _ in range(30):
        window, position = mixed.read(position)
        for number, (text, rows) in enumerate(((NEW, slice(0, 7)), (OLD, slice(7, 10)))):
            own, positions[number] = alone[number].read(positions[number])
            for ours, theirs in zip(window[:4], own[:4], strict=True):
                assert [corpus.words[i] for i in ours[rows].flat] == [text.words[i] for i in theirs.flat]
            assert (window.begins[rows] == own.begins).all()
            assert (window.document_begins[rows] == own.document_begins).all()


def test_a_position_that_was_kept_goes_on_to_the_same_windows():
    mixed, _ = reader()
    position = mixed.start()
    for _ in range(17):
        _, position = mixed.read(position)
    kept = TextPosition(position.n_sentences, *(array.copy() for array in position[1:3]), position.n_mixed)
    fresh, _ = reader()
    for _ in range(9):
        (a, position), (b, kept) = mixed.read(position), fresh.read(kept)
        assert all((x == y).all() for x, y in zip(a, b, strict=True))


def test_an_epoch_is_the_new_text_read_once():
    mixed, _ = reader()
    alone = reader(old=None)[0]
    assert alone.n_positions == NEW.n_tokens + NEW.n_sentences
    assert mixed.n_positions == -(-alone.n_positions * 10 // 7)


def test_an_old_text_that_is_measured_only_gives_no_rows():
    assert isinstance(reader(mix=0.0)[0], WindowReader)
    assert isinstance(reader()[0], MixedReader)


@pytest.mark.parametrize(("mix", "rows"), [(0.1, 4), (0.9, 4), (0.01, 49)])
def test_a_fraction_without_a_row_is_refused(mix, rows):
    config = AdaptationConfig(mix=mix)
    with pytest.raises(ConfigError, match=r"each text needs a row; give at least (\d+) rows") as refused:
        config.mixed_rows(rows)
    n_rows = int(str(refused.value).split("at least ")[1].split()[0])
    assert 0 < config.mixed_rows(n_rows) < n_rows
