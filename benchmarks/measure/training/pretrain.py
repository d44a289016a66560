"""Training speed compared with a plain autograd loop, in one process, alternating step by step.

    python -m benchmarks.measure.training.pretrain [--size tiny|small] [--rows 64,256] [--vocabulary N] [--negatives N]
                                   [--precision P] [--plain-rows N] [--save]

Needs WikiText-2 in ../shared. tiny is configuration T: 2 x 512 cells, projection 128, filters to width 5, one highway, all words
of the training text, 1,024 negatives, windows of 20. The plain loop (`plain_loop.py`) trains 64 rows, `elmo` each number of rows
in float32 and bfloat16; both use the paper's Adagrad. bilm-tf's own trainer was measured on another machine with two cores:
1,910 to 1,990 tokens/s on T.
A token is counted once, although both directions are trained on it. Times are medians; parts of a step are in ms.
"""

import resource
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from benchmarks.measure.training.plain_loop import PlainBiLM
from benchmarks.record import SHARED, parser_with_save, record
from elmo.checkpoints.saved_model import ModelConfig, SavedModel
from elmo.model import fast_char_cnn
from elmo.model.bilm import BiLM
from elmo.model.encoders.lstm import fast_lstm
from elmo.model.output import fast_softmax
from elmo.model.output.softmax import Softmax, draw_negatives
from elmo.text.shards import EncodedText, write_encoded_text
from elmo.text.sources.corpus import Corpus
from elmo.text.words.vocabulary import Vocabulary, vocabulary_from_counts
from elmo.text.words.word_encoder import WordEncoder
from elmo.train.data.encoded_corpus import EncodedCorpus, encode_corpus
from elmo.train.data.window_tensors import target_ids
from elmo.train.loop import train_step
from elmo.train.memory import keep_freed_memory
from elmo.train.recipe import pretrain_config
from elmo.train.step import learning_rate_at
from elmo.train.trainer import Trainer

BILM_TF = 1950  # tokens/s of the reference trainer on T, on another machine
WINDOW = 20
PARTS = {
    "char_cnn": fast_char_cnn._MaxOverPositions,
    "lstm": fast_lstm._Unrolled,
    "softmax": fast_softmax._SampledLoss,
}
spent: dict[str, float] = {}


def watch(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function; the seconds of its calls are added up in `spent`."""

    def timed(*arguments: Any) -> Any:
        begun = time.perf_counter()
        result = function(*arguments)
        spent[name] = spent.get(name, 0.0) + time.perf_counter() - begun
        return result

    return timed


def read_corpus(folder: Path) -> tuple[EncodedText, Vocabulary]:
    """WikiText-2's training text, as ids in a folder, and all of its words."""
    read = Corpus([SHARED / "data/lm/wikitext2/train.txt.gz"], pretokenized=True)
    text = write_encoded_text(read, folder)
    return text, vocabulary_from_counts(text.count_words(), 2**31)


def widened(vocabulary: Vocabulary, n_words: int) -> Vocabulary:
    """The vocabulary, filled up with made-up words: the cost of a softmax does not depend on which words it has."""
    more = [f"made-up-{i}" for i in range(len(vocabulary), n_words)]
    return Vocabulary([*vocabulary.words, *more])


class Ours:
    """Steps of `elmo pretrain`."""

    def __init__(
        self, corpus: EncodedCorpus, vocabulary: Vocabulary, size: str, rows: int, negatives: int, precision: str
    ) -> None:
        config = pretrain_config(
            {
                "size": size,
                "rows": rows,
                "window": WINDOW,
                "n_negatives": negatives,
                "precision": precision,
                "optimizer": {"name": "adagrad", "learning_rate": 0.2, "schedule": "constant", "warmup_steps": 0},
            },
            [],
        )
        P = config.bilm.encoder.projection_size
        torch.manual_seed(0)
        bilm, softmax = BiLM(config.bilm), Softmax(len(vocabulary), P)
        model = SavedModel(ModelConfig(bilm=config.bilm, n_words=len(vocabulary)), bilm, softmax, vocabulary)
        self.trainer = Trainer(model, corpus, config)
        self.position, self.state, self.number = self.trainer.reader.start(), self.trainer.zero_state(), 0

    def step(self) -> None:
        window, self.position = watch("read", self.trainer.reader.read)(self.position)
        learning_rate = learning_rate_at(self.number, 10_000, self.trainer.config.optimizer)
        prepared = self.trainer.prepare(self.number, window)
        self.state = train_step(self.trainer, self.number, learning_rate, prepared, self.state).state
        self.number += 1


class Plain:
    """Steps of the plain loop over the same windows."""

    def __init__(self, corpus: EncodedCorpus, vocabulary: Vocabulary, ours: Ours, negatives: int) -> None:
        config = ours.trainer.config
        self.corpus, self.n_negatives, self.reader = corpus, negatives, ours.trainer.reader
        self.model = PlainBiLM(config.bilm, len(vocabulary))
        self.optimizer = torch.optim.Adagrad(self.model.parameters(), lr=0.2, initial_accumulator_value=1.0, eps=0.0)
        self.position, self.random = self.reader.start(), np.random.default_rng(0)
        P, H = config.bilm.encoder.projection_size, config.bilm.encoder.cell_size
        self.state = [[torch.zeros(config.rows, P), torch.zeros(config.rows, H)] for _ in range(4)]

    def step(self) -> None:
        window, self.position = self.reader.read(self.position)
        char_ids = [
            torch.from_numpy(self.corpus.spellings[ids].astype(np.int64))
            for ids in (window.forward_inputs, window.backward_inputs)
        ]
        targets = [torch.from_numpy(t) for t in target_ids(self.corpus, window)]
        negatives = [draw_negatives(len(self.model.softmax_bias), self.n_negatives, self.random) for _ in range(2)]
        self.optimizer.zero_grad()
        loss, self.state = self.model.loss(char_ids, targets, negatives, self.state)
        (loss * WINDOW).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 10.0)
        self.optimizer.step()


def main(stack: ExitStack) -> None:
    """Print the table; with --save keep it in results/pretrain-SIZE[-VOCABULARY].json."""
    parser = parser_with_save(__doc__)
    parser.add_argument("--size", default="tiny", choices=["tiny", "small"])
    parser.add_argument("--rows", default="64,256")
    parser.add_argument("--vocabulary", type=int, help="words of the softmax; default: all words of the text")
    parser.add_argument("--negatives", type=int, default=1024)
    parser.add_argument("--precision", default="float32,bfloat16")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--plain-rows", type=int, default=64, help="rows of the plain loop; 0: do not run it")
    given = parser.parse_args()
    keep_freed_memory()
    torch.set_num_threads(2)
    for name, part in PARTS.items():
        part.forward = staticmethod(watch(f"{name} forward", part.forward))  # type: ignore[method-assign,assignment]
        part.backward = staticmethod(watch(f"{name} backward", part.backward))  # type: ignore[method-assign,assignment]
    text, vocabulary = read_corpus(Path(stack.enter_context(TemporaryDirectory())) / "text")
    if given.vocabulary is not None:
        vocabulary = widened(vocabulary, given.vocabulary)
    probe = pretrain_config({"size": given.size}, [])
    assert probe.bilm.max_characters is not None
    corpus = encode_corpus(text, [], vocabulary, WordEncoder(probe.bilm.max_characters))
    figures: dict[str, Any] = {"size": given.size, "vocabulary": len(vocabulary), "negatives": given.negatives}
    print(f"{given.size}, {len(vocabulary):,} words, {given.negatives} negatives, windows of {WINDOW}")
    print(f"{'':24} tokens/s   x plain   x bilm-tf ms per step")
    for rows in map(int, given.rows.split(",")):
        runs: dict[str, Any] = {
            f"{precision} {rows} rows": Ours(corpus, vocabulary, given.size, rows, given.negatives, precision)
            for precision in given.precision.split(",")
        }
        if given.plain_rows:
            base = Ours(corpus, vocabulary, given.size, given.plain_rows, given.negatives, "float32")
            runs["plain"] = Plain(corpus, vocabulary, base, given.negatives)
        n_rows = {name: given.plain_rows if name == "plain" else rows for name in runs}
        times: dict[str, list[float]] = {name: [] for name in runs}
        parts: dict[str, list[dict[str, float]]] = {name: [] for name in runs}
        for round_number in range(given.rounds + 2):
            for name, run in runs.items():
                spent.clear()
                begun = time.perf_counter()
                run.step()
                if round_number >= 2:
                    times[name].append(time.perf_counter() - begun)
                    parts[name].append(dict(spent))
        median = {name: statistics.median(values) for name, values in times.items()}
        speed = {name: n_rows[name] * WINDOW / seconds for name, seconds in median.items()}
        for name, tokens_per_s in speed.items():
            ratios = [tokens_per_s / speed["plain"] if "plain" in speed else float("nan"), tokens_per_s / BILM_TF]
            print(f"{name:24} {tokens_per_s:8,.0f} {ratios[0]:9.2f} {ratios[1]:11.2f} {1000 * median[name]:11.0f}")
            own = {part: round(1000 * statistics.median(p[part] for p in parts[name]), 1) for part in parts[name][0]}
            if own:
                rest = 1000 * median[name] - sum(own.values())
                print("    " + ", ".join(f"{part} {ms:.0f}" for part, ms in own.items()) + f", rest {rest:.0f}")
            label = "plain beside " + f"{rows} rows" if name == "plain" else name
            figures[label] = {"tokens_per_s": round(tokens_per_s), "x_plain": round(ratios[0], 2), "ms": own}
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024:,} MB")
    figures["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if given.save:
        name = f"pretrain-{given.size}" + (f"-{given.vocabulary}" if given.vocabulary else "")
        name += "" if given.plain_rows else "-alone"  # its memory is that of training
        options = f"--size {given.size} --rows {given.rows} --negatives {given.negatives}"
        options += f" --vocabulary {given.vocabulary}" if given.vocabulary else ""
        options += f" --precision {given.precision} --plain-rows {given.plain_rows}"
        print(record(name, f"python -m benchmarks.measure.training.pretrain {options} --save", figures))


if __name__ == "__main__":
    with ExitStack() as stack:
        main(stack)
