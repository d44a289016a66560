"""Tensors of a file -> parameters of a module, with every difference named in one message."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from elmo.errors import CheckpointError


def report_faults(faults: Sequence[str], where: str, advice: str) -> None:
    """Raise one CheckpointError that lists all faults, or return if there are none."""
    if faults:
        raise CheckpointError(f"{where}: {'; '.join(sorted(faults))}; {advice}")


def fill_module(module: nn.Module, tensors: Mapping[str, Tensor], where: str, advice: str) -> None:
    """Copy tensors into the parameters of the same names, as float32.

    Raises:
        CheckpointError: tensors are missing, unexpected, of another shape, or not finite; all of them in one message.
    """
    parameters = dict(module.named_parameters())
    faults = [
        f"{name!r} is missing, the config needs {tuple(p.shape)}"
        for name, p in parameters.items()
        if name not in tensors
    ]
    faults += [f"{name!r} {tuple(t.shape)} is not expected" for name, t in tensors.items() if name not in parameters]
    for name in parameters.keys() & tensors.keys():
        if parameters[name].shape != tensors[name].shape:
            faults.append(
                f"{name!r} is {tuple(tensors[name].shape)}, the config makes it {tuple(parameters[name].shape)}"
            )
        elif not bool(torch.isfinite(tensors[name]).all()):
            faults.append(f"{name!r} holds numbers that are not finite")
    report_faults(faults, where, advice)
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(tensors[name])
