"""Elementwise functions, compiled to one kernel where that pays: on a GPU that Triton supports."""

import os
import shutil
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any, TypeVar, cast

import torch

_OLDEST = (7, 0)  # compute capability that Triton knows: Volta

F = TypeVar("F", bound=Callable[..., Any])


@cache
def _compiled(function: Callable[..., Any], any_shape: bool) -> Callable[..., Any]:
    return torch.compile(function, dynamic=any_shape)


@cache
def _can_compile(device: torch.device) -> bool:
    compilers = (os.environ.get("CC", "cc"), "gcc", "clang")
    known = find_spec("triton") is not None and torch.cuda.get_device_capability(device) >= _OLDEST
    return known and any(shutil.which(name) for name in compilers)


def compiled_on(device: torch.device, function: F, any_shape: bool = False) -> F:
    """The function, compiled; unchanged where that is impossible (no GPU with Triton, no C compiler).

    Args:
        any_shape: compile once for all shapes; else for each shape, of which there must be few.
    """
    if device.type != "cuda" or not _can_compile(device):
        return function
    return cast("F", _compiled(function, any_shape))
