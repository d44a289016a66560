"""Long memory beside twins: a cache that compares every pair of positions, and gradient steps of a plain computation."""

from copy import deepcopy

import numpy as np
import pytest
import torch

from conftest import INPUT_LAYERS, model_of, small_model
from elmo.embed.language_model.neural_cache import CacheConfig
from elmo.errors import CheckpointError, ConfigError
from elmo.train.long_memory.dynamic_evaluation import GradientSquares, step_sizes, take_step
from elmo.train.long_memory.reading import adapted_pieces, gradient_squares, nats_with_memory, trained_pieces
from elmo.train.long_memory.settings import DynamicConfig, LongMemoryConfig
from elmo.train.long_memory.spooled_sentences import spooled
from elmo.train.perplexity import measure_each, measure_perplexity
from elmo.train.recipe import pretrain_config

SENTENCES = [["the", "river", "bank", "."], ["unheard", "money"], ["bank"], ["<unk>", "lends", "the", "river", "."]]
CACHE = CacheConfig(size=6, theta=0.4, weight=0.3)
DYNAMIC = DynamicConfig(learning_rate=0.01, decay=0.05, epsilon=1e-3, segment=100)


@pytest.fixture
def text():
    with spooled(SENTENCES) as sentences:
        yield sentences


def read_plainly(model, words, backward):
    """Top states and log probabilities of a sentence by the whole biLM, in the order of the direction, and its targets."""
    start, end = model.word_encoder.boundaries
    read = [*words, end] if backward else [start, *words]
    ids = torch.from_numpy(model.word_encoder.encode(read))[None]
    layers, _ = model.bilm(ids, torch.ones(1, len(read), dtype=torch.bool))
    ahead, behind = layers[0, -1].chunk(2, dim=1)
    top = behind.flip(0) if backward else ahead
    targets = [*words[::-1], "<S>"] if backward else [*words, "</S>"]
    return top, model.softmax.log_probabilities(top), torch.from_numpy(model.vocabulary.encode(targets)).long()


def plain_nats(found):
    return found.forward_nats, found.backward_nats


def in_order(backward):
    return SENTENCES[::-1] if backward else SENTENCES


def cached_nats(tops, log_probs, words):
    """The cross-entropy with a cache, by the formulas of Grave et al. 2017 over all pairs of positions."""
    h, p, total = np.concatenate(tops), np.exp(np.concatenate(log_probs)), 0.0
    x = np.concatenate(words)
    for t, word in enumerate(x):
        own = p[t, word]
        if t:
            weights = np.zeros(p.shape[1])
            for i in range(max(0, t - CACHE.size), t):
                weights[x[i]] += np.exp(CACHE.theta * h[t] @ h[i])
            own = (1 - CACHE.weight) * own + CACHE.weight * weights[word] / weights.sum()
        total -= np.log(own)
    return total


def test_the_cache_goes_over_sentence_borders_in_the_order_of_each_direction(text):
    model = small_model(scale=1.0)
    found = nats_with_memory(model, text, "zero", LongMemoryConfig(cache=CACHE))
    for backward, sums in enumerate(found):
        with torch.no_grad():
            read = [read_plainly(model, words, bool(backward)) for words in in_order(backward)]
        parts = zip(*[[part.double().numpy() for part in one[:2]] + [one[2].numpy()] for one in read], strict=True)
        assert sums == {"cache": pytest.approx(cached_nats(*parts), rel=1e-5)}


@pytest.mark.parametrize("backward", [False, True])
def test_a_step_is_that_of_a_plain_computation(text, backward):
    """RMS dynamic evaluation with decay (Krause et al. 2018), its arithmetic in float64 NumPy, one step a sentence."""
    model = small_model(scale=1.0)
    plain = deepcopy(model)
    other = plain.bilm.forward_lm if backward else plain.bilm.backward_lm
    named = [
        p
        for p in (*plain.bilm.parameters(), *plain.softmax.parameters())
        if not any(p is q for q in other.parameters())
    ]
    trained = [p.detach().double().numpy().copy() for p in named]
    weights, squares, expected = [w.copy() for w in trained], [np.zeros_like(w) for w in trained], []
    for n, words in enumerate(in_order(backward), start=1):
        _, log_probs, targets = read_plainly(plain, words, backward)
        losses = -log_probs[torch.arange(len(targets)), targets]
        expected.append(losses.detach().numpy())
        gradients = torch.autograd.grad(losses.mean(), named, allow_unused=True, materialize_grads=True)
        g = [x.double().numpy() for x in gradients]
        squares = [s + x**2 for s, x in zip(squares, g, strict=True)]
        root = [np.sqrt(s / n) for s in squares]
        mean = sum(r.sum() for r in root) / sum(r.size for r in root)
        for i, (w, x, r) in enumerate(zip(weights, g, root, strict=True)):
            back = np.minimum(1, DYNAMIC.decay * r / mean) * (trained[i] - w)
            weights[i] = w - DYNAMIC.learning_rate * x / (r + DYNAMIC.epsilon) + back
        with torch.no_grad():
            for p, w in zip(named, weights, strict=True):
                p.copy_(torch.from_numpy(w))
    pieces = list(adapted_pieces(model, text.read(backward), backward, "zero", DYNAMIC))
    assert len(pieces) == len(SENTENCES)
    for piece, losses in zip(pieces, expected, strict=True):
        assert np.allclose(piece.nats, losses, atol=2e-4)
    start = [piece.nats for piece in trained_pieces(model, text.read(backward), backward, "zero")]
    assert not np.allclose(start[-1], expected[-1], atol=1e-2)  # the steps change something


def test_statistics_of_another_text_stay_as_they_are(text):
    model = small_model(scale=1.0)
    with spooled([["the", "money"], ["bank", "."]]) as other:
        squares = gradient_squares(model, other.read(), False, "zero", DYNAMIC)
    before = [s.clone() for s in squares.sums]
    found = [piece.nats for piece in adapted_pieces(model, text.read(), False, "zero", DYNAMIC, squares)]
    assert squares.n_segments == 2
    assert all(torch.equal(a, b) for a, b in zip(before, squares.sums, strict=True))
    own = [piece.nats for piece in adapted_pieces(model, text.read(), False, "zero", DYNAMIC)]
    assert np.array_equal(found[0], own[0])
    assert not np.allclose(found[-1], own[-1], atol=1e-3)


def test_a_step_goes_back_by_at_most_the_whole_way():
    sizes = step_sizes([torch.tensor([0.0, 3.0]), torch.tensor([1.0])], DynamicConfig(learning_rate=0, decay=0.8))
    assert [d.tolist() for d in sizes.decays] == [[0, 1], [pytest.approx(0.6)]]  # the mean of sqrt(MS) is 4 / 3
    weights = [torch.tensor([5.0, 5.0]), torch.tensor([5.0])]
    take_step(weights, [torch.ones(2), torch.ones(1)], [torch.tensor([1.0, 2.0]), torch.tensor([0.0])], sizes)
    assert [w.tolist() for w in weights] == [[5, 2], [pytest.approx(2)]]


def test_squares_are_a_mean():
    squares = GradientSquares()
    for value in (3.0, 4.0):
        squares.add([torch.tensor([value])])
    assert squares.root()[0].item() == pytest.approx(np.sqrt((9 + 16) / 2))


@pytest.mark.parametrize("layer", INPUT_LAYERS)
def test_without_steps_and_cache_the_figures_are_the_plain_ones(layer, text):
    model = model_of(layer, scale=1.0)
    still = LongMemoryConfig(cache=CacheConfig(weight=0), dynamic=DynamicConfig(learning_rate=0, decay=0, segment=2))
    whole = measure_perplexity(model, SENTENCES)
    forward, backward = nats_with_memory(model, text, "zero", still)
    for name in ("cache", "dynamic", "dynamic_cache"):
        assert forward[name] == pytest.approx(whole.forward_nats, rel=1e-5)
        assert backward[name] == pytest.approx(whole.backward_nats, rel=1e-5)


def test_the_state_may_be_carried_in_the_order_of_each_direction(text):
    model = small_model(scale=1.0)
    still = LongMemoryConfig(dynamic=DynamicConfig(learning_rate=0, decay=0, segment=3))
    forward, backward = nats_with_memory(model, text, "carry", still)
    as_given, reverse = (list(measure_each(model, some, "carry")) for some in (SENTENCES, SENTENCES[::-1]))
    assert forward["dynamic"] == pytest.approx(sum(one.forward_nats for one in as_given), rel=1e-5)
    assert backward["dynamic"] == pytest.approx(sum(one.backward_nats for one in reverse), rel=1e-5)


def test_a_sentence_is_cut_into_equal_parts_with_a_step_after_each(text):
    model = small_model(scale=1.0)
    pieces = list(adapted_pieces(model, text.read(), False, "zero", DYNAMIC.model_copy(update={"segment": 4})))
    assert [len(piece.targets) for piece in pieces] == [3, 2, 3, 2, 3, 3]


def test_both_help_in_a_text_that_repeats_itself():
    model = small_model(scale=1.0)
    sentences = [["the", "bank", "lends", "money", "."]] * 40
    config = LongMemoryConfig(cache=CACHE, dynamic=DynamicConfig(learning_rate=0.003, segment=3))
    with spooled(sentences) as text:
        found = nats_with_memory(model, text, "zero", config)
    plain = measure_perplexity(model, sentences)
    for sums, nats in zip(found, plain_nats(plain), strict=True):
        assert sums["cache"] < 0.95 * nats
        assert sums["dynamic"] < 0.95 * nats
        assert sums["dynamic_cache"] < sums["cache"]


def test_the_model_stays_bitwise_as_it_is(text):
    model = small_model(scale=1.0)
    parts = {"bilm": model.bilm, "softmax": model.softmax}
    before = {f"{name}.{key}": t.clone() for name, part in parts.items() for key, t in part.state_dict().items()}
    config = LongMemoryConfig(cache=CACHE, dynamic=DYNAMIC)
    first = nats_with_memory(model, text, "zero", config)
    for name, part in parts.items():
        for key, tensor in part.state_dict().items():
            assert torch.equal(tensor, before[f"{name}.{key}"])
        assert all(p.grad is None for p in part.parameters())
    assert nats_with_memory(model, text, "zero", config) == first


def test_an_encoder_without_a_state_reads_each_sentence_whole(text):
    settings = {"bilm": {"char_cnn": {"embedding_size": 4, "filters": [[1, 8], [2, 16]], "n_highway": 1}}}
    sizes = ["n_layers=2", "channels=6", "kernel_width=2", "projection_size=5"]
    shape = ["bilm.encoder.kind=gated_cnn", *(f"bilm.encoder.{size}" for size in sizes)]
    model = small_model(pretrain_config(settings, shape).bilm, scale=1.0)
    steps = DynamicConfig(learning_rate=0, decay=0, segment=2)
    pieces = list(adapted_pieces(model, text.read(), False, "zero", steps))
    assert [len(piece.targets) for piece in pieces] == [len(words) + 1 for words in SENTENCES]
    plain = measure_perplexity(model, SENTENCES)
    still = LongMemoryConfig(cache=CacheConfig(weight=0), dynamic=steps)
    for sums, nats in zip(nats_with_memory(model, text, "zero", still), plain_nats(plain), strict=True):
        assert sums == {name: pytest.approx(nats, rel=1e-5) for name in ("cache", "dynamic", "dynamic_cache")}
    with pytest.raises(ConfigError, match="has no state"):
        nats_with_memory(model, text, "carry", still)


def test_an_adaptive_softmax_takes_steps_too(text):
    model = small_model(scale=1.0, cutoffs=[4, 7])
    forward, _ = nats_with_memory(model, text, "zero", LongMemoryConfig(dynamic=DYNAMIC))
    assert forward["dynamic"] != pytest.approx(measure_perplexity(model, SENTENCES).forward_nats, rel=1e-3)


def test_steps_that_are_too_large_are_named(text):
    model = small_model(scale=1.0)
    config = LongMemoryConfig(dynamic=DynamicConfig(learning_rate=1e30))
    with pytest.raises(
        ConfigError, match=r"learning_rate 1e\+30 the loss is no longer finite; lower dynamic\.learning_rate"
    ):
        nats_with_memory(model, text, "zero", config)


def test_a_model_without_a_softmax_is_refused(text):
    saved = small_model()
    bare = type(saved)(saved.config, saved.bilm, saved.vocabulary)
    with pytest.raises(CheckpointError, match="needs a model with its softmax"):
        nats_with_memory(bare, text, "zero", LongMemoryConfig(cache=CACHE))
