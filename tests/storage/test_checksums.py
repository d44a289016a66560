from elmo.storage.checksums import beginning_checksum, checksum_of


def test_one_other_byte_is_another_checksum(tmp_path):
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_bytes(b"x" * 2**21)
    b.write_bytes(b"x" * (2**21 - 1) + b"y")
    assert checksum_of(a) != checksum_of(b)
    assert beginning_checksum(a) == beginning_checksum(b)  # they differ behind the first megabyte


def test_the_checksum_is_blake2b_of_16_bytes(tmp_path):
    """Folders keep it: it never changes."""
    (tmp_path / "a").write_bytes(b"elmo")
    assert checksum_of(tmp_path / "a") == "ccce03a04d766a34da76221e5c5aae5d"
    assert beginning_checksum(tmp_path / "a") == "c34e8bafe33b7f1cb1335ff6a07a0b7efca46412ba91bb379a322099a285c442"
