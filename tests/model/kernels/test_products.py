"""Products x W^T in every precision beside float64: exact to the precision that was asked for, for any number of rows."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from elmo.model.kernels.products import (
    IN_CACHE,
    known_precision,
    knows_int8,
    linear_in,
    look_up,
    named_precision,
    prepack_linear,
    product_with,
    small_batch_linear,
    sum_with,
)

CPU = torch.device("cpu")
M, K = 24, 7
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-12, torch.bfloat16: 0.1, torch.int8: 0.15}


def made(n, seed=0, m=M, k=K):
    torch.manual_seed(seed)
    return torch.randn(n, k), torch.randn(m, k), torch.randn(m)


def exact(x, weight, bias=None):
    found = x.double() @ weight.double().t()
    return found if bias is None else found + bias.double()


@given(st.integers(0, 9), st.integers(1, 9), st.booleans())
@settings(max_examples=20)
def test_a_packed_weight_multiplies_any_number_of_rows(n, n_planned, with_bias):
    x, weight, bias = made(n)
    bias = bias if with_bias else None
    found = product_with(weight, n_planned, bias)(x)
    assert found.shape == (n, M)
    assert torch.allclose(found.double(), exact(x, weight, bias), atol=1e-5)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16, torch.int8])
@pytest.mark.parametrize("with_bias", [True, False])
def test_each_precision_is_as_exact_as_it_says(precision, with_bias):
    if precision == torch.int8 and not knows_int8(CPU):
        pytest.skip("no int8 products on this processor")
    x, weight, bias = made(5)
    bias = bias if with_bias else None
    found = prepack_linear(weight, 5, bias, precision)(x.to(precision) if precision.is_floating_point else x)
    assert torch.allclose(found.double(), exact(x, weight, bias), atol=TOLERANCE[precision])


def test_int8_gives_each_row_of_a_weight_a_scale_of_its_own():
    if not knows_int8(CPU):
        pytest.skip("no int8 products on this processor")
    x, weight, _ = made(5)
    scaled = weight * torch.logspace(-6, 6, M)[:, None]
    found = prepack_linear(scaled, 5, None, torch.int8)(x) / torch.logspace(-6, 6, M)
    assert torch.allclose(found.double(), exact(x, weight), atol=TOLERANCE[torch.int8])
    assert prepack_linear(weight, 5, None, torch.int8)(x[:0]).shape == (0, M)
    assert float(prepack_linear(weight * 0, 5, None, torch.int8)(x).abs().max()) == 0


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("shape", [(M, K), (16, 2), (IN_CACHE // 4 // 8 + 8, 8)])
@pytest.mark.parametrize("with_bias", [True, False])
def test_a_row_or_a_few_of_each_direction(n, shape, with_bias):
    torch.manual_seed(0)
    weights, biases = [torch.randn(shape) for _ in range(2)], [torch.randn(shape[0]) for _ in range(2)]
    x = torch.randn(2, n, shape[1])
    found = small_batch_linear(weights, biases if with_bias else None, torch.float32)(x)
    for d in range(2):
        expected = exact(x[d], weights[d], biases[d] if with_bias else None)
        assert torch.allclose(found[d].double(), expected, atol=1e-5)
    (alone,) = small_batch_linear(weights[:1], None, torch.float32)(x[:1])
    assert torch.allclose(alone.double(), exact(x[0], weights[0]), atol=1e-5)


def test_a_sum_with_a_product():
    x, weight, _ = made(5)
    y = torch.randn(5, M)
    assert torch.allclose(sum_with(weight, 5)(x, y.clone()).double(), y.double() + exact(x, weight), atol=1e-5)


def test_a_look_up_has_the_gradient_of_an_embedding():
    table = torch.randn(5, 3, requires_grad=True)
    ids = torch.tensor([[1, 1, 4], [0, 1, 2]])
    found = look_up(table, ids)
    assert torch.equal(found, table[ids])
    (ours,) = torch.autograd.grad(found.square().sum(), table)
    (theirs,) = torch.autograd.grad(torch.nn.functional.embedding(ids, table).square().sum(), table)
    assert torch.allclose(ours, theirs)


@pytest.mark.parametrize("precision", [None, torch.float32, torch.bfloat16])
def test_a_product_with_a_gradient_keeps_the_type_of_x(precision):
    x, weight, bias = made(5)
    found = linear_in(x, weight.requires_grad_(), bias, precision)
    assert found.dtype == torch.float32
    found.sum().backward()
    assert torch.allclose(weight.grad, x.sum(dim=0).expand(M, K), atol=0.2)


def test_a_precision_that_is_slow_here_is_that_of_the_weights(monkeypatch):
    monkeypatch.setattr("elmo.model.kernels.products._PREPACK", False)
    assert known_precision(torch.bfloat16, CPU) is None
    assert known_precision(torch.float16, CPU) == torch.float16
    assert known_precision(torch.bfloat16, torch.device("cuda")) == torch.bfloat16
    assert named_precision("float32", CPU) is None
    assert not knows_int8(CPU)
