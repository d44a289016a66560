"""Functions of single numbers, compiled to one kernel where that pays: on a GPU that Triton knows."""

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any, TypeVar, cast

import torch

F = TypeVar("F", bound=Callable[..., Any])


@cache
def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    return torch.compile(function, dynamic=False)


def compiled_on(device: torch.device, function: F) -> F:
    """The function, compiled for each shape that it meets there; where that cannot be done, as it is."""
    if device.type != "cuda" or find_spec("triton") is None:
        return function
    return cast("F", _compiled(function))
