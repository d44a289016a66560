"""Torch's own files (`torch.save`), for formats that need them: tensors only, never a pickled object."""

from pathlib import Path

import torch
from torch import Tensor

from elmo.errors import CheckpointError


def read_torch_file(path: Path) -> dict[str, Tensor]:
    """Read the state of a module, written by torch before or after version 1.6; nothing in the file is run.

    Raises:
        CheckpointError: it is missing, damaged, or holds something else than tensors.
    """
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"{path.absolute()}: no such file; the tensors of the model lie in it") from None
    except Exception as error:  # torch has a dozen kinds for damage
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise CheckpointError(f"{path}: not a whole file of torch tensors ({reason}); copy it again") from error
    if not isinstance(found, dict) or not all(isinstance(k, str) and isinstance(t, Tensor) for k, t in found.items()):
        raise CheckpointError(f"{path}: no names with tensors in it; expected the state of a module")
    return {name: tensor.detach() for name, tensor in found.items()}


def write_torch_file(tensors: dict[str, Tensor], path: Path) -> None:
    """Write tensors as torch does.

    Raises:
        OSError: the disk is full or fails.
    """
    with path.open("wb") as file:
        torch.save({name: tensor.contiguous() for name, tensor in tensors.items()}, file)
