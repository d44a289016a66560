"""Torch's own files (`torch.save`), for formats that need them: tensors only, never a pickled object."""

import zipfile
from pathlib import Path

import torch
from torch import Tensor

from elmo.errors import CheckpointError


def read_torch_file(path: Path) -> dict[str, Tensor]:
    """Read the state_dict of a module, written by torch before or after version 1.6; no code of the file is run.

    Raises:
        CheckpointError: it is missing, damaged, or holds something else than tensors.
    """
    try:
        _refuse_packed(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"{path.absolute()}: no such file; it has the tensors of the model") from None
    except Exception as error:  # torch has a dozen kinds for damage
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise CheckpointError(f"{path}: not a whole file of torch tensors ({reason}); copy it again") from error
    if not isinstance(found, dict) or not all(isinstance(k, str) and isinstance(t, Tensor) for k, t in found.items()):
        raise CheckpointError(f"{path}: contains no named tensors; expected the state_dict of a module")
    for name, tensor in found.items():
        if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise CheckpointError(f"{path}: {name!r} is {tuple(tensor.shape)} and holds fewer numbers; it is damaged")
    return {name: tensor.detach() for name, tensor in found.items()}


def _refuse_packed(path: Path) -> None:
    """Refuse compressed parts: torch never compresses, so a small file that unpacks to a large one is not a checkpoint."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        if any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist()):
            raise ValueError("its parts are packed, which torch never does")


def write_torch_file(tensors: dict[str, Tensor], path: Path) -> None:
    """Write tensors as torch does.

    Raises:
        OSError: the disk is full or fails.
    """
    with path.open("wb") as file:
        torch.save({name: tensor.contiguous() for name, tensor in tensors.items()}, file)
