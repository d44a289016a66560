"""Checksums of files, against accidents."""

import hashlib
from pathlib import Path


def checksum_of(path: Path) -> str:
    """The checksum of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def beginning_checksum(path: Path) -> str:
    """SHA-256 of the first megabyte of a file: with its length enough to distinguish texts."""
    with path.open("rb") as file:
        return hashlib.sha256(file.read(2**20)).hexdigest()
