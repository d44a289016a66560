"""A new objective needs no line of the package: here a logistic loss of each word against drawn ones, which trains a model."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from conftest import TEXT, encode_text, small_model
from elmo.train.data.encoded_corpus import encode_corpus
from elmo.train.loop import pretrain
from elmo.train.objectives.objective import Objective
from elmo.train.objectives.sampled import draw_outputs
from elmo.train.recipe import pretrain_config
from elmo.train.run_state import checkpoints_of

SENTENCES = [line.split() for line in (TEXT * 6).splitlines()]
N_NEGATIVES = 5


class Logistic(Objective):
    """Is this the next word? Yes for the target, no for each drawn word (word2vec's negative sampling)."""

    def __init__(self, softmax):
        self.softmax, self.parameters = softmax, list(softmax.parameters())

    def draw(self, targets, rng):
        return draw_outputs(targets, self.softmax.n_words, N_NEGATIVES, rng)

    def gather(self, drawn):
        return (torch.from_numpy(drawn.word_ids),)

    def loss(self, layers, given, state, weights):
        rows, bias = self.softmax.weight[weights[0]], self.softmax.bias[weights[0]]
        losses = []
        for x, what in zip(layers.tops(), given.targets, strict=True):
            scores = x @ rows.t() + bias  # (N, U)
            right = scores.gather(1, what.target_at[:, None])  # (N, 1)
            wrong = scores[:, what.negative_at]  # (N, S)
            own = what.target_at[:, None] == what.negative_at
            wrong = wrong.masked_fill(own, -torch.inf)
            losses.append(functional.softplus(-right).sum(1) + functional.softplus(wrong).sum(1))
        return losses[0], losses[1]


def run(folder, n_steps, **settings):
    """Train from the start, or from the last checkpoint in the folder."""
    model = small_model(scale=1.0)
    corpus = encode_corpus(encode_text(SENTENCES), SENTENCES[:3], model.vocabulary, model.word_encoder)
    defaults = {
        "rows": 6,
        "window": 7,
        "log_every": 1,
        "dropout": 0.0,
        "optimizer": {"learning_rate": 0.01, "warmup_steps": 0},
    }
    config = pretrain_config({**defaults, **settings, "bilm": model.bilm.config.model_dump()}, [])
    kept = checkpoints_of(folder)
    lines = []
    model, _ = pretrain(
        model,
        corpus,
        config,
        folder,
        kept[-1] if kept else None,
        max_steps=60,
        stop=lambda calls=iter(range(99)): next(calls) >= n_steps - 1,
        report=lines.append,
        objective=lambda model, *_: Logistic(model.softmax),
    )
    return model, [line.loss_nats for line in lines]


def test_an_objective_of_ones_own_trains_and_resumes_bit_for_bit(tmp_path):
    whole, losses = run(tmp_path / "whole", 60)
    assert np.mean(losses[-10:]) < 0.85 * np.mean(losses[:10])
    first = run(tmp_path / "broken", 25)[1]
    broken, rest = run(tmp_path / "broken", 60)
    assert first + rest == losses
    for a, b in ((whole.bilm, broken.bilm), (whole.softmax, broken.softmax)):
        assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))


def test_an_objective_of_ones_own_may_take_its_rows_in_parts(tmp_path):
    steady = {"name": "sgd", "learning_rate": 0.05, "warmup_steps": 0}
    whole, parts = (run(tmp_path / str(n), 8, accumulate=n, optimizer=steady)[1] for n in (1, 3))
    assert parts == pytest.approx(whole, rel=1e-5)
