from hypothesis import given
from hypothesis import strategies as st

from elmo.text.batches import encode_batch, length_batches
from elmo.text.words.characters import encode_word
from elmo.text.words.word_encoder import WordEncoder


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(1, 9), st.integers(1, 200))
def test_every_sentence_is_in_one_batch_and_batches_keep_their_bounds(lengths, max_rows, max_positions):
    batches = list(length_batches(lengths, max_rows, max_positions))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) <= max_rows
        assert len(batch) == 1 or len(batch) * (max(lengths[i] for i in batch) + 2) <= max_positions


def test_words_are_spelled_once_between_boundaries():
    batch = encode_batch([["a", "b", "a"], [], ["b"]], [2, 0], WordEncoder(6))
    assert batch.rows.tolist() == [2, 0]
    assert batch.mask.tolist() == [[True] * 3 + [False] * 2, [True] * 5]
    assert len(batch.char_ids) == 1 + 4
    words = ["<S>", "b", "</S>", None, None], ["<S>", "a", "b", "a", "</S>"]
    for b, row in enumerate(words):
        for t, word in enumerate(row):
            expected = [0] * 6 if word is None else encode_word(word, 6).tolist()
            assert batch.char_ids[batch.word_at[b, t]].tolist() == expected
