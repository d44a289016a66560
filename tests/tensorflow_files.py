"""TensorFlow's V2 checkpoint files, written by the description of their formats: one block, no shared prefixes."""

import json
import struct
from pathlib import Path

import numpy as np

from elmo.checkpoints.crc32c import crc32c, mask_crc
from elmo.checkpoints.formats.allennlp_hdf5 import save_allennlp
from elmo.checkpoints.formats.bilm_tf import _tf_name
from elmo.checkpoints.formats.hdf5_layout import datasets
from elmo.checkpoints.saved_model import SavedModel
from elmo.text.words.vocabulary import write_vocabulary


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    """One field of a protocol buffer."""
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    return varint(number << 3) + varint(value)


def block(entries):
    body = b"".join(varint(0) + varint(len(k)) + varint(len(v)) + k + v for k, v in entries)
    body += struct.pack("<II", 0, 1)
    return body, body + trailer(body)


def trailer(body):
    """How a block is packed (not), and its checksum."""
    return b"\0" + struct.pack("<I", mask_crc(crc32c(body + b"\0")))


def write_bundle(prefix, arrays):
    """`PREFIX.index` and `PREFIX.data-00000-of-00001` of some float32 arrays."""
    data, entries = b"", [(b"", field(1, 1) + field(3, field(1, 1)))]
    for name in sorted(arrays):
        raw = np.asarray(arrays[name], dtype="<f4").tobytes()
        shape = b"".join(field(2, field(1, n)) for n in np.shape(arrays[name]))
        checksum = varint(6 << 3 | 5) + struct.pack("<I", mask_crc(crc32c(raw)))
        value = field(1, 1) + field(2, shape) + field(4, len(data)) + field(5, len(raw)) + checksum
        entries.append((name.encode(), value))
        data += raw
    write_index(prefix.with_name(prefix.name + ".index"), [block(entries)[0]])
    prefix.with_name(prefix.name + ".data-00000-of-00001").write_bytes(data)


def write_index(path, bodies, n_times=1):
    """A table of some blocks; the index names each of them `n_times`."""
    stored, entries = b"", []
    for body in bodies:
        handle = varint(len(stored)) + varint(len(body))
        entries += [(b"\xff", handle)] * n_times
        stored += body + trailer(body)
    meta_body, meta = block([])
    index_body, index = block(entries)
    handles = varint(len(stored)) + varint(len(meta_body)) + varint(len(stored) + len(meta)) + varint(len(index_body))
    path.write_bytes(stored + meta + index + handles.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57))


def save_tf_checkpoint(model: SavedModel, folder: Path) -> None:
    """A training directory as bilm-tf leaves it, with the vocabulary in it."""
    save_allennlp(model, folder)
    (folder / "weights.hdf5").unlink()
    parameters = {name: p.detach() for name, p in model.bilm.named_parameters()}
    arrays = {
        _tf_name(dataset.name, model.bilm.config.encoder.n_layers): dataset.from_parameters(parameters).numpy()
        for dataset in datasets(model.bilm.config)
    }
    arrays |= {
        "lm/softmax/W": model.softmax.weight.detach().numpy(),
        "lm/softmax/b": model.softmax.bias.detach().numpy(),
    }
    write_bundle(folder / "model.ckpt-7", arrays)
    (folder / "checkpoint").write_text(f"model_checkpoint_path: {json.dumps('/gone/model.ckpt-7')}\n")
    write_vocabulary(model.vocabulary, folder / "vocabulary.txt")
