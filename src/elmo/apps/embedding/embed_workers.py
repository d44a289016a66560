"""Embed a corpus with several single-threaded processes, which on a CPU are faster than one process with several threads."""

import multiprocessing
import warnings
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import torch

from elmo.apps.embedding.embed_bulk import embed_corpus
from elmo.errors import ConfigError, OutputError

COUNTS = ("rows", "tokens", "shards", "new_rows", "new_tokens", "new_shards")  # of what `embed_corpus` returns


def embed_with_workers(n_workers: int, source: Path, model: str, folder: Path, **settings: Any) -> dict[str, int | str]:
    """Run `embed_corpus` as jobs 1 to `n_workers` at once; each writes the same shards as it would alone.

    Args:
        settings: of `embed_corpus`, except `job` and `n_jobs`. A resume needs the same number of workers.
    Returns:
        as `embed_corpus`, summed over all workers.
    Raises:
        as `embed_corpus`. OutputError: a worker was killed.
    """
    if n_workers < 1:
        raise ConfigError(f"{n_workers} workers: must be at least 1")
    with ProcessPoolExecutor(n_workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            jobs = [
                pool.submit(_work, source, model, folder, settings | {"job": job, "n_jobs": n_workers})
                for job in range(n_workers)
            ]
            done = [job.result() for job in jobs]
        except BrokenProcessPool as error:
            raise OutputError(
                f"{folder}: a worker was killed, perhaps for lack of memory; continue with --resume and the same --workers"
            ) from error
        except BaseException:
            for child in multiprocessing.active_children():
                child.terminate()
            raise
    for message in dict.fromkeys(message for _, warned in done for message in warned):
        warnings.warn(message, stacklevel=2)
    counts = {key: sum(int(facts[key]) for facts, _ in done) for key in COUNTS}
    return done[0][0] | counts


def _work(source: Path, model: str, folder: Path, settings: dict[str, Any]) -> tuple[dict[str, int | str], list[str]]:
    """Run one job; return its facts and warnings."""
    torch.set_num_threads(1)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", UserWarning)
        facts = embed_corpus(source, model, folder, **settings)
    return facts, [str(warning.message) for warning in warned]
