"""The biattentive network is the paper's, and a text's label depends on nothing but the text."""

import numpy as np
import pytest
import torch

from elmo.tasks.batches import TableSizes, Words, make_batch
from elmo.tasks.examples import Example, with_blanks
from elmo.tasks.kinds.classify.biattentive import BiattentiveClassifier, Maxout, attend_to_itself
from elmo.tasks.kinds.registry import task_config
from elmo.tasks.layers.pooling import lowest
from twins import biattention as twin

LENGTHS = (4, 1, 6)
CONFIG = task_config(
    {
        "task": "classify",
        "model": None,
        "network": "biattentive",
        "cell_size": 5,
        "inputs": {"word_size": 3, "character_size": 4},
    }
)


def rows(n_features):
    """Rows (3, 6, F) whose padding holds large numbers, and their mask."""
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(3, 6, n_features))).float()
    mask = torch.arange(6) < torch.tensor(LENGTHS)[:, None]
    return x.masked_fill(~mask.unsqueeze(2), 1e4), mask


def test_each_token_sees_what_the_paper_lets_it_see_and_no_padding():
    x, mask = rows(7)
    seen = attend_to_itself(x, mask)
    for row, own, n in zip(seen, x, LENGTHS, strict=True):
        assert np.allclose(row[:n], twin.attended(own[:n].double().numpy()), atol=1e-5)


def test_the_lowest_of_each_feature_is_that_of_a_token():
    x, mask = rows(7)
    for sign in (1, -1):
        for row, own, n in zip(lowest(sign * x, mask), x, LENGTHS, strict=True):
            assert torch.equal(row, (sign * own[:n]).amin(dim=0))


def test_a_maxout_unit_is_the_largest_of_its_pieces():
    layer = Maxout(7, 3)
    x = torch.randn(2, 7)
    weight, bias = (p.detach().numpy() for p in layer.parameters())
    for found, own in zip(layer(x), x, strict=True):
        assert np.allclose(found.detach(), twin.maxout(own.numpy(), weight, bias, 3), atol=1e-6)


def batch_of(texts):
    pairs = [with_blanks(text.split()) for text in texts]
    return make_batch([Example(t, ["a"], w, 1) for w, t in pairs], None, Words(["the", "bank"]), CONFIG.inputs)


def network():
    torch.manual_seed(0)
    return BiattentiveClassifier(CONFIG, ["a", "b", "c"], TableSizes(4), None).eval()


TEXTS = ["the bank of the river", "money", "the money in the bank of the town"]


@torch.no_grad()
def test_neighbours_in_a_batch_never_matter():
    model = network()
    together = model.logits(batch_of(TEXTS))
    for row, text in zip(together, TEXTS, strict=True):
        assert torch.allclose(row, model.logits(batch_of([text]))[0], atol=1e-6)


@torch.no_grad()
def test_the_network_is_the_paper_s_from_the_encoder_on():
    model = network()
    batch = batch_of(TEXTS)
    encoded = model.encoder(batch)
    for logits, x, text in zip(model.logits(batch), encoded, TEXTS, strict=True):
        own = x[: len(text.split())].numpy()
        seen = twin.attended(own)
        compared = np.concatenate([own, own - seen, own * seen], axis=1)
        whole = torch.ones(1, len(compared), dtype=torch.bool)
        y = model.integrator(torch.from_numpy(compared)[None], whole)[0].numpy()
        found = twin.summaries(y, model.attention.weight[0].numpy(), model.attention.bias.item())
        for layer, n in zip([m for m in model.output if isinstance(m, Maxout)], (20, 10, 3), strict=True):
            found = twin.maxout(found, layer.pieces.weight.numpy(), layer.pieces.bias.numpy(), n)
        assert np.allclose(logits, found, atol=1e-5)


def test_the_network_is_one_of_texts_with_labels():
    with pytest.raises(ValueError, match="network is a setting of the task classify, not of tag"):
        task_config(task="tag", network="biattentive")
