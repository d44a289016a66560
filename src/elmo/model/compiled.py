"""Functions of single numbers, compiled to one kernel where that pays: on a GPU that Triton knows."""

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any, TypeVar, cast

import torch

F = TypeVar("F", bound=Callable[..., Any])


@cache
def _compiled(function: Callable[..., Any], any_shape: bool) -> Callable[..., Any]:
    return torch.compile(function, dynamic=any_shape)


def compiled_on(device: torch.device, function: F, any_shape: bool = False) -> F:
    """The function, compiled; where that cannot be done, as it is.

    Args:
        any_shape: compile once for all shapes, else anew for each, of which there are then few.
    """
    if device.type != "cuda" or find_spec("triton") is None:
        return function
    return cast("F", _compiled(function, any_shape))
