"""Embed a corpus into a folder of Arrow shards: a stream in constant memory that can be killed, resumed and divided into jobs."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import chain, islice
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from elmo.checkpoints.saved_model import fingerprint
from elmo.embed.arrow_vectors import (
    BulkSettings,
    Manifest,
    Number,
    manifest_file,
    open_vectors,
    read_manifest,
    read_manifests,
    refuse_other_settings,
    write_manifest,
    write_shard,
)
from elmo.embed.embedder import Elmo, StateName
from elmo.embed.layers import Layers, Pooling
from elmo.embed.row_stream import embed_rows
from elmo.errors import ConfigError, OutputError, TextError
from elmo.storage.atomic import PART_PREFIX, refuse_existing
from elmo.storage.checksums import beginning_checksum
from elmo.storage.compressed import import_pyarrow
from elmo.storage.job_folder import JobFolder
from elmo.storage.json_files import unicode_name
from elmo.text.sources.rows import Row, holds_records, read_rows, tokens_setting

ROWS_PER_SHARD = 4096
Progress = Callable[[int, int], None]  # rows and tokens so far
Embedded = tuple[Row, NDArray[np.float32]]
_LOCK_PREFIX = ".elmo-job-"


def embed_corpus(
    source: Path,
    model: str,
    folder: Path,
    *,
    pretokenized: bool = False,
    split: bool = False,
    text_field: str | None = None,
    layers: Layers = "mean",
    pooling: Pooling = None,
    state: StateName = "zero",
    dtype: str = "float32",
    number: Number = "float32",
    rows_per_shard: int = ROWS_PER_SHARD,
    job: int = 0,
    n_jobs: int = 1,
    vocabulary: Path | None = None,
    resume: bool = False,
    report: Progress = lambda rows, tokens: None,
) -> dict[str, int | str]:
    """Embed each row of a file (see `text.sources.rows`).

    Args:
        split: split raw text into sentences, one row each. text_field: field or column with the text of records.
        state: "zero" or "warm"; a carried state could not be resumed.
        dtype: of the matrix products. number: of the stored vectors.
        job, n_jobs: this job (from 0) and the number of jobs; each writes every n-th shard, all to one folder.
        vocabulary: the vocabulary file of a model whose folder has none.
        resume: continue a stopped job, if there is one.
        report: called with the rows and tokens that this call has written so far.
    Returns:
        output, width; rows, tokens, shards of this job, those of earlier calls included; new_rows, new_tokens, new_shards:
        what this call wrote.
    Raises:
        TextError, CheckpointError: no such text, no such model. ConfigError: an impossible setting.
        OutputError: the folder already has vectors, or has other settings.
    """
    _refuse_impossible(state, number, rows_per_shard, split and pretokenized, job, n_jobs)
    import_pyarrow("pyarrow", Path("part.arrow"))
    path = manifest_file(folder, job, n_jobs)
    refuse_existing(path, force=True)  # refuses an impossible name
    if path.exists() and not resume:
        raise OutputError(f"{path} exists already; continue it with --resume, or give another folder")
    if folder.exists() and _holds_other_things(folder):
        raise OutputError(f"{folder}: contains files that are not vectors; give another name")
    if source.exists() and not source.is_file():
        raise TextError(f"{source}: not a file; --resume reads the text again, so write it to a file first")
    next(read_rows(source, pretokenized, split, text_field), None)  # notices a missing text before a model is loaded
    elmo = Elmo.from_pretrained(model, vocabulary=vocabulary, dtype=dtype)
    elmo.embed([], layers, pooling, state)  # refuses impossible choices before anything is written
    kept = next((manifest.settings for manifest in read_manifests(folder)), None)
    settings = BulkSettings(
        source=unicode_name(source),
        source_bytes=source.stat().st_size,
        source_sha256=beginning_checksum(source),
        model=fingerprint(elmo.model, like=None if kept is None else kept.model),
        tokens=tokens_setting(source, pretokenized, split, elmo.model.tokenizer),
        layers=json.dumps(layers if isinstance(layers, str | int) else list(layers)),
        pooling=pooling,
        state=state,
        dtype=elmo.dtype,
        number=number,
        width=elmo.width,
        n_layers=elmo.n_layers if layers == "all" else 1,
        rows_per_shard=rows_per_shard,
        ids=holds_records(source) if kept is None else kept.ids,
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be created ({error.strerror}); choose another folder") from error
    with _held(folder, job, n_jobs):
        manifest = _begun(Manifest(settings=settings, job=job, n_jobs=n_jobs), folder)

        def wanted(row: int) -> bool:
            shard = row // rows_per_shard
            return shard % n_jobs == job and shard not in manifest.shards

        rows = read_rows(source, pretokenized, split, text_field, wanted, elmo.model.tokenizer)
        return _Job(elmo, settings, folder, manifest, report).run(rows, layers, pooling, state)


def _refuse_impossible(state: str, number: str, rows_per_shard: int, cut_twice: bool, job: int, n_jobs: int) -> None:
    if state not in ("zero", "warm"):
        raise ConfigError(
            f"state {state!r}: a folder of vectors supports zero or warm; carry needs one file (.hdf5, .npz)"
        )
    if number not in get_args(Number):
        raise ConfigError(f"number {number!r}; there are {', '.join(get_args(Number))}")
    if rows_per_shard < 1:
        raise ConfigError(f"rows_per_shard {rows_per_shard}: must be at least 1")
    if cut_twice:
        raise ConfigError("split and pretokenized: pretokenized text already has one sentence per line; choose one")
    if not 0 <= job < n_jobs:
        raise ConfigError(f"job {job + 1} of {n_jobs}; there are jobs 1 to {n_jobs}")


def _held(folder: Path, job: int, n_jobs: int) -> AbstractContextManager[Path]:
    """Hold the folder, or this job's part of it, against other processes.

    Raises:
        OutputError: another process has the lock.
    """
    vectors = JobFolder(folder, manifest_file(folder, job, n_jobs).name, Manifest)
    if n_jobs == 1:
        return vectors.hold()
    lock = folder / f"{_LOCK_PREFIX}{job + 1}-of-{n_jobs}"
    lock.touch()
    return vectors.hold(lock, f"another process that is job {job + 1} of {n_jobs}")


def _begun(new: Manifest, folder: Path) -> Manifest:
    """The manifest of this job, existing or new; it is written before the first shard, so that other jobs see it.

    Raises:
        OutputError: this job, or another in the folder, has other settings.
    """
    path = manifest_file(folder, new.job, new.n_jobs)
    found = read_manifest(path) if path.exists() else None
    if found is None:
        write_manifest(new, folder)
    try:
        for other in read_manifests(folder):
            refuse_other_settings(other.settings, new.settings, folder)
            if other.n_jobs != new.n_jobs:
                raise OutputError(
                    f"{folder} was started with {other.n_jobs} job(s), not {new.n_jobs}; give the same number, or another folder"
                )
    except OutputError:
        if found is None:
            path.unlink()
        raise
    return new if found is None else found


class _Job:
    """A running job."""

    def __init__(self, elmo: Elmo, settings: BulkSettings, folder: Path, manifest: Manifest, report: Progress) -> None:
        self.report, self.earlier = report, list(manifest.shards)
        self.elmo, self.settings, self.folder, self.manifest = elmo, settings, folder, manifest
        self.n_tokens = self.n_rows = self.n_shards = 0

    def run(self, rows: Iterator[Row], layers: Layers, pooling: Pooling, state: StateName) -> dict[str, int | str]:
        per, number, total = self.settings.rows_per_shard, 0, 0
        while (first := next(rows, None)) is not None:
            shard = chain([first], islice(rows, per - 1))
            wanted = number % self.manifest.n_jobs == self.manifest.job and number not in self.manifest.shards
            if wanted:
                vectors = self._counted(embed_rows(self.elmo, shard, layers, pooling, state))
                n = write_shard(self.folder, number, self.settings, vectors, number * per)
                self.manifest = self.manifest.model_copy(update={"shards": {**self.manifest.shards, number: n}})
                write_manifest(self.manifest, self.folder)
                self.n_shards += 1
            else:
                n = sum(1 for _ in shard)
            total += n
            number += 1
        self.manifest = self.manifest.model_copy(update={"n_rows": total})
        write_manifest(self.manifest, self.folder)
        tokens = self.n_tokens + open_vectors(self.folder).count_tokens(self.earlier) if self.earlier else self.n_tokens
        return {
            "output": str(self.folder),
            "rows": sum(self.manifest.shards.values()),
            "tokens": tokens,
            "width": self.settings.width,
            "shards": len(self.manifest.shards),
            "new_rows": self.n_rows,
            "new_tokens": self.n_tokens,
            "new_shards": self.n_shards,
        }

    def _counted(self, rows: Iterator[Embedded]) -> Iterator[Embedded]:
        for row, vectors in rows:
            yield row, vectors
            self.n_rows += 1
            self.n_tokens += len(row.tokens)
            self.report(self.n_rows, self.n_tokens)


def _holds_other_things(folder: Path) -> bool:
    names = [p.name for p in folder.iterdir()]
    return any(not name.startswith((PART_PREFIX, _LOCK_PREFIX, "manifest", "part-")) for name in names)
