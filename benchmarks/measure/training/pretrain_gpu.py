"""Training speed of the original configuration on a GPU, compared with the paper's own run.

    python -m benchmarks.measure.training.pretrain_gpu [--size original] [--rows 128,512,1024] [--negatives 8192]
                                                      [--vocabulary 793471] [--text FILE] [--seconds 8] [--profile] [--save]

2 x 4,096 cells, projection 512, 2,048 filters, two highway layers, windows of 20, bfloat16 products, Adagrad 0.2, 10 % dropout,
8,192 negatives of 793,471 words: as published, 128 rows per GPU. The text is WikiText-2's (in ../shared, or --text), its
vocabulary filled up with made-up words. The paper's run took two weeks on three GTX 1080: about 2,100 tokens/s on each. A token
is counted once, although both directions are trained on it. Times are medians over steps.
"""

import json
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from benchmarks.measure.training.pretrain import WINDOW, widened
from benchmarks.record import SHARED, parser_with_save, record
from elmo.checkpoints.saved_model import ModelConfig, SavedModel
from elmo.model.bilm import BiLM
from elmo.model.output.softmax import Softmax
from elmo.text.shards import write_encoded_text
from elmo.text.sources.corpus import Corpus
from elmo.text.words.vocabulary import Vocabulary, vocabulary_from_counts
from elmo.text.words.word_encoder import WordEncoder
from elmo.train.data.encoded_corpus import EncodedCorpus, encode_corpus
from elmo.train.data.read_ahead import read_windows
from elmo.train.loop import train_step
from elmo.train.ranks import Ranks, join_ranks
from elmo.train.recipe import pretrain_config
from elmo.train.speed import time_steps
from elmo.train.step import learning_rate_at
from elmo.train.trainer import Trainer

PAPER = 2100  # tokens/s of one GTX 1080


def trainer_of(
    corpus: EncodedCorpus, vocabulary: Vocabulary, size: str, rows: int, negatives: int, ranks: Ranks
) -> Trainer:
    """The trainer of a run with the paper's settings."""
    adagrad = {"name": "adagrad", "learning_rate": 0.2, "schedule": "constant", "warmup_steps": 0}
    recipe = {"size": size, "rows": rows, "window": WINDOW, "n_negatives": negatives, "precision": "bfloat16"}
    config = pretrain_config({**recipe, "dropout": 0.1, "optimizer": adagrad}, [])
    with ranks.device:
        bilm, softmax = BiLM(config.bilm), Softmax(len(vocabulary), config.bilm.encoder.projection_size)
    model = SavedModel(ModelConfig(bilm=config.bilm, n_words=len(vocabulary)), bilm, softmax, vocabulary)
    return Trainer(model, corpus, config, ranks)


def profile(trainer: Trainer) -> str:
    """The kernels of five steps, sorted by time."""
    windows, state = read_windows(trainer, trainer.reader.start(), 0), trainer.zero_state()
    kinds = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    for number in range(8):
        if number == 3:
            watcher = torch.profiler.profile(activities=kinds)
            watcher.start()
            begun = time.perf_counter()
        prepared, _ = next(windows)
        learning_rate = learning_rate_at(number, 100, trainer.config.optimizer)
        state = train_step(trainer, number, learning_rate, prepared, state).state
    torch.cuda.synchronize()
    seconds = time.perf_counter() - begun
    watcher.stop()
    events = watcher.key_averages()
    tables = [
        str(events.table(sort_by=by, row_limit=30, max_name_column_width=60))
        for by in ("self_cuda_time_total", "self_cpu_time_total")
    ]
    return "\n".join([*tables, f"{1000 * seconds / 5:.1f} ms per step under the profiler"])


def main(stack: ExitStack) -> None:
    """Print the table; with --save keep it in results/pretrain-gpu-SIZE.json."""
    parser = parser_with_save(__doc__)
    parser.add_argument("--size", default="original")
    parser.add_argument("--rows", default="128,512,1024")
    parser.add_argument("--negatives", type=int, default=8192)
    parser.add_argument("--vocabulary", type=int, default=793_471)
    parser.add_argument("--text", type=Path, default=SHARED / "data/lm/wikitext2/train.txt.gz")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    ranks = join_ranks(given.device)
    text = write_encoded_text(
        Corpus([given.text], pretokenized=True), Path(stack.enter_context(TemporaryDirectory())) / "text"
    )
    vocabulary = widened(vocabulary_from_counts(text.count_words(), 2**31), given.vocabulary)
    characters = pretrain_config({"size": given.size}, []).bilm.max_characters
    corpus = encode_corpus(text, [], vocabulary, WordEncoder(characters))
    figures: dict[str, Any] = {"size": given.size, "vocabulary": len(vocabulary), "negatives": given.negatives}
    if ranks.device.type == "cuda":
        figures["gpu"] = torch.cuda.get_device_name(ranks.device)
    print(f"{given.size}, {len(vocabulary):,} words, {given.negatives} negatives, {figures.get('gpu', 'CPU')}")
    print("  rows  tokens/s   x GTX 1080 ms per step   memory GB")
    for rows in map(int, given.rows.split(",")):
        torch._dynamo.reset()  # kernels are compiled for one number of rows
        trainer = trainer_of(corpus, vocabulary, given.size, rows, given.negatives, ranks)
        if ranks.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        begun = time.monotonic()
        time_steps(trainer, 0.0)  # kernels are compiled
        first_s = time.monotonic() - begun
        step = time_steps(trainer, given.seconds)
        peak = torch.cuda.max_memory_allocated() / 1e9 if ranks.device.type == "cuda" else 0.0
        speed = rows * WINDOW / step.seconds
        print(
            f"{rows:6} {speed:9,.0f} {speed / PAPER:12.1f} {1000 * step.seconds:11.1f} {peak:11.1f}"
            f"   ({step.n_steps} steps; the first ones took {first_s:.0f} s)",
            flush=True,
        )
        figures[f"{rows} rows"] = {
            "tokens_per_s": round(speed),
            "x_gtx_1080": round(speed / PAPER, 1),
            "ms_a_step": round(1000 * step.seconds, 1),
            "memory_gb": round(peak, 1),
        }
        if given.profile:
            print(profile(trainer), flush=True)
        del trainer
    print(json.dumps(figures))
    if given.save:
        command = f"python -m benchmarks.measure.training.pretrain_gpu --size {given.size} --rows {given.rows} --save"
        print(record(f"pretrain-gpu-{given.size}", command, figures))


if __name__ == "__main__":
    with ExitStack() as stack:
        main(stack)
