"""A toy encoder, added here without touching the sources: trained, resumed, saved, embedded, measured and tuned as any other."""

from typing import Literal, NamedTuple

import numpy as np
import pytest
import torch
from torch import nn

from elmo import Elmo
from elmo.apps.models.info import describe_model
from elmo.apps.pretraining.pretrain import continue_run
from elmo.checkpoints.load import load_model
from elmo.errors import ConfigError
from elmo.model.encoders import kinds
from elmo.model.encoders.context_encoder import ContextEncoder, StepBytes
from elmo.model.encoders.settings import EncoderConfig
from elmo.train.adaptation.layer_rates import layers_from_top
from elmo.train.cost import StepWords, count_memory
from elmo.train.perplexity import measure_each, measure_perplexity
from elmo.train.recipe import pretrain_config
from elmo.train.runs.begin import start_run


class FadingConfig(EncoderConfig, frozen=True, extra="forbid"):
    kind: Literal["fading"] = "fading"
    n_layers: int = 2
    projection_size: int = 16
    fade: float = 0.5


class Trace(NamedTuple):
    trace: torch.Tensor  # (layers, B, P)


class FadingAverage(ContextEncoder):
    """y_t = tanh(W [x_t; h_t]), where h_t = fade * h_{t-1} + x_t: the simplest encoder that remembers."""

    settings = FadingConfig

    def __init__(self, config):
        super().__init__()
        self.config = config
        P = config.projection_size
        self.layers = nn.ModuleList(nn.Linear(2 * P, P) for _ in range(config.n_layers))

    def start_state(self, n_rows, like):
        return Trace(like.new_zeros(self.config.n_layers, n_rows, self.config.projection_size))

    def forward(self, x, mask=None, state=None, training=None):
        before = self.start_state(len(x), x) if state is None else Trace(*state)
        outputs, after = [], []
        for layer, h in zip(self.layers, before.trace, strict=True):
            steps = []
            for t in range(x.shape[1]):
                if training is not None and training.resets is not None:
                    h = h * ~training.resets[:, t, None]
                new = self.config.fade * h + x[:, t]
                h = new if mask is None else torch.where(mask[:, t, None], new, h)
                steps.append(torch.tanh(layer(torch.cat([x[:, t], h], dim=1))))
            x = torch.stack(steps, dim=1)
            x = x if mask is None else x * mask.unsqueeze(2)
            outputs.append(x)
            after.append(h)
        return outputs, Trace(torch.stack(after))

    def step_bytes(self, n_positions, low, resets, dropout):
        return StepBytes(kept=8 * n_positions * self.config.projection_size, in_backward=0)

    def position_bytes(self):
        return 8 * self.config.projection_size


@pytest.fixture
def fading(monkeypatch):
    monkeypatch.setattr(kinds, "ENCODERS", (*kinds.ENCODERS, FadingAverage))


def recipe(*overrides):
    small = ["rows=4", "window=7", "n_negatives=6", "epochs=12", "evaluate_every=50", "dropout=0.0", "log_every=10"]
    optimizer = ["optimizer.learning_rate=0.02", "optimizer.warmup_steps=5"]
    settings = {"bilm": {"char_cnn": {"embedding_size": 4, "filters": [[1, 8], [2, 16]], "n_highway": 1}}}
    return pretrain_config(settings, ["bilm.encoder.kind=fading", *small, *optimizer, *overrides])


def test_a_toy_encoder_is_trained_resumed_saved_embedded_measured_and_tuned(fading, tmp_path, corpus_file):
    sentences = [line.split() for line in corpus_file.read_text().splitlines()[:4]]
    for name in ("whole", "broken"):
        start_run([corpus_file], tmp_path / name, recipe(), heldout_file=corpus_file)
    continue_run(tmp_path / "whole")
    calls = iter(range(1000))
    continue_run(tmp_path / "broken", stop=lambda: next(calls) >= 7)
    assert continue_run(tmp_path / "broken").finished
    model, broken = load_model(tmp_path / "whole"), load_model(tmp_path / "broken")
    for p, q in zip(model.bilm.parameters(), broken.bilm.parameters(), strict=True):
        assert torch.equal(p, q)
    shuffled = [list(np.random.default_rng(0).permutation(words)) for words in sentences]
    own, other = (measure_perplexity(model, some) for some in (sentences, shuffled))
    assert other.mean > 1.3 * own.mean
    pieces = measure_perplexity(model, sentences, max_positions=3)
    assert pieces.mean == pytest.approx(own.mean, rel=1e-5)
    carried = sum(p.forward_nats for p in measure_each(model, sentences, state="carry"))
    assert carried != pytest.approx(own.forward_nats)
    elmo = Elmo(model)
    together = elmo.embed(sentences, layers="all")
    for words, vectors in zip(sentences, together, strict=True):
        assert np.allclose(elmo.embed([words], layers="all")[0], vectors, atol=1e-6)
    assert not np.allclose(elmo.embed(sentences, state="warm")[0], elmo.embed(sentences)[0])
    first = elmo.embed(sentences, state="carry")[0]
    assert not np.allclose(elmo.embed(sentences, state="carry")[0], first)
    assert [len(group) for group in layers_from_top(model.bilm)[:2]] == [4, 4]
    facts = describe_model(str(tmp_path / "whole"))
    assert (facts["encoder"], facts["fade"], facts["warm_state"]) == ("fading", 0.5, True)


def test_the_memory_of_a_toy_encoder_is_counted(fading):
    small, large = (count_memory(recipe(f"rows={n}"), 100, 50, StepWords(10, 20)).activations for n in (4, 400))
    assert large > small


def test_an_encoder_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(ConfigError, match=r"bilm.encoder: .*no encoder 'fading'; there are lstm, gated_cnn"):
        recipe()
