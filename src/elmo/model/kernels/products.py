"""Matrix products x W^T in a given precision, with the weight packed once for many products.

`x` and the result stay as they come; inside, bfloat16 halves the bytes and doubles the speed of a product on processors that
know it (AVX-512 bf16, AMX, GPUs). Sums are always kept in float32. int8, for embedding only, quarters the bytes: each row of a
weight has a scale of its own, each x one that fits it as it comes.
"""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

Product = Callable[[Tensor], Tensor]

IN_CACHE = 2**22  # bytes of a weight that stays in a processor's cache from step to step
_PIECES = 8
_NAMED: dict[str, torch.dtype | None] = {"float32": None, "bfloat16": torch.bfloat16}
MIDDLE = 128  # of unsigned bytes: their zero
_PREPACK = hasattr(torch.ops.mkldnn, "_reorder_linear_weight") and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]


def _knows_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 products are fast on a device: without AVX-512, a processor is far slower in it than in float32."""
    return device.type != "cpu" or (_PREPACK and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()))


def known_precision(precision: torch.dtype | None, device: torch.device) -> torch.dtype | None:
    """The precision to use for products that may run in `precision`: that one if fast, else that of the weights (None)."""
    return None if precision == torch.bfloat16 and not _knows_bfloat16(device) else precision


def named_precision(name: str, device: torch.device) -> torch.dtype | None:
    """The same for a setting, "float32" or "bfloat16"."""
    return known_precision(_NAMED[name], device)


def _can_be_packed(weight: Tensor) -> bool:
    """Whether a weight can be packed on this processor."""
    if not _PREPACK or weight.device.type != "cpu":
        return False
    return weight.dtype == torch.float32 or (weight.dtype == torch.bfloat16 and _knows_bfloat16(weight.device))


def product_with(weight: Tensor, n_rows: int, bias: Tensor | None = None) -> Product:
    """x -> x W^T + b for many x of `n_rows` rows: on a CPU the weight is packed once, which each single product would redo.

    Args:
        weight: float (M, K), any strides; its dtype is that of the product.
        n_rows: rows of x; a product with another number is right, only slower.
        bias: float (M,).
    """
    if _can_be_packed(weight):
        packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), n_rows)
        return lambda x: torch.ops.mkldnn._linear_pointwise(x, packed, bias, "none", [], "")
    return lambda x: functional.linear(x, weight, bias)


def prepack_linear(weight: Tensor, n_rows: int, bias: Tensor | None, precision: torch.dtype) -> Product:
    """`product_with` in a precision: float (N, K) of any kind -> float (N, M), of the kind of `precision`, or float32 for int8.

    Args:
        weight: float (M, K). bias: float (M,).
        precision: a floating-point type, or torch.int8 (on a CPU, see `knows_int8`).
    """
    if precision == torch.int8:
        return _quantised(weight, bias)
    return product_with(weight.to(precision), n_rows, None if bias is None else bias.to(precision))


def held_as(precision: torch.dtype) -> torch.dtype:
    """The dtype of the input of a product: int8 products scale their input themselves."""
    return torch.float32 if precision == torch.int8 else precision


def small_batch_linear(weights: Sequence[Tensor], biases: Sequence[Tensor] | None, precision: torch.dtype) -> Product:
    """x -> x[d] W[d]^T + b[d] for a row or a few of each d: float (D, n, K) -> (D, n, M), of types as `prepack_linear`.

    Args:
        weights: D of (M, K). In their own precision they are used as they are, without a copy, unless they are small.
        biases: D of (M,).
    """
    own: Sequence[Tensor | None] = biases or [None] * len(weights)
    if precision != weights[0].dtype:
        each = [prepack_linear(w, 1, bias, precision) for w, bias in zip(weights, own, strict=True)]
    elif biases is None and weights[0].nbytes <= IN_CACHE:
        all_of_them = torch.stack([w.t() for w in weights])  # (D, K, M): read faster along its rows
        return lambda x: torch.bmm(x, all_of_them)
    else:
        each = [partial(_plain_product, weight=w, bias=bias) for w, bias in zip(weights, own, strict=True)]
    if len(each) == 1:
        (only,) = each
        return lambda x: only(x[0]).unsqueeze_(0)
    return lambda x: torch.stack([product(some) for product, some in zip(each, x, strict=True)])


def _plain_product(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """x W^T + b; of one row and a tall weight as several products of some of its rows, which MKL reads twice as fast as one."""
    M, K = weight.shape
    if len(x) != 1 or bias is not None or x.device.type != "cpu" or K >= M or M % _PIECES:
        return functional.linear(x, weight, bias)
    pieces = torch.bmm(weight.view(_PIECES, M // _PIECES, K), x.t().expand(_PIECES, K, 1))  # (pieces, M / pieces, 1)
    return pieces.view(1, M)


def knows_int8(device: torch.device) -> bool:
    """Whether int8 products are available on a device."""
    return device.type == "cpu" and _PREPACK and hasattr(torch.ops.onednn, "qlinear_pointwise")


def _quantised(weight: Tensor, bias: Tensor | None) -> Product:
    # Without VNNI a processor adds up pairs of products in 16 bits, where two of 255 x 127 do not fit.
    highest = 127 if torch.cpu._is_vnni_supported() else 63
    largest = torch.maximum(weight.amax(dim=1), -weight.amin(dim=1))  # (M,), nine times as fast as of abs()
    scales = largest.div_(highest).clamp_min_(1e-30)
    packed = torch.ops.onednn.qlinear_prepack((weight / scales[:, None]).round_().to(torch.int8), None)
    zeros = torch.zeros(len(scales), dtype=torch.int64)

    def product(x: Tensor) -> Tensor:
        low, high = torch.aminmax(x) if x.numel() else (x.new_zeros(()), x.new_zeros(()))
        scale = max(-float(low), float(high), 1e-30) / 127
        whole = (x / scale).add_(MIDDLE).round_().to(torch.uint8)  # signed, oneDNN has no fast product without AMX
        found: Tensor = torch.ops.onednn.qlinear_pointwise(
            whole, scale, MIDDLE, packed, scales, zeros, bias, 1.0, 0, torch.float32, "none", [], ""
        )
        return found

    return product


def sum_with(weight: Tensor, n_rows: int) -> Callable[[Tensor, Tensor], Tensor]:
    """x, y -> y + x W^T, as `product_with`."""
    if _can_be_packed(weight):
        packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), n_rows)
        return lambda x, y: torch.ops.mkldnn._linear_pointwise.binary(x, y, packed, None, "add")
    return lambda x, y: torch.addmm(y, x, weight.t())


def look_up(table: Tensor, ids: Tensor) -> Tensor:
    """Rows of a table; unlike that of `nn.Embedding`, their gradient needs no synchronisation with the GPU.

    Args:
        table: float (V, E). ids: int64 (...).
    Returns:
        float (..., E).
    """
    return table.index_select(0, ids.reshape(-1)).view(*ids.shape, -1)


def linear_in(x: Tensor, weight: Tensor, bias: Tensor | None, precision: torch.dtype | None) -> Tensor:
    """x W^T + b with a gradient: float (..., K) -> float (..., M) of the dtype of `x`; the product runs in `precision`."""
    if precision is None or precision == x.dtype:
        return functional.linear(x, weight, bias)
    low_bias = None if bias is None else bias.to(precision)
    return functional.linear(x.to(precision), weight.to(precision), low_bias).to(x.dtype)
