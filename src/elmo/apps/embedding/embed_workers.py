"""Embed a corpus with several processes of one thread each, which on a CPU is faster than one process of several threads."""

import multiprocessing
import warnings
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import torch

from elmo.apps.embedding.embed_bulk import embed_corpus
from elmo.errors import ConfigError, OutputError


def embed_with_workers(n_workers: int, source: Path, model: str, folder: Path, **settings: Any) -> dict[str, int | str]:
    """`embed_corpus` as jobs 1 to `n_workers` at once; what each writes is what it would write alone.

    Args:
        settings: of `embed_corpus`, but `job` and `n_jobs`. A resume needs the same number of workers.
    Returns:
        as `embed_corpus`, of all workers together.
    Raises:
        as `embed_corpus`. OutputError: a worker was killed.
    """
    if n_workers < 1:
        raise ConfigError(f"{n_workers} workers: at least 1")
    with ProcessPoolExecutor(n_workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            jobs = [
                pool.submit(_work, source, model, folder, settings | {"job": job, "n_jobs": n_workers})
                for job in range(n_workers)
            ]
            done = [job.result() for job in jobs]
        except BrokenProcessPool as error:
            raise OutputError(
                f"{folder}: a worker was killed, perhaps for lack of memory; --resume goes on, --workers stays the same"
            ) from error
        except BaseException:
            for child in multiprocessing.active_children():
                child.terminate()
            raise
    for message in dict.fromkeys(message for _, told in done for message in told):
        warnings.warn(message, stacklevel=2)
    counts = {key: sum(int(facts[key]) for facts, _ in done) for key in ("rows", "tokens", "shards")}
    return done[0][0] | counts


def _work(source: Path, model: str, folder: Path, settings: dict[str, Any]) -> tuple[dict[str, int | str], list[str]]:
    """One job, and what it warned of."""
    torch.set_num_threads(1)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", UserWarning)
        facts = embed_corpus(source, model, folder, **settings)
    return facts, [str(warning.message) for warning in told]
