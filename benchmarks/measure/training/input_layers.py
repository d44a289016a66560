"""Bits per byte on held-out text, speed and memory of one input layer, trained on one text for a fixed number of steps.

The run is `elmo pretrain`'s, size tiny, sampled softmax over the most frequent words. The vocabulary and its `<UNK>` are those
of the text for every input layer, so bits per byte can be compared between input layers, but not between texts.
"""

import resource
import statistics
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks.record import SHARED
from elmo.apps.models.perplexity import measure_file
from elmo.apps.pretraining.pretrain import continue_run
from elmo.errors import TextError
from elmo.train.memory import keep_freed_memory
from elmo.train.recipe import pretrain_config
from elmo.train.runs.begin import start_run


class Text(NamedTuple):
    """The training text and the held-out text."""

    train: Path
    test: Path
    pretokenized: bool


_LM = SHARED / "data/lm"
TEXTS = {
    "wikitext2": Text(_LM / "wikitext2/train.txt.gz", _LM / "wikitext2/valid.txt.gz", True),
    "basque": Text(_LM / "lowresource/basque.train.txt.gz", _LM / "lowresource/basque.test.txt.gz", False),
    "chinese": Text(_LM / "chinese/wiki_sentences.txt.xz", _LM / "chinese/heldout_wiki.txt.gz", False),
}
LAYERS = {
    "bytes": [],
    "alphabet": ["bilm.char_cnn.alphabet_size=3000"],
    "bytes-words": ["bilm.word_embedding.size=100"],
    "alphabet-words": ["bilm.char_cnn.alphabet_size=3000", "bilm.word_embedding.size=100"],
    "words": ["bilm.char_cnn=none", "bilm.word_embedding.size=100"],
}
STEPS = 1000
LOG_EVERY = (
    20  # steps; the speed is the median over intervals of this length, so that a short disturbance has no effect
)


def measure_input(text: str, layer: str, steps: int | None = None) -> dict[str, Any]:
    """Train the named layer of `LAYERS` on the named text of `TEXTS`; `steps`: for a trial, fewer than `STEPS`.

    Raises:
        TextError: the text is not there.
    """
    train, test, pretokenized = TEXTS[text]
    for path in (train, test):
        if not path.is_file():
            raise TextError(f"{path}: no such file; this benchmark needs the text there")
    keep_freed_memory()
    n_steps = steps or STEPS
    recipe = pretrain_config({"size": "tiny", "evaluate_every": n_steps + 1, "log_every": LOG_EVERY}, LAYERS[layer])
    speeds: list[float] = []
    with TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        start_run([str(train)], run, recipe, pretokenized=pretokenized, max_steps=n_steps)
        progress = continue_run(run, report=lambda line: speeds.append(line.tokens_per_s)).progress
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        found = measure_file(str(run), test, pretokenized)
    speed = round(statistics.median(speeds))
    measured = {key: found[key] for key in ("bits_per_byte", "mean", "oov_rate", "spelling_bits", "tokens")}
    return {"steps": progress.step, "tokens_per_s": speed, "peak_memory_mb": peak_mb} | measured
