import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo.checkpoints.crc32c import CHUNK_BYTES, N_LANES, crc32c, mask_crc


def slow(data):
    """Bit by bit, from the polynomial (RFC 3720, appendix B.4)."""
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),  # RFC 3720
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_published_values(data, expected):
    assert crc32c(data) == expected


@pytest.mark.parametrize("size", [2 * N_LANES - 1, 2 * N_LANES, 2 * N_LANES + 1, 6 * N_LANES + 5])
def test_lanes_give_what_bytes_one_by_one_give(size):
    data = np.random.default_rng(size).integers(0, 256, size, dtype=np.uint8)
    assert crc32c(data) == slow(data.tolist())


def test_a_file_longer_than_a_chunk_is_that_of_its_parts():
    data = np.random.default_rng(0).integers(0, 256, CHUNK_BYTES + 12_345, dtype=np.uint8)
    whole = crc32c(data)
    data[CHUNK_BYTES + 17] ^= 1
    assert crc32c(data) != whole
    data[CHUNK_BYTES + 17] ^= 1
    assert crc32c(data.tobytes()) == whole


@given(st.binary(max_size=200))
def test_any_bytes(data):
    assert crc32c(data) == slow(data)


def test_the_mask_of_leveldb():
    assert mask_crc(0) == 0xA282EAD8
    assert len({mask_crc(n) for n in range(1000)}) == 1000
