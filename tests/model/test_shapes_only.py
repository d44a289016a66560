"""Modules of shapes alone: no memory whatever their size, and the very parameters once tensors are put in."""

import torch
from torch import nn

from conftest import SMALL, small_model
from elmo.checkpoints.tensors import copy_tensors
from elmo.model.bilm import BiLM
from elmo.model.config import bilm_config
from elmo.model.shapes_only import shapes_only


def test_a_module_takes_no_memory_and_has_its_shapes():
    with shapes_only():
        huge = nn.Linear(2**20, 2**20)
        bilm = BiLM(bilm_config("original"))
    assert huge.weight.is_meta
    assert huge.weight.shape == (2**20, 2**20)
    assert all(p.is_meta for p in bilm.parameters())
    assert {n: p.shape for n, p in BiLM(SMALL).named_parameters()} == {
        n: p.shape for n, p in _shapes_of(SMALL).named_parameters()
    }


def _shapes_of(config):
    with shapes_only():
        return BiLM(config)


def test_no_random_number_is_drawn():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    _shapes_of(SMALL)
    assert torch.equal(torch.rand(3), expected)


def test_initialisers_leave_tensors_as_they_are_only_within():
    weight = torch.zeros(3)
    with shapes_only():
        assert nn.init.constant_(weight, 1.0) is weight
        assert nn.init.normal_(tensor=weight) is weight
    assert torch.equal(weight, torch.zeros(3))
    assert torch.equal(nn.init.constant_(weight, 1.0), torch.ones(3))


def test_tensors_that_are_put_in_make_the_model():
    model, empty = small_model(), _shapes_of(SMALL)
    copy_tensors(empty, dict(model.bilm.named_parameters()))
    for (name, p), q in zip(model.bilm.named_parameters(), empty.named_parameters(), strict=True):
        assert torch.equal(p, q[1]), name
