"""CRC-32C (Castagnoli), the checksum of TensorFlow's files, fast enough for gigabytes in NumPy.

The register is linear: after bytes A then B it is what A's register becomes under len(B) bytes of zero, plus (exclusive or)
the register of B alone. So a long run of bytes is cut into lanes, all lanes advance together two bytes a step, and their
registers are joined at the end.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL = 0x82F63B78  # reflected
_ALL = 0xFFFFFFFF
_MASK_DELTA = 0xA282EAD8
N_LANES = 8192
CHUNK_BYTES = 2**24  # read at once: memory stays small beside the file

Table = NDArray[np.uint32]


@cache
def _byte_table() -> Table:
    """The register after one byte, from register zero: uint32 (256,)."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = (table >> np.uint32(1)) ^ (table & np.uint32(1)) * np.uint32(_POLYNOMIAL)
    return table


@cache
def _pair_table() -> Table:
    """The register after two bytes, the first in the low bits: uint32 (65536,)."""
    one = _byte_table()
    pairs = np.arange(65536, dtype=np.uint32)
    first = one[pairs & np.uint32(255)]
    table: Table = (first >> np.uint32(8)) ^ one[(first & np.uint32(255)) ^ (pairs >> np.uint32(8))]
    return table


def crc32c(data: bytes | memoryview | NDArray[np.uint8]) -> int:
    """The checksum of some bytes."""
    flat = np.frombuffer(data, dtype=np.uint8)
    register = _ALL
    for start in range(0, len(flat), CHUNK_BYTES):
        register = _advance(register, flat[start : start + CHUNK_BYTES])
    return register ^ _ALL


def mask_crc(crc: int) -> int:
    """A checksum as TensorFlow (and LevelDB) store it, so that the checksum of data with checksums inside is not weak."""
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & _ALL


def _advance(register: int, data: NDArray[np.uint8]) -> int:
    n_pairs = len(data) // (2 * N_LANES)  # of a lane
    if n_pairs:
        lanes = data[: 2 * N_LANES * n_pairs].view("<u2").reshape(N_LANES, n_pairs)
        pairs, table = np.ascontiguousarray(lanes.T).astype(np.uint32), _pair_table()
        registers = np.zeros(N_LANES, dtype=np.uint32)
        for step in pairs:
            registers = (registers >> np.uint32(16)) ^ table[(registers ^ step) & np.uint32(0xFFFF)]
        tables = _zeros_tables(2 * n_pairs)
        for lane in registers.tolist():
            register = _through_zeros(register, tables) ^ lane
    one = _byte_list()
    for byte in data[2 * N_LANES * n_pairs :].tolist():
        register = (register >> 8) ^ one[(register ^ byte) & 255]
    return register


@cache
def _byte_list() -> list[int]:
    entries: list[int] = _byte_table().tolist()
    return entries


Tables = tuple[list[int], list[int], list[int], list[int]]


@cache
def _zeros_tables(n_bytes: int) -> Tables:
    """The effect of so many zero bytes on each byte of a register."""
    columns = np.uint32(1) << np.arange(32, dtype=np.uint32)  # the image of each bit; of no bytes: itself
    power = (columns >> np.uint32(8)) ^ _byte_table()[columns & np.uint32(255)]  # of one byte
    while n_bytes:
        if n_bytes & 1:
            columns = _apply(power, columns)
        power = _apply(power, power)
        n_bytes >>= 1
    values = np.arange(256, dtype=np.uint32)
    a, b, c, d = (_apply(columns, values << np.uint32(shift)).tolist() for shift in (0, 8, 16, 24))
    return a, b, c, d


def _apply(columns: Table, values: Table) -> Table:
    """A linear map, given as the images of the 32 bits, of some values."""
    bits = (values[:, None] >> np.arange(32, dtype=np.uint32)) & np.uint32(1)  # (values, 32)
    images: Table = np.bitwise_xor.reduce(bits * columns, axis=1)
    return images


def _through_zeros(register: int, tables: Tables) -> int:
    a, b, c, d = tables
    return a[register & 255] ^ b[register >> 8 & 255] ^ c[register >> 16 & 255] ^ d[register >> 24]
