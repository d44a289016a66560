"""Vectors of a corpus <-> a folder of Arrow shards with a manifest: written in a stream, resumed after kill -9, read at random.

    manifest.json         settings, and the shards that are whole; `manifest-2-of-8.json` of a job that takes every eighth shard
    part-000000.arrow     rows 0 to 4,095 as an Arrow IPC file (Feather 2), in record batches of 256

A shard is `rows_per_shard` rows, the last one fewer. Columns: `row` (from 0), `line` (of the source, from 1), `tokens`, `start`
and `end` (characters of the line's text), `vectors`: a list of one fixed-size list a token, or one fixed-size list for pooled
vectors; with all layers, the L vectors of a token follow each other; of records also `id`, null where they have none.
A shard gets its name when it is whole and on the disk, and is listed in the manifest after that: every listed shard is whole.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, NonNegativeInt, PositiveInt, ValidationError

from elmo.embed.arrow_stream import float32_reader, refuse_inconsistent, refuse_overflow
from elmo.errors import OutputError, TextError, reason_of
from elmo.storage.atomic import atomic_write
from elmo.storage.compressed import import_pyarrow
from elmo.storage.job_folder import differences
from elmo.storage.json_files import read_json, refuse_special
from elmo.text.sources.rows import Row

BATCH_ROWS = 256
_OPEN_SHARDS = 64

Number = Literal["float32", "float16"]


class BulkSettings(BaseModel, frozen=True, extra="forbid"):
    """The settings that determine the vectors of a folder; a job continues only with the same."""

    source: str  # name of the file
    source_bytes: NonNegativeInt
    source_sha256: str  # of its first megabyte
    model: str  # what identifies the weights
    tokens: str  # how rows were cut
    layers: str
    pooling: str | None
    state: str
    dtype: str  # of the matrix products
    number: Number  # of the vectors
    width: PositiveInt  # D
    n_layers: PositiveInt  # L stored of each token: 1, or all
    rows_per_shard: PositiveInt
    ids: bool = False  # the shards have a column `id`, of the records


class Manifest(BaseModel, frozen=True, extra="forbid"):
    """The shards of one job."""

    format: Literal["elmo vectors"] = "elmo vectors"
    version: Literal[1] = 1
    settings: BulkSettings
    job: NonNegativeInt = 0  # this job takes shards job, job + n_jobs, ...
    n_jobs: PositiveInt = 1
    shards: dict[NonNegativeInt, PositiveInt] = {}  # number -> rows
    n_rows: NonNegativeInt | None = None  # of the whole source; None: the job is not done


def manifest_file(folder: Path, job: int, n_jobs: int) -> Path:
    """The path of the manifest of a job."""
    return folder / ("manifest.json" if n_jobs == 1 else f"manifest-{job + 1}-of-{n_jobs}.json")


def shard_file(folder: Path, number: int) -> Path:
    """The path of a shard."""
    return folder / f"part-{number:06d}.arrow"


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        TextError: it is missing or is none.
    """
    try:
        return Manifest.model_validate(read_json(path))
    except FileNotFoundError:
        raise TextError(f"{path.absolute()}: no such file; a folder of vectors has a manifest") from None
    except (OSError, ValueError, ValidationError) as error:
        raise TextError(f"{path}: not a manifest of vectors ({reason_of(error)}); embed the text again") from error


def read_manifests(folder: Path) -> list[Manifest]:
    """The manifests of all jobs in a folder; raises TextError if one of them is not a manifest."""
    return [read_manifest(path) for path in sorted(folder.glob("manifest*.json"))]


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write a manifest, whole or not at all."""
    with atomic_write(manifest_file(folder, manifest.job, manifest.n_jobs)) as part:
        part.write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")


def write_shard(
    folder: Path, number: int, settings: BulkSettings, rows: Iterable[tuple[Row, NDArray[np.float32]]], first_row: int
) -> int:
    """Write one shard, whole or not at all; returns its rows.

    Args:
        rows: with their vectors: float32 (tokens, D), (L, tokens, D), or pooled (D,), (L, D). first_row: number of the first.
    """
    path, pyarrow = shard_file(folder, number), import_pyarrow("pyarrow", folder)
    schema, n_rows = _schema(pyarrow, settings), 0
    with (
        atomic_write(path) as part,
        pyarrow.OSFile(str(part), "wb") as file,
        pyarrow.ipc.new_file(file, schema) as writer,
    ):
        for batch in _in_batches(rows):
            writer.write_batch(_batch(pyarrow, schema, settings, batch, first_row + n_rows))
            n_rows += len(batch)
    return n_rows


def _schema(pyarrow: Any, settings: BulkSettings) -> Any:
    number = pyarrow.float16() if settings.number == "float16" else pyarrow.float32()
    vector = pyarrow.list_(number, settings.width * settings.n_layers)
    return pyarrow.schema(
        [
            ("row", pyarrow.int64()),
            ("line", pyarrow.int64()),
            ("tokens", pyarrow.list_(pyarrow.string())),
            ("start", pyarrow.list_(pyarrow.int32())),
            ("end", pyarrow.list_(pyarrow.int32())),
            ("vectors", vector if settings.pooling else pyarrow.list_(vector)),
            *([("id", pyarrow.string())] if settings.ids else []),
        ],
        metadata={"elmo": json.dumps({"width": settings.width, "n_layers": settings.n_layers})},
    )


def _in_batches(rows: Iterable[tuple[Row, NDArray[np.float32]]]) -> Iterator[list[tuple[Row, NDArray[np.float32]]]]:
    batch = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH_ROWS:
            yield batch
            batch = []
    if batch:
        yield batch


def _batch(
    pyarrow: Any, schema: Any, settings: BulkSettings, rows: Sequence[tuple[Row, NDArray[np.float32]]], first_row: int
) -> Any:
    size = settings.width * settings.n_layers
    lengths = [len(row.tokens) for row, _ in rows]
    ends = pyarrow.array(np.cumsum([0, *lengths]).astype(np.int32))
    # (L, tokens, D) -> (tokens, L D): the layers of a token are concatenated
    flat = [
        v.reshape(1, -1) if settings.pooling else np.moveaxis(v, 0, -2).reshape(-1, size) if v.ndim == 3 else v
        for _, v in rows
    ]
    numbers = np.concatenate(flat).reshape(-1)
    refuse_overflow(numbers, settings.number, f"rows {first_row:,} to {first_row + len(rows) - 1:,}")
    vectors = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(numbers.astype(settings.number)), size)
    every = [token for row, _ in rows for token in row.tokens]

    def listed(values: list[Any], kind: Any) -> Any:
        return pyarrow.ListArray.from_arrays(ends, pyarrow.array(values, kind))

    columns = [
        pyarrow.array(range(first_row, first_row + len(rows)), pyarrow.int64()),
        pyarrow.array([row.line for row, _ in rows], pyarrow.int64()),
        listed([_valid(token.text) for token in every], pyarrow.string()),
        listed([token.start for token in every], pyarrow.int32()),
        listed([token.end for token in every], pyarrow.int32()),
        vectors if settings.pooling else pyarrow.ListArray.from_arrays(ends, vectors),
    ]
    if settings.ids:
        columns.append(pyarrow.array([None if row.id is None else _valid(row.id) for row, _ in rows], pyarrow.string()))
    return pyarrow.record_batch(columns, schema=schema)


def _valid(text: str) -> str:
    """A text that UTF-8 can encode: a lone surrogate, which JSON can contain, becomes a replacement character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class VectorRow(NamedTuple):
    """One row of a folder of vectors."""

    row: int
    line: int
    tokens: list[str]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    vectors: NDArray[Any]  # (tokens, D), (L, tokens, D) of all layers; pooled (D,) or (L, D); not to be written to
    id: str | None = None  # of the record, if it had one


class VectorFolder(Sequence[VectorRow]):
    """The rows of a folder of vectors, read when they are asked for; see `open_vectors`."""

    def __init__(self, folder: Path) -> None:
        manifests = read_manifests(folder)
        if not manifests:
            raise TextError(
                f"{folder.absolute()}: contains no manifest of vectors; give a folder that elmo embed wrote"
            )
        if any(m.settings != manifests[0].settings for m in manifests):
            raise TextError(f"{folder}: contains manifests with different settings; use a separate folder for each")
        self.settings = manifests[0].settings
        self._folder, self._shards = folder, {n: rows for m in manifests for n, rows in m.shards.items()}
        per = self.settings.rows_per_shard
        known = [m.n_rows for m in manifests if m.n_rows is not None]
        self._n_rows = known[0] if known else max((n * per + rows for n, rows in self._shards.items()), default=0)
        self._is_whole = bool(known) and sum(self._shards.values()) == self._n_rows
        self._open = lru_cache(maxsize=_OPEN_SHARDS)(self._open_shard)
        self._batch = lru_cache(maxsize=_OPEN_SHARDS)(self._read_batch)

    def __reduce__(self) -> tuple[type["VectorFolder"], tuple[Path]]:
        """Pickled as the path of the folder."""
        return VectorFolder, (self._folder,)

    def __len__(self) -> int:
        return self._n_rows

    @property
    def is_whole(self) -> bool:
        """Whether every row of the text is there; False also while no job has read the text to its end."""
        return self._is_whole

    def __getitem__(self, number: Any) -> Any:
        """Row `number`, negative from the end, or a list of rows for a slice.

        Raises:
            IndexError: there is no such row. TextError: its shard is not written yet, or is damaged.
        """
        if isinstance(number, slice):
            return [self[i] for i in range(*number.indices(len(self)))]
        if not -len(self) <= number < len(self):
            raise IndexError(f"row {number} of {len(self)}")
        shard, within = divmod(number % len(self), self.settings.rows_per_shard)
        batch_number, at = divmod(within, BATCH_ROWS)
        batch = self._batch(shard, batch_number)
        tokens, start, end, vectors = (batch.column(k)[at].values for k in (2, 3, 4, 5))
        width, n_layers = self.settings.width, self.settings.n_layers
        plain = vectors if self.settings.pooling else vectors.flatten()
        x = plain.to_numpy(zero_copy_only=True)
        x = x.reshape(n_layers, width) if self.settings.pooling else x.reshape(-1, n_layers, width).swapaxes(0, 1)
        return VectorRow(
            batch.column(0)[at].as_py(),
            batch.column(1)[at].as_py(),
            tokens.to_pylist(),
            start.to_numpy(),
            end.to_numpy(),
            x if n_layers > 1 else x[0],
            batch.column(6)[at].as_py() if self.settings.ids else None,
        )

    def count_tokens(self, shards: Iterable[int]) -> int:
        """The number of tokens in some shards."""
        return sum(len(batch.column(2).flatten()) for shard in shards for batch in self._batches_of(shard))

    def _batches_of(self, shard: int) -> Iterator[Any]:
        return (self._read_batch(shard, number) for number in range(-(-self._shards[shard] // BATCH_ROWS)))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """All rows for any tool that reads Arrow (DuckDB, polars, pandas, pyarrow), vectors as float32, in constant memory."""
        batches = (batch for shard in sorted(self._shards) for batch in self._batches_of(shard))
        schema = _schema(import_pyarrow("pyarrow", self._folder), self.settings)
        return float32_reader(schema, batches).__arrow_c_stream__(requested_schema)

    def _open_shard(self, number: int) -> Any:
        path = shard_file(self._folder, number)
        if number not in self._shards:
            raise TextError(f"{path}: not written yet; wait for the job that writes it, or continue it with --resume")
        pyarrow = import_pyarrow("pyarrow", path)
        with _damage_reported(path):
            refuse_special(path)
            return pyarrow.ipc.open_file(pyarrow.memory_map(str(path)))

    def _read_batch(self, shard: int, number: int) -> Any:
        """A record batch whose numbers of rows, tokens and bytes agree, so that no row reads outside it."""
        file, path = self._open(shard), shard_file(self._folder, shard)
        with _damage_reported(path):
            batch = file.get_batch(number)
            batch.validate(full=True)
            if batch.schema != _schema(import_pyarrow("pyarrow", path), self.settings):
                raise ValueError("rows of another folder")
            n_rows = min(BATCH_ROWS, self._shards[shard] - number * BATCH_ROWS)
            first_row = shard * self.settings.rows_per_shard + number * BATCH_ROWS
            refuse_inconsistent(batch, first_row, n_rows, self.settings.pooling is not None)
        return batch


@contextmanager
def _damage_reported(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, OverflowError, import_pyarrow("pyarrow", path).ArrowException) as error:
        raise TextError(
            f"{path}: cannot be read ({reason_of(error)}); remove it and the manifests, and embed the text again"
        ) from error


def open_vectors(path: str | Path) -> VectorFolder:
    """Open a folder of vectors that `elmo embed` wrote; `open_vectors(path)[i]` reads one row from the disk.

    Raises:
        TextError: it is no such folder.
    """
    return VectorFolder(Path(path))


def refuse_other_settings(found: BulkSettings, wanted: BulkSettings, folder: Path) -> None:
    """Refuse to continue a folder that was started with other settings.

    Raises:
        OutputError: they differ; the message names how.
    """
    if different := differences(found, wanted):
        raise OutputError(
            f"{folder} was started with {'; '.join(different)}; give the same settings, or another folder"
        )
