"""Speed, memory and held-out perplexity after each epoch of one output layer, trained on WikiText-2 for two epochs.

All layers use the same biLM, windows, optimizer, schedule, seed and initial biases (the log frequency of each target word).
Perplexity is that of the full distribution over all words of the training text, for each direction, sentence by sentence. Peak
memory is that of the process up to the first evaluation, so each row needs a separate process.
"""

import resource
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.measure.training.continuous_output import ContinuousOutput, fit_concentration
from benchmarks.measure.training.count_vectors import count_vectors
from benchmarks.measure.training.rival_trainer import RivalTrainer, step_of
from benchmarks.record import SHARED
from elmo.checkpoints.saved_model import ModelConfig, SavedModel
from elmo.errors import TextError
from elmo.model.bilm import BiLM
from elmo.model.output.adaptive_softmax import output_layer
from elmo.text.shards import write_encoded_text
from elmo.text.sources.corpus import Corpus, corpus_words
from elmo.text.words.vocabulary import Vocabulary, vocabulary_from_counts
from elmo.text.words.word_encoder import WordEncoder
from elmo.train.config import PretrainConfig
from elmo.train.data.encoded_corpus import EncodedCorpus, cutoffs_of, encode_corpus, frequency_bias
from elmo.train.loop import steps_of
from elmo.train.memory import keep_freed_memory
from elmo.train.perplexity import measure_perplexity
from elmo.train.recipe import pretrain_config
from elmo.train.trainer import Trainer

TEXTS = SHARED / "data/lm/wikitext2"
RUN = {"size": "tiny", "rows": 64, "window": 20, "n_negatives": 1024, "epochs": 2}
SETTINGS: dict[str, dict[str, Any]] = {
    "full": {"softmax": "full"},
    "sampled": {"softmax": "sampled"},
    "sampled-tied": {"softmax": "sampled", "tied": True},
    "full-tied": {"softmax": "full", "tied": True},
    "adaptive": {"softmax": "adaptive"},
    "continuous": {},
}
RIVALS = ("continuous",)  # not available in recipes
TIMED_ONLY = {
    "full-tied": 5
}  # steps; each computes the token layer of the whole vocabulary, two epochs would take most of a day
FITTED_ON = 40  # sentences of the training text, spread over it, on which a layer is fitted after training


def measure_output(name: str, steps: int | None = None) -> dict[str, Any]:
    """Train with the named layer of `SETTINGS`; `steps`: for a trial, the maximum number of steps.

    Raises:
        TextError: WikiText-2 is not there.
    """
    if not TEXTS.is_dir():
        raise TextError(f"{TEXTS}: no such folder; this benchmark needs WikiText-2 there, as train and valid.txt.gz")
    keep_freed_memory()
    config = pretrain_config(RUN | SETTINGS[name], [])
    with TemporaryDirectory() as folder:
        read = Corpus([TEXTS / "train.txt.gz"], pretokenized=True)
        text = write_encoded_text(read, Path(folder) / "text")
        vocabulary = vocabulary_from_counts(text.count_words(), text.n_tokens)
        corpus = encode_corpus(text, [], vocabulary, WordEncoder(config.bilm.max_characters))
        heldout = list(corpus_words([TEXTS / "valid.txt.gz"], pretokenized=True))
        model, trainer, settle, facts = _prepared(name, corpus, vocabulary, config)
        if steps is None:
            steps = TIMED_ONLY.get(name)
        timed, perplexities = _train(model, trainer, settle, heldout[:: 1 if steps is None else 40], steps)
    measured = [] if name in TIMED_ONLY else perplexities
    return {"words": len(vocabulary)} | facts | timed | {"epochs": measured}


def _prepared(
    name: str, corpus: EncodedCorpus, vocabulary: Vocabulary, config: PretrainConfig
) -> tuple[SavedModel, Trainer | RivalTrainer, Callable[[], dict[str, float]], dict[str, Any]]:
    """The model, its trainer, the function that fits it before an evaluation, and facts about the layer."""
    P, bias = config.bilm.encoder.projection_size, frequency_bias(corpus, vocabulary)
    torch.manual_seed(config.seed)
    bilm = BiLM(config.bilm)
    cutoffs = cutoffs_of(config, corpus.text, corpus.targets, vocabulary)
    facts: dict[str, Any] = {} if cutoffs is None else {"cutoffs": cutoffs}
    output: Any
    if name == "continuous":
        begun = time.perf_counter()
        output = ContinuousOutput(P, _fixed_vectors(corpus, vocabulary, P, config.seed), bias)
        facts["vectors_s"] = round(time.perf_counter() - begun, 1)
    else:
        output = output_layer(len(vocabulary), P, cutoffs)
        output.start_at(bias)
    kept = ModelConfig(bilm=config.bilm, n_words=len(vocabulary), adaptive_cutoffs=cutoffs)
    model = SavedModel(kept, bilm, output, vocabulary)
    trainer = Trainer(model, corpus, config) if name not in RIVALS else RivalTrainer(bilm, output, corpus, config)
    text = corpus.text
    sample = [text.sentence(i) for i in range(0, text.n_sentences, -(-text.n_sentences // FITTED_ON))]

    def settle() -> dict[str, float]:
        trainer.refresh()
        if name != "continuous":
            return {}
        fit_concentration(output, lambda: np.log(measure_perplexity(model, sample).mean))
        return {"concentration": round(output.concentration, 1)}

    return model, trainer, settle, facts


def _train(
    model: SavedModel,
    trainer: Trainer | RivalTrainer,
    settle: Callable[[], dict[str, float]],
    heldout: list[Any],
    steps: int | None,
) -> tuple[dict[str, Any], list[dict[str, float]]]:
    """Speed and memory, and the measurements after each epoch or at the end of a trial."""
    config, reader = trainer.config, trainer.reader
    ends = [steps_of(reader.n_positions, config.model_copy(update={"epochs": n + 1})) for n in range(config.epochs)]
    n_steps = ends[-1]
    if steps is not None:
        ends = [min(steps, n_steps)]
    seconds: list[float] = []
    epochs: list[dict[str, float]] = []
    peak_mb = 0
    position, state = reader.start(), trainer.zero_state()
    for number in range(ends[-1]):
        begun = time.perf_counter()
        window, position = reader.read(position)
        state = step_of(trainer, number, n_steps, window, state).state
        seconds.append(time.perf_counter() - begun)
        if number + 1 in ends:
            peak_mb = peak_mb or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            fitted = settle()
            found = measure_perplexity(model, heldout)
            epochs.append({"forward": found.forward, "backward": found.backward, "mean": found.mean} | fitted)
    median = statistics.median(seconds)
    speed = round(config.rows * config.window / median)
    timed = {"steps": len(seconds), "ms_a_step": round(1000 * median, 1), "tokens_per_s": speed}
    return timed | {"peak_memory_mb": peak_mb}, epochs


def _fixed_vectors(corpus: EncodedCorpus, vocabulary: Vocabulary, size: int, seed: int) -> torch.Tensor:
    """The target vectors of the continuous layer, made in another process, so that training memory excludes them."""
    ids, apart = marked_text(corpus, vocabulary)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return torch.from_numpy(pool.submit(count_vectors, ids, apart, len(vocabulary), size, seed).result())


def marked_text(corpus: EncodedCorpus, vocabulary: Vocabulary) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The training text with `<S>` and `</S>` around each sentence: vocabulary ids and the sentence of each token, int64 (N,)."""
    text = corpus.text
    starts = text.sentences.read(0, text.n_sentences + 1)[:, 0]  # (sentences + 1,)
    words = corpus.targets[text.ids.read(0, text.n_tokens)].astype(np.int64)
    marks = np.tile([vocabulary.start_id, vocabulary.end_id], text.n_sentences)
    ids = np.insert(words, np.repeat(starts, 2)[1:-1], marks)
    return ids, np.repeat(np.arange(text.n_sentences), np.diff(starts) + 2)
