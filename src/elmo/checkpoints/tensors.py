"""Tensors <-> a safetensors file, and tensors -> parameters of a module, with every difference named in one message."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from elmo.errors import CheckpointError

_NUMBERS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)


def write_tensors(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Write a safetensors file that has the permissions of any new file (safetensors alone: its owner's only).

    Raises:
        OSError: the disk is full or fails.
    """
    path.touch()
    mode = path.stat().st_mode
    try:
        save_file({name: t.detach().cpu().contiguous() for name, t in tensors.items()}, path, metadata={"format": "pt"})
    except SafetensorError as error:
        raise OSError(str(error)) from error
    os.chmod(path, mode)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file.

    Raises:
        CheckpointError: it is missing, cut short or damaged.
    """
    try:
        return load_file(path)
    except FileNotFoundError:
        raise CheckpointError(f"{path.absolute()}: no such file; the folder has a config but no weights") from None
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"{path}: not a whole safetensors file ({error}); copy it again from where it came"
        ) from error


def report_faults(faults: Sequence[str], where: str, advice: str) -> None:
    """Raise one CheckpointError that lists all faults, or return if there are none."""
    if faults:
        raise CheckpointError(f"{where}: {'; '.join(sorted(faults))}; {advice}")


def fill_module(module: nn.Module, tensors: Mapping[str, Tensor], where: str, advice: str) -> None:
    """Copy tensors into the parameters of the same names, as float32; a module on the meta device moves to the CPU.

    Raises:
        CheckpointError: tensors are missing, unexpected, of another shape or type, or not finite; all of them in one message.
    """
    check_tensors({name: tuple(p.shape) for name, p in module.named_parameters()}, tensors, where, advice)
    copy_tensors(module, tensors)


def copy_tensors(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """`fill_module` for tensors that were checked."""
    if any(p.is_meta for p in module.parameters()):
        module.to_empty(device="cpu")
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(tensors[name])


def check_tensors(
    expected: Mapping[str, tuple[int, ...]], tensors: Mapping[str, Tensor], where: str, advice: str
) -> None:
    """Compare tensors with the names and shapes that a config makes.

    Raises:
        CheckpointError: see `fill_module`.
    """
    faults = [
        f"{name!r} is missing, the config needs {shape}" for name, shape in expected.items() if name not in tensors
    ]
    for name, tensor in tensors.items():
        if name not in expected:
            faults.append(f"{name!r} {tuple(tensor.shape)} is not expected")
        elif tuple(tensor.shape) != expected[name]:
            faults.append(f"{name!r} is {tuple(tensor.shape)}, the config makes it {expected[name]}")
        elif tensor.dtype not in _NUMBERS:
            faults.append(f"{name!r} holds {str(tensor.dtype).removeprefix('torch.')}, expected floating-point numbers")
        elif not all_finite(tensor):
            faults.append(f"{name!r} holds numbers that are not finite")
    report_faults(faults, where, advice)


def all_finite(tensor: Tensor) -> bool:
    """Whether no number of a tensor is infinite or no number at all; takes no memory beside it."""
    return tensor.numel() == 0 or all(bool(torch.isfinite(end)) for end in torch.aminmax(tensor))
