"""Learning rates that fall from layer to layer, compared with a hand computation."""

import pytest
import torch

from conftest import SMALL, WORDS, encode_text, small_model, step_of
from elmo.train.adaptation.layer_rates import layers_from_top, rate_factors
from elmo.train.data.encoded_corpus import encode_corpus
from elmo.train.recipe import pretrain_config
from elmo.train.trainer import Trainer

SENTENCES = [WORDS[3:], WORDS[4:7], WORDS[3:5]] * 3


def test_every_weight_has_the_factor_of_its_layer():
    model = small_model()
    factor_of = {id(p): f for p, f in zip(model.bilm.parameters(), rate_factors(model.bilm, 0.5), strict=True)}
    for way in (model.bilm.forward_lm, model.bilm.backward_lm):
        for layer, expected in zip(way.layers, (0.25, 0.5), strict=True):
            assert {factor_of[id(p)] for p in layer.parameters()} == {expected}
    assert {factor_of[id(p)] for p in model.bilm.char_cnn.parameters()} == {0.125}
    assert sum(map(len, layers_from_top(model.bilm))) == len(factor_of)


@pytest.mark.parametrize("softmax", ["full", "sampled"])
def test_a_step_moves_each_layer_by_its_own_rate(softmax):
    def moved(layer_rate: float | None) -> dict[str, torch.Tensor]:
        model = small_model()
        settings = {
            "bilm": SMALL.model_dump(),
            "rows": 2,
            "window": 5,
            "n_negatives": 3,
            "dropout": 0.0,
            "softmax": softmax,
            "optimizer": {"name": "sgd", "learning_rate": 0.5, "warmup_steps": 0, "clip_norm": 1e9},
        } | ({} if layer_rate is None else {"adaptation": {"layer_rate": layer_rate}})
        corpus = encode_corpus(encode_text(SENTENCES), [], model.vocabulary, model.word_encoder)
        trainer = Trainer(model, corpus, pretrain_config(settings, []))
        named = [*model.bilm.named_parameters(), *model.softmax.named_parameters()]
        before = {name: p.detach().clone() for name, p in named}
        window, _ = trainer.reader.read(trainer.reader.start())
        step_of(trainer, 0, 10, window, trainer.zero_state())
        return {name: p.detach() - before[name] for name, p in named}

    plain, by_layer = moved(None), moved(0.25)
    for name, change in plain.items():  # with plain gradient descent a change is the rate times the gradient
        depth = 0 if name in ("weight", "bias") else 1 if ".layers.1." in name else 2 if ".layers.0." in name else 3
        assert torch.allclose(by_layer[name], 0.25**depth * change, atol=1e-6, rtol=1e-4), name
        assert change.abs().max() > 1e-4, name
