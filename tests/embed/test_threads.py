"""Any number of threads may share one `Elmo`: every vector is that of one thread, bit for bit where the shapes are equal.

The shapes that decide the bits of a vector are those of its batch, and of the words that were spelled together. So each call
here has words of its own: they are spelled together in any order of the calls, or were all spelled before.
"""

import random
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from conftest import small_model
from elmo.embed.embedder import Elmo

N_THREADS, N_ROUNDS = 8, 5
rng = random.Random(0)
# 200 sentences and some: calls of ten, and of one, which is read another way
CALLS = [
    [[f"{call:x}{rng.randrange(20)}" for _ in range(rng.randrange(7))] for _ in range(10 if call % 6 else 1)]
    for call in range(24)
]


@pytest.fixture
def eager_switching():
    """Threads that change places as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def embed_all(elmo, seed, **settings):
    """All calls in an order of their own; vectors of each call."""
    found = [None] * len(CALLS)
    for call in random.Random(seed).sample(range(len(CALLS)), len(CALLS)):
        found[call] = elmo.embed(CALLS[call], layers="all", **settings)
    return found


def with_boundaries_known(**settings):
    """A model that has met nothing but the two boundaries, which all calls share."""
    elmo = Elmo(small_model(scale=1.5), **settings)
    elmo.embed([[]])
    return elmo


def n_different(found, expected):
    pairs = [pair for a, b in zip(found, expected, strict=True) for pair in zip(a, b, strict=True)]
    return sum(not np.array_equal(a, b) for a, b in pairs)


def in_threads(work):
    """What `work(number)` gives in each of eight threads that begin together."""
    together = threading.Barrier(N_THREADS)

    def begin(number):
        together.wait()
        return work(number)

    with ThreadPoolExecutor(N_THREADS) as pool:
        return list(pool.map(begin, range(N_THREADS)))


@pytest.mark.usefixtures("eager_switching")
@pytest.mark.parametrize("cache_bytes", [2**26, 12_000])  # of all words, of some
def test_threads_that_share_a_model_get_the_vectors_of_one_thread(cache_bytes):
    assert sum(map(len, CALLS)) >= 200
    expected = embed_all(with_boundaries_known(), 0)
    for round_ in range(N_ROUNDS):
        elmo = with_boundaries_known(cache_bytes=cache_bytes)
        found = in_threads(lambda number, elmo=elmo, round_=round_: embed_all(elmo, f"{round_} {number}"))
        assert sum(n_different(vectors, expected) for vectors in found) == 0
        assert n_different(embed_all(elmo, 0), expected) == 0  # nothing wrong stayed behind


@pytest.mark.usefixtures("eager_switching")
def test_sessions_in_threads_remember_their_own_calls_alone():
    elmo = with_boundaries_known()
    expected = [embed_all(elmo.session(), number, state="carry") for number in range(N_THREADS)]
    assert n_different(expected[0], expected[1]) > 50  # in other orders they remember other things
    found = in_threads(lambda number: embed_all(elmo.session(), number, state="carry"))
    assert [n_different(a, b) for a, b in zip(found, expected, strict=True)] == [0] * N_THREADS


@pytest.mark.usefixtures("eager_switching")
def test_calls_that_carry_on_one_memory_follow_one_another():
    sentences = [["the", "river"]]
    elmo, one = with_boundaries_known(), with_boundaries_known()
    expected = {one.embed(sentences, state="carry")[0].tobytes() for _ in range(4 * N_THREADS)}
    found = in_threads(lambda number: [elmo.embed(sentences, state="carry")[0].tobytes() for _ in range(4)])
    assert {vector for vectors in found for vector in vectors} == expected
    assert len(expected) > N_THREADS


@pytest.mark.usefixtures("eager_switching")
def test_threads_are_warned_once():
    elmo = Elmo(small_model())
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        in_threads(lambda number: [elmo.embed([["averylongword"] * 3]) for _ in range(5)])
    assert [str(w.message)[:40] for w in seen] == ["100% of the words of this text are longe"]
    with pytest.warns(UserWarning, match="100% of the words"):  # a session is another caller's text
        elmo.session().embed([["averylongword"] * 3])


@pytest.mark.usefixtures("eager_switching")
def test_a_value_is_made_by_one_thread_for_all():
    from elmo.model.kernels.thread_lock import Once  # here, so that the tests above run on older commits

    made = []
    value = Once(lambda: made.append(len(made)) or made)
    assert all(found is made for found in in_threads(lambda number: value.get()))
    assert made == [0]
