"""Whether a long run leaks memory: memory of the process during 100,000 steps of a tiny model.

    python -m benchmarks.measure.training.many_steps [--steps N] [--save]

Sampled softmax, dropout, many epochs of a small generated text, checkpoints and evaluations during training, one thread. Memory
is measured 20 times: the current (VmRSS) and the maximum memory (ru_maxrss) of the process, in MB. It counts as constant if
neither grows by more than 5 MB or 2 percent, whichever is more, after the first tenth of the steps. No step may be skipped
because its loss or gradient is not finite.
"""

import random
import resource
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from benchmarks.measure.training.growth import memory_mb
from benchmarks.record import parser_with_save, record
from elmo.apps.pretraining.pretrain import continue_run
from elmo.train.memory import keep_freed_memory
from elmo.train.recipe import pretrain_config
from elmo.train.run_log import Report
from elmo.train.runs.begin import start_run

N_POINTS = 20
LEAST_ALLOWED_MB, SHARE_ALLOWED = 5.0, 0.02
RECIPE = {
    "bilm": {
        "char_cnn": {"embedding_size": 4, "filters": [[1, 8], [2, 8], [3, 16]], "n_highway": 1, "max_characters": 20},
        "lstm": {"n_layers": 1, "cell_size": 32, "projection_size": 16},
    },
    "rows": 4,
    "window": 4,
    "epochs": 1_000_000,
    "n_negatives": 64,
    "dropout": 0.1,
    "checkpoint_minutes": 1.0,
    "evaluate_sentences": 20,
}


def write_text(path: Path) -> None:
    """2,000 sentences of 500 words, frequent and rare."""
    words = random.Random(0)
    lines = (
        " ".join(f"word{int(500 ** words.random())}" for _ in range(words.randint(2, 20))) + "\n" for _ in range(2000)
    )
    path.write_text("".join(lines), encoding="utf-8")


def main() -> None:
    """Print memory by step; with --save keep it in results/many_steps.json. Status 1: memory grew, or a step was skipped."""
    parser = parser_with_save(__doc__)
    parser.add_argument("--steps", type=int, default=100_000)
    given = parser.parse_args()
    every = given.steps // N_POINTS
    torch.set_num_threads(1)
    keep_freed_memory()
    points: list[dict[str, float]] = []
    skipped = 0

    def watch(line: Report) -> None:
        nonlocal skipped
        skipped = line.skipped_steps
        if line.step % every == 0:
            peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            points.append({"step": line.step, "rss_mb": memory_mb()["VmRSS"], "peak_mb": round(peak_mb, 1)})
            print(f"step {line.step:9,}  {points[-1]['rss_mb']:8.1f} MB now  {peak_mb:8.1f} MB at most", flush=True)

    with TemporaryDirectory() as folder:
        text, run = Path(folder) / "text.txt", Path(folder) / "run"
        write_text(text)
        recipe = pretrain_config({**RECIPE, "log_every": max(1, every // 5), "evaluate_every": every}, [])
        start_run([str(text)], run, recipe, pretokenized=True, max_steps=given.steps)
        result = continue_run(run, report=watch)
    settled = [point for point in points if point["step"] >= given.steps / 10]
    allowed_mb = max(LEAST_ALLOWED_MB, SHARE_ALLOWED * settled[0]["rss_mb"])
    grown_mb = {name: round(max(p[name] for p in settled) - settled[0][name], 1) for name in ("rss_mb", "peak_mb")}
    figures: dict[str, Any] = {
        "steps": result.progress.step,
        "ms_a_step": round(1000 * result.progress.seconds / result.progress.step, 2),
        "skipped_steps": skipped,
        "grown_rss_mb": grown_mb["rss_mb"],
        "grown_peak_mb": grown_mb["peak_mb"],
        "allowed_mb": round(allowed_mb, 1),
        "points": points,
    }
    print(", ".join(f"{name} {value:,}" for name, value in figures.items() if name != "points"))
    if given.save:
        print(
            record(
                "many_steps", f"python -m benchmarks.measure.training.many_steps --steps {given.steps} --save", figures
            )
        )
    if skipped or max(grown_mb.values()) > allowed_mb:
        sys.exit("memory grew" if not skipped else f"{skipped} steps were skipped as not finite")


if __name__ == "__main__":
    main()
