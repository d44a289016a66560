"""Tensors <-> a safetensors file, and tensors -> parameters of a module, with every difference named in one message."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from elmo.errors import CheckpointError, reason_of

SCALE = ".scale"  # what the scales of an int8 tensor are called, after its own name
_BYTE = 127  # the largest number of a row
_ALIGNED = 64  # bytes: where tensors begin that PyTorch makes; elsewhere products may differ in their last digits
_LENGTH = 8  # bytes that say how long the header of a file is
_CODES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
}  # what safetensors calls them  # fmt: skip
_MOST_FAULTS = 12  # that are named in one message
_NUMBERS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)


def write_tensors(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Write a safetensors file: the same bytes for the same tensors; the first begins at a round address of the file.

    Its header is JSON, filled up with blanks: metadata, then of each tensor name, type, shape, and where it begins and ends.
    The tensors follow without gaps, those of wide numbers first.

    Raises:
        OSError: the disk is full or fails.
    """
    plain = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    order = sorted(plain, key=lambda name: (-plain[name].itemsize, _CODES[plain[name].dtype], name))
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    begin = 0
    for name in order:
        t, end = plain[name], begin + plain[name].nbytes
        header[name] = {"dtype": _CODES[t.dtype], "shape": list(t.shape), "data_offsets": [begin, end]}
        begin = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-(_LENGTH + len(text)) % _ALIGNED)
    path.unlink(missing_ok=True)  # a file that weights are mapped from stays theirs
    with path.open("wb") as file:
        file.write(len(text).to_bytes(_LENGTH, "little") + text)
        for name in order:
            file.write(plain[name].reshape(-1).view(torch.uint8).numpy().data)


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
            f"{path}: not a whole safetensors file ({reason_of(error)}); copy it again from where it came"
        ) from error


def as_bytes(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors with their matrices as int8 and a scale per row; vectors, which are small, stay as they are."""
    stored: dict[str, Tensor] = {}
    for name, t in tensors.items():
        if t.ndim < 2:
            stored[name] = t
            continue
        rows = t.reshape(len(t), -1)
        scale = rows.abs().amax(dim=1).div(_BYTE).clamp_min(torch.finfo(torch.float32).tiny)  # (rows,)
        stored[name] = (rows / scale[:, None]).round().to(torch.int8).view(t.shape)
        stored[name + SCALE] = scale
    return stored


def from_bytes(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of `as_bytes`, as float32; other tensors stay as they are and are checked later."""
    found = dict(tensors)
    for name, t in tensors.items():
        scale = tensors.get(name + SCALE)
        if t.dtype == torch.int8 and t.ndim > 1 and scale is not None and scale.shape == t.shape[:1]:
            found[name] = t.float().mul_(scale.float().view(-1, *[1] * (t.ndim - 1)))
            del found[name + SCALE]
    return found


def report_faults(faults: Sequence[str], where: str, advice: str) -> None:
    """Raise one CheckpointError that lists the faults, the first `_MOST_FAULTS` of many, or return if there are none."""
    if faults:
        more = f"; and {len(faults) - _MOST_FAULTS:,} more" if len(faults) > _MOST_FAULTS else ""
        raise CheckpointError(f"{where}: {'; '.join(sorted(faults)[:_MOST_FAULTS])}{more}; {advice}")


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


def adopt_tensors(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Make checked tensors the parameters of a module, without copying those that already have the right type."""
    fitting = {name: t.float().contiguous() for name, t in tensors.items()}
    aligned = {name: t if t.data_ptr() % _ALIGNED == 0 else t.clone() for name, t in fitting.items()}
    module.load_state_dict(aligned, assign=True)


def check_tensors(
    expected: Mapping[str, tuple[int, ...]], tensors: Mapping[str, Tensor], where: str, advice: str
) -> None:
    """Compare tensors with the names and shapes that a config expects.

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
    """Whether no number of a tensor is infinite or NaN; needs no additional memory."""
    return tensor.numel() == 0 or all(bool(torch.isfinite(end)) for end in torch.aminmax(tensor))
