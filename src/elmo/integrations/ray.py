"""Embedding on many machines: a class for Ray Data's `map_batches` and, since it keeps nothing between batches, for Spark too.

    import ray
    from elmo.integrations.ray import EmbedBatch

    texts = ray.data.read_parquet("s3://bucket/texts")
    texts.map_batches(EmbedBatch, fn_constructor_kwargs={"column": "text"}, concurrency=8, num_cpus=1, batch_size=512)

    frame.mapInPandas(EmbedBatch(column="text").of_frames, schema="text string, vectors array<float>")      # Spark

One worker a core (`threads=1`), or a GPU (`device="cuda"`). The vectors are those of `Elmo.embed` in one process.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from elmo.embed.embedder import Elmo
from elmo.embed.layers import Layers, Pooling
from elmo.errors import ConfigError, TextError
from elmo.model.kernels.thread_lock import Once


class EmbedBatch:
    """A batch of rows -> the same rows with their vectors. The model is loaded where the first batch comes, in each process.

    Args:
        model: as `Elmo.from_pretrained` takes it; every worker must find it.
        column: of texts (one sentence each), or of lists of tokens. output: the column to add.
        layers, pooling, dtype, device: as `Elmo` takes them. pooling None: each row has an array (tokens, D).
        threads: of each worker; None: PyTorch's choice.
    """

    def __init__(
        self,
        model: str = "en",
        *,
        column: str = "text",
        output: str = "vectors",
        layers: Layers = "mean",
        pooling: Pooling = "mean",
        dtype: str = "float32",
        device: str = "cpu",
        threads: int | None = 1,
    ) -> None:
        if layers == "all" and pooling is None:
            raise ConfigError(
                'layers="all" without pooling gives an array with three axes per row; choose a layer, or a pooling'
            )
        self._settings: dict[str, Any] = {
            "model": model, "column": column, "output": output, "layers": layers, "pooling": pooling, "dtype": dtype,
            "device": device, "threads": threads,
        }  # fmt: skip
        self._loaded = Once(self._load)

    def __getstate__(self) -> dict[str, Any]:
        """What travels to a worker: settings, never weights."""
        return {"_settings": self._settings}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._settings = state["_settings"]
        self._loaded = Once(self._load)

    @property
    def _elmo(self) -> Elmo:
        return self._loaded.get()

    def _load(self) -> Elmo:
        if self._settings["threads"] is not None:
            torch.set_num_threads(self._settings["threads"])
        names = ("model", "dtype", "device")
        model, dtype, device = (self._settings[name] for name in names)
        return Elmo.from_pretrained(model, dtype=dtype, device=device)

    def __call__(self, batch: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
        """Embed a batch as Ray hands it over: columns as arrays.

        Returns:
            its columns and the new one: float32 (rows, D), or (rows, L, D) of all layers; without pooling an object array with
            a float32 (tokens, D) for each row.
        Raises:
            TextError: there is no such column, or a row is no text.
        """
        column, output = self._settings["column"], self._settings["output"]
        if column not in batch:
            raise TextError(
                f"no column {column!r} in the batch (the columns are {', '.join(batch)}); name it with column="
            )
        found = self._embed(list(batch[column]))
        if self._settings["pooling"] is not None:
            return {**batch, output: np.stack(found) if found else self._nothing()}
        ragged = np.empty(len(found), dtype=object)
        ragged[:] = found
        return {**batch, output: ragged}

    def of_frames(self, frames: Iterator[Any]) -> Iterator[Any]:
        """Embed frames of pandas, as Spark's `mapInPandas` hands them over; a vector is a list of floats."""
        for frame in frames:
            columns = self({name: frame[name].to_numpy() for name in frame.columns})
            yield frame.assign(**{self._settings["output"]: [x.tolist() for x in columns[self._settings["output"]]]})

    def _embed(self, rows: list[Any]) -> list[NDArray[np.float32]]:
        sentences = [_sentence(row, number) for number, row in enumerate(rows)]
        return self._elmo.embed(sentences, self._settings["layers"], self._settings["pooling"])

    def _nothing(self) -> NDArray[np.float32]:
        """No row of pooled vectors."""
        of_a_row = (self._elmo.n_layers, self._elmo.width) if self._settings["layers"] == "all" else (self._elmo.width,)
        return np.zeros((0, *of_a_row), np.float32)


def _sentence(row: Any, number: int) -> str | list[Any]:
    """A row as `Elmo.embed` takes it; a missing text (None or NaN) becomes a sentence without tokens."""
    if row is None or (isinstance(row, float) and math.isnan(row)) or type(row).__name__ == "NAType":  # of pandas
        return []
    if isinstance(row, str):
        return row
    if not isinstance(row, Iterable) or isinstance(row, bytes):
        raise TextError(f"row {number} of the batch is {row!r}; expected a text, or a list of tokens")
    return list(row)
