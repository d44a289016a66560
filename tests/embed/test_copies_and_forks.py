"""An `Elmo` that was used can be copied, pickled, forked, and used inside and outside of PyTorch's inference mode."""

import copy
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch

from conftest import small_model
from elmo import Elmo

SENTENCES = [["the", "bank"], ["a", "river", "runs"]]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int8", "float64"])
@pytest.mark.parametrize("again", [copy.deepcopy, lambda elmo: pickle.loads(pickle.dumps(elmo))])
def test_a_copy_of_a_used_model_gives_its_vectors_and_goes_on_where_it_stood(again, dtype):
    elmo = Elmo(small_model(), dtype=dtype)
    zero, _ = elmo.embed(SENTENCES), elmo.embed(SENTENCES, state="carry")
    other = again(elmo)
    for state, expected in (("zero", zero), ("carry", elmo.embed(SENTENCES, state="carry"))):
        for a, b in zip(other.embed(SENTENCES, state=state), expected, strict=True):
            assert np.array_equal(a, b)
    with torch.no_grad():
        other.bilm.char_cnn.projection.bias.add_(1)
    assert not np.array_equal(other.embed(SENTENCES)[0], zero[0])
    assert np.array_equal(elmo.embed(SENTENCES)[0], zero[0])


@pytest.mark.parametrize("state", ["zero", "carry"])
def test_what_was_embedded_in_inference_mode_is_of_use_outside(state):
    elmo, other = Elmo(small_model()), Elmo(small_model())
    with torch.inference_mode():
        elmo.embed(SENTENCES, state=state)
        made_there = Elmo(small_model())
    other.embed(SENTENCES, state=state)
    expected = other.embed([["green"], ["c", "d"]], state=state)
    for a, b in zip(elmo.embed([["green"], ["c", "d"]], state=state), expected, strict=True):
        assert np.array_equal(a, b)
    assert np.array_equal(made_there.embed(SENTENCES)[0], Elmo(small_model()).embed(SENTENCES)[0])


FORK = """
import os, sys, threading, torch
from elmo import Elmo, ElmoError
torch.set_num_threads(int(sys.argv[1]))
elmo = Elmo.from_pretrained("en")
sentences = [["the", "bank", "of", "the", "river"] * 4] * 16
expected = elmo.embed(sentences)[0]
threads = [threading.Thread(target=elmo.embed, args=(sentences,)) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
if hasattr(elmo, "_session"):  # older commits have no locks
    elmo._engine._lock.__enter__()  # as if a thread had held it
    elmo._session.carrying.__enter__()
if not (child := os.fork()):
    status = 1
    try:
        for call in (lambda: Elmo.from_pretrained("en"), lambda: elmo.embed(sentences)):
            try:
                call()
            except ElmoError as error:
                print(error, flush=True)
        torch.set_num_threads(1)
        with torch.no_grad():
            next(elmo.bilm.parameters()).mul_(1)  # so that weights are laid out anew, under the lock
        elmo.embed([["carried"]], state="carry")
        status = 0 if abs(elmo.embed(sentences)[0] - expected).max() < 1e-5 else 3
    finally:
        os._exit(status)
print(os.waitpid(child, 0)[1])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize(("n_threads", "n_messages"), [(1, 0), (2, 2)])
def test_a_forked_process_embeds_or_says_why_it_cannot(n_threads, n_messages):
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORK, str(n_threads)],
        env={**os.environ, "OMP_NUM_THREADS": str(n_threads)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    *messages, status = ran.stdout.splitlines() or [""]
    assert status == "0", ran.stderr
    assert len(messages) == n_messages
    assert all("had used PyTorch's 2 threads" in m and "torch.set_num_threads(1) in it first" in m for m in messages)
