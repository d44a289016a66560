"""Matrix products of training: x W^T in the precision of a run, the weight laid out once for many products.

`x` and the result stay as they come; inside, bfloat16 halves the bytes and doubles the speed of a product on processors that
know it (AVX-512 bf16, AMX, GPUs). Sums are always kept in float32.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Product = Callable[[Tensor], Tensor]

_PREPACK = hasattr(torch.ops.mkldnn, "_reorder_linear_weight") and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]


def product_with(weight: Tensor, n_rows: int, bias: Tensor | None = None) -> Product:
    """x -> x W^T + b for many x of `n_rows` rows: on a CPU the weight is packed once, which each single product would redo.

    Args:
        weight: float (M, K), any strides; its dtype is that of the product.
        n_rows: rows of x; a product with another number is right, only slower.
        bias: float (M,).
    """
    if _PREPACK and weight.device.type == "cpu" and weight.dtype in (torch.float32, torch.bfloat16):
        packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), n_rows)
        return lambda x: torch.ops.mkldnn._linear_pointwise(x, packed, bias, "none", [], "")
    return lambda x: functional.linear(x, weight, bias)


def sum_with(weight: Tensor, n_rows: int) -> Callable[[Tensor, Tensor], Tensor]:
    """x, y -> y + x W^T, as `product_with`."""
    if _PREPACK and weight.device.type == "cpu" and weight.dtype in (torch.float32, torch.bfloat16):
        packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), n_rows)
        return lambda x, y: torch.ops.mkldnn._linear_pointwise.binary(x, y, packed, None, "add")
    return lambda x, y: torch.addmm(y, x, weight.t())


def linear_in(x: Tensor, weight: Tensor, bias: Tensor | None, precision: torch.dtype | None) -> Tensor:
    """x W^T + b with a gradient: float (..., K) -> float (..., M) of the dtype of `x`; the product runs in `precision`."""
    if precision is None or precision == x.dtype:
        return functional.linear(x, weight, bias)
    low_bias = None if bias is None else bias.to(precision)
    return functional.linear(x.to(precision), weight.to(precision), low_bias).to(x.dtype)
