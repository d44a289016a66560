"""One odd change of a file of arrays: other names, types, shapes, places, numbers that are none."""

import json
import random
from pathlib import Path

import h5py
import numpy as np
import torch

from benchmarks.campaigns.json_mutations import mutate_json_value
from elmo.checkpoints.tensor_bundle import TensorBundle
from tests.tensorflow_files import write_bundle


def safetensors_file(path: Path, rng: random.Random) -> str:
    """Tensors of other names, types, shapes or places, or of odd numbers."""
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    header, data = json.loads(content[8 : 8 + size]), bytearray(content[8 + size :])
    names = [name for name in header if name != "__metadata__"]
    name = rng.choice(names)
    tensor = header[name]
    how = rng.choice(
        ["numbers", "numbers", "dtype", "shape", "offsets", "rename", "exchange", "header", "size", "gone"]
    )
    if how == "numbers":
        odd = np.array([rng.choice([np.nan, np.inf, -np.inf, 1e38, -1e38, 0, 1e-45])], "<f4").tobytes()
        begin, end = tensor["data_offsets"]
        at = begin + 4 * rng.randrange(max(1, (end - begin) // 4))
        data[at : at + 4] = odd
    elif how == "dtype":
        tensor["dtype"] = rng.choice(["F16", "BF16", "F64", "I64", "U8", "BOOL", "F8_E4M3", "F128", ""])
    elif how == "shape":
        tensor["shape"] = rng.choice([tensor["shape"][::-1], [10**9], [], [-1], [2**63, 0], tensor["shape"] + [1]])
    elif how == "offsets":
        tensor["data_offsets"] = rng.choice([[0, 0], [0, 4], [-4, 4], [0, 10**12], tensor["data_offsets"][::-1]])
    elif how == "rename":
        header[rng.choice([f"{name}.x", name.upper(), ""])] = header.pop(name)
    elif how == "exchange":
        other = rng.choice(names)
        header[name], header[other] = header[other], header[name]
    elif how == "gone":
        del header[name]
    elif how == "header":
        mutate_json_value(header, rng)
    text = json.dumps(header).encode()
    n = rng.choice([0, 1, 2**40, 2**63, len(text) - 1]) if how == "size" else len(text)
    path.write_bytes(n.to_bytes(8, "little") + text + data)
    return f"{how} of {name}"


def hdf5_file(path: Path, rng: random.Random) -> str:
    """Arrays of other names, shapes, types or odd numbers."""
    with h5py.File(path, "r+") as file:
        names: list[str] = []
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        if not names:
            return "empty"
        name = rng.choice(names)
        array = file[name][()]
        how = rng.choice(["gone", "shape", "type", "numbers", "rename", "add", "scalar", "text"])
        if how != "add":
            del file[name]
        if how == "shape":
            file[name] = rng.choice(
                [
                    np.zeros((*array.shape, 2), "f4"),
                    np.zeros((0,), "f4"),
                    array.T.copy() if array.ndim > 1 else array[:-1],
                ]
            )
        elif how == "type":
            file[name] = array.astype(
                rng.choice(["f8", "f2", "i4", "i8", "S4" if array.dtype.kind != "S" else "f4", "c8"])
            )
        elif how == "numbers":
            odd = np.array(array)
            if odd.size and odd.dtype.kind == "f":
                odd.flat[rng.randrange(odd.size)] = rng.choice([np.nan, np.inf, -np.inf, 1e38])
            file[name] = odd
        elif how in ("rename", "add"):
            file[f"{name}_x"] = array
        elif how == "scalar":
            file[name] = 3.0
        elif how == "text":
            file[name] = "not an array"
    return f"{how} of {name}"


def torch_file(path: Path, rng: random.Random) -> str:
    """A state_dict of torch with other names, shapes, types or odd numbers, or with what is no tensor."""
    tensors = torch.load(path, weights_only=True)
    name = rng.choice(list(tensors))
    tensor = tensors[name]
    how = rng.choice(["gone", "shape", "type", "numbers", "rename", "add", "object", "whole"])
    if how in ("gone", "rename"):
        del tensors[name]
    if how in ("rename", "add"):
        tensors[f"{name}.x"] = tensor
    elif how == "shape":
        tensors[name] = rng.choice(
            [tensor[None], tensor[:0], tensor.flatten(), tensor.mT if tensor.ndim > 1 else tensor[1:]]
        )
    elif how == "type":
        tensors[name] = tensor.to(rng.choice([torch.float64, torch.float16, torch.int64, torch.bool, torch.complex64]))
    elif how == "numbers":
        tensors[name] = tensor.clone()
        tensors[name].view(-1)[rng.randrange(tensor.numel())] = rng.choice([np.nan, np.inf, -np.inf, 1e38])
    elif how == "object":
        tensors[name] = rng.choice([None, 3, "x", [tensor], {"x": tensor}])
    torch.save(rng.choice([None, list(tensors.values()), tensor, {}]) if how == "whole" else tensors, path)
    return f"{how} of {name}"


def tensorflow_index(path: Path, rng: random.Random) -> str:
    """A checkpoint of TensorFlow with other names, shapes or odd numbers, with right checksums."""
    prefix = path.with_suffix("")
    bundle = TensorBundle(prefix)
    arrays = {name: bundle.read(name) for name in bundle.variables}
    name = rng.choice(list(arrays))
    how = rng.choice(["gone", "shape", "numbers", "rename", "add"])
    array = arrays[name] if how == "add" else arrays.pop(name)
    if how in ("rename", "add"):
        arrays[rng.choice([f"{name}_x", name.upper(), "x" * 900])] = array
    elif how == "shape":
        arrays[name] = rng.choice([array[None], array.reshape(-1), array.T, array[1:], array.reshape(-1)[:1]])
    elif how == "numbers":
        arrays[name] = np.array(array)
        arrays[name].flat[rng.randrange(array.size)] = rng.choice([np.nan, np.inf, -np.inf, 1e38])
    write_bundle(prefix, arrays)
    return f"{how} of {name}"
