"""TensorFlow's checkpoint files, made by the description of their format: each number, each checksum, each bound."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo.checkpoints.tensor_bundle import TensorBundle, _block_entries, _varint
from elmo.errors import CheckpointError
from tensorflow_files import block, field, varint, write_bundle, write_index

ARRAYS = {"lm/b": np.arange(3.0), "lm/a": np.arange(10.0).reshape(2, 5) / 7, "scalar": np.float32(3)}


@pytest.fixture
def prefix(tmp_path):
    write_bundle(tmp_path / "m.ckpt-1", ARRAYS)
    return tmp_path / "m.ckpt-1"


def test_every_number_comes_back(prefix):
    bundle = TensorBundle(prefix)
    assert list(bundle.variables) == sorted(ARRAYS)
    for name, values in ARRAYS.items():
        found = bundle.read(name)
        assert found.dtype == np.float32
        assert np.array_equal(found, values.astype(np.float32))


@given(st.integers(0, 2**64 - 1))
def test_numbers_survive_the_trip_through_seven_bits_a_byte(value):
    data = varint(value)
    assert _varint(b"x" + data + b"y", 1) == (value, 1 + len(data))


def test_names_share_their_beginnings():
    # how many bytes of the name before, how many new ones, how many of the value
    entries = bytes([0, 3, 1]) + b"abcX" + bytes([2, 2, 0]) + b"de" + bytes([4, 0, 2]) + b"YZ"
    body = entries + (0).to_bytes(4, "little") + (1).to_bytes(4, "little")
    assert list(_block_entries(body)) == [(b"abc", b"X"), (b"abde", b""), (b"abde", b"YZ")]


@pytest.mark.parametrize("at", range(0, 200, 7))
def test_a_changed_byte_of_the_index_is_noticed_or_means_nothing(prefix, at):
    path = prefix.with_name("m.ckpt-1.index")
    whole = TensorBundle(prefix).variables
    data = bytearray(path.read_bytes())
    empty = data.index(block([])[0], data.index(block([])[0]) + 1)  # a block of no entries, which nothing reads
    data[at % (len(data) - 48)] ^= 1
    path.write_bytes(data)
    if empty <= at % (len(data) - 48) < empty + len(block([])[1]):
        assert TensorBundle(prefix).variables == whole
        return
    with pytest.raises(CheckpointError, match="not a whole TensorFlow checkpoint index"):
        TensorBundle(prefix)


def test_changed_and_missing_numbers_are_noticed(prefix):
    data = prefix.with_name("m.ckpt-1.data-00000-of-00001")
    whole = data.read_bytes()
    data.write_bytes(bytes([whole[0] ^ 128]) + whole[1:])
    bundle = TensorBundle(prefix)
    with pytest.raises(CheckpointError, match="the checksum of 'lm/a' is wrong"):
        bundle.read("lm/a")
    assert np.array_equal(bundle.read("lm/b"), ARRAYS["lm/b"])
    data.write_bytes(whole[:-1])
    with pytest.raises(CheckpointError, match=r"'scalar' ends at 56; the file is cut short"):
        bundle.read("scalar")
    data.unlink()
    with pytest.raises(CheckpointError, match="no such file; it has the numbers of the checkpoint"):
        bundle.read("lm/b")


HEADER = (b"", field(1, 1) + field(3, field(1, 1)))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([HEADER, (b"b", b""), (b"a", b"")], "names out of order"),
        ([(b"", field(1, 1) + field(2, 1))], "written on a big-endian machine"),
        ([HEADER, (b"a", field(7, b"x"))], "a variable in slices"),
        ([HEADER, (b"a", b"\x0b")], "a field of kind 3"),
        ([HEADER, (b"a", b"\x12\x7f")], "a field lies outside of its message"),
        ([HEADER, (b"a" * 1001, b"")], "a name of more than 1,000 bytes"),
    ],
)
def test_an_index_that_is_none_says_why(tmp_path, entries, message):
    write_index(tmp_path / "m.index", [block(entries)[0]])
    with pytest.raises(CheckpointError, match=message):
        TensorBundle(tmp_path / "m")


def test_a_shape_that_its_bytes_do_not_fill_takes_no_memory(tmp_path):
    shape = field(2, field(1, 2**40))
    entries = [HEADER, (b"a", field(1, 1) + field(2, shape) + field(5, 4))]
    write_index(tmp_path / "m.index", [block(entries)[0]])
    with pytest.raises(CheckpointError, match=r"'a' is \(1099511627776,\) in 4 bytes; it is damaged"):
        TensorBundle(tmp_path / "m").read("a")
