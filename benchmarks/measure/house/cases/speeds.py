"""Tokens a second: of embedding, and of steps of pretraining."""

import json
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure.house.cases.commands import elmo, settings


def time_embed(folder: Path) -> dict[str, float]:
    """Tokens a second of the model in a folder, beside `sentences.json`: words never met, and met before."""
    from elmo import Elmo

    texts = json.loads((folder.parent / "sentences.json").read_text(encoding="utf-8"))
    n_tokens, found = sum(map(len, texts)), {}
    for dtype in ("float32", "bfloat16", "int8"):
        model = Elmo.from_pretrained(folder, dtype=dtype)
        model.embed([["ready"]])  # the weights are laid out
        for words in ("cold", "warm"):
            begun = time.perf_counter()
            model.embed(texts)
            found[f"{dtype}, {words}"] = n_tokens / (time.perf_counter() - begun)
    return found


def time_pretrain(folder: Path) -> dict[str, float]:
    """Tokens a second of steps of size tiny, as `pretrain.py` measures them; the first two steps do not count."""
    found = {}
    for rows, precision in ((64, "float32"), (64, "bfloat16"), (256, "float32"), (256, "bfloat16")):
        out = folder / "run"
        elmo(
            "pretrain",
            "--corpus",
            folder / "train.txt",
            "--heldout",
            folder / "heldout.txt",
            "--pretokenized",
            "-o",
            out,
            "--size",
            "tiny",
            "--vocabulary-size",
            "100000",
            "--max-steps",
            "11",
            *settings(
                f"rows={rows}",
                "window=20",
                "n_negatives=1024",
                f"precision={precision}",
                "log_every=1",
                "optimizer.name=adagrad",
                "optimizer.learning_rate=0.2",
                "optimizer.schedule=constant",
                "optimizer.warmup_steps=0",
            ),
        )
        log = [json.loads(line) for line in (out / "log.jsonl").read_text(encoding="utf-8").splitlines()]
        speeds = [line["tokens_per_s"] for line in log if "tokens_per_s" in line]
        found[f"{rows} rows, {precision}"] = statistics.median(speeds[2:])
        subprocess.run(["rm", "-r", str(out)], check=True)
    return found


TIMED: dict[str, Callable[[Path], dict[str, float]]] = {"time_embed": time_embed, "time_pretrain": time_pretrain}
