"""The output layer that stands beside ours in the benchmark: what it calls probabilities are some."""

import math
from dataclasses import replace

import pytest
import torch

from benchmarks.measure.training.continuous_output import ContinuousOutput, fit_concentration
from benchmarks.measure.training.rival_trainer import RivalTrainer, step_of
from conftest import TEXT, encode_text, small_model
from elmo.train.data.encoded_corpus import encode_corpus
from elmo.train.perplexity import measure_perplexity
from elmo.train.recipe import pretrain_config
from elmo.train.trainer import Trainer

N, P, V, E = 3, 7, 13, 5


def log_frequencies() -> torch.Tensor:
    """Of 13 words in order of frequency."""
    return (1.0 / torch.arange(2, V + 2)).log().log_softmax(dim=0)


def continuous() -> ContinuousOutput:
    torch.manual_seed(0)
    layer = ContinuousOutput(P, torch.randn(V, E), log_frequencies())
    layer.concentration = 6.0
    return layer


def probabilities(layer: ContinuousOutput, x: torch.Tensor) -> torch.Tensor:
    """Of all words at each place: (N, V)."""
    every = [layer.nats(x, torch.full((len(x),), word)) for word in range(V)]
    return torch.stack(every, dim=1).neg().exp()


def test_the_probabilities_of_all_words_sum_to_one_and_depend_on_what_is_read():
    found = probabilities(continuous(), 3 * torch.randn(N, P))
    assert torch.allclose(found.sum(dim=1), torch.ones(N, dtype=torch.float64), atol=1e-5)
    assert not torch.allclose(found[0], found[1], atol=1e-2)


def test_what_reads_nothing_gives_words_their_frequencies():
    found = probabilities(continuous(), torch.zeros(1, P))[0]
    assert torch.allclose(found, log_frequencies().exp().double(), atol=1e-6)


def test_the_continuous_layer_is_a_softmax_over_the_fixed_vectors():
    layer, x, targets = continuous(), torch.randn(N, P), torch.tensor([0, 12, 5])
    turned = x @ layer.linear.weight.detach().T
    cosines = torch.stack([torch.cosine_similarity(turned, v[None], dim=1) for v in layer._vectors], dim=1)  # (N, V)
    expected = -(log_frequencies() + 6.0 * cosines).log_softmax(dim=1)[torch.arange(N), targets]
    assert torch.allclose(layer.nats(x, targets).float(), expected, atol=1e-5)
    assert torch.allclose(layer.loss(x, targets), 1 - cosines[torch.arange(N), targets], atol=1e-6)


def test_the_fitted_concentration_is_the_one_that_drew_the_words():
    layer, drawn_with = continuous(), 9.0
    layer.concentration = drawn_with
    x = torch.randn(4000, P)
    drawn = torch.multinomial(probabilities(layer, x), 1, generator=torch.Generator().manual_seed(0))[:, 0]
    fit_concentration(layer, lambda: layer.nats(x, drawn).mean().item())
    assert layer.concentration == pytest.approx(drawn_with, abs=1.0)


def test_the_rivals_step_is_the_trainers():
    """Given the full softmax as its layer, it moves the weights as the trainer does."""
    sentences = [line.split() for line in TEXT.splitlines()]
    ours, theirs = small_model(), small_model()
    config = pretrain_config(
        {"bilm": ours.config.bilm.model_dump(), "rows": 2, "window": 4, "softmax": "full", "dropout": 0.2}, []
    )
    corpora = [encode_corpus(encode_text(sentences), [], m.vocabulary, m.word_encoder) for m in (ours, theirs)]
    trainer = Trainer(ours, corpora[0], config)
    rival = RivalTrainer(theirs.bilm, theirs.softmax, corpora[1], config)
    state, other_state = trainer.zero_state(), rival.zero_state()
    position = trainer.reader.start()
    for number in range(3):
        window, position = trainer.reader.read(position)
        result, other = (step_of(t, number, 9, window, s) for t, s in ((trainer, state), (rival, other_state)))
        state, other_state = result.state, other.state
        assert other.loss_nats == pytest.approx(result.loss_nats, rel=1e-5)
        assert other.gradient_norm == pytest.approx(result.gradient_norm, rel=1e-4)
        assert other.learning_rate == result.learning_rate
    assert torch.allclose(other_state.backward.cell, state.backward.cell, atol=1e-5)


def test_perplexity_asks_the_output_layer_it_is_given():
    model = small_model()
    V = len(model.vocabulary)
    layer = ContinuousOutput(P, torch.randn(V, E), torch.full((V,), -math.log(V)))
    layer.concentration = 0.0
    assert measure_perplexity(replace(model, softmax=layer), [["the", "river"]]).mean == pytest.approx(V)
