"""The cost of a run on a text: memory is counted, the time of a step is measured, hours are summed."""

from bisect import bisect_right
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch

from elmo.apps.pretraining.text_sample import TextSample
from elmo.checkpoints.saved_model import ModelConfig, SavedModel
from elmo.model.bilm import BiLM
from elmo.model.output.adaptive_softmax import output_layer
from elmo.text.windows import WindowReader
from elmo.text.words.vocabulary import Vocabulary
from elmo.text.words.word_encoder import WordEncoder
from elmo.train.config import PretrainConfig
from elmo.train.cost import MemoryBytes, ParameterCounts, StepWords, count_memory, count_parameters
from elmo.train.data.encoded_corpus import EncodedCorpus, cutoffs_of, encode_corpus
from elmo.train.data.window_tensors import parts_of
from elmo.train.loop import steps_of
from elmo.train.memory import memory_of_machine
from elmo.train.objectives.sampled import draw_outputs, is_sampled
from elmo.train.ranks import Ranks
from elmo.train.runs.begin import fraction_outside
from elmo.train.speed import StepTime, time_sentences, time_steps
from elmo.train.trainer import Trainer

_WINDOWS = 4  # windows in which the words of a step are counted
_DISK_BYTES_PER_S = 200e6  # written with fsync: a plain SSD
_EVALUATING_FRACTION = 0.1  # of the measuring time


@dataclass(frozen=True)
class RunCost:
    """The cost of a run; measured values are None if the run does not fit in memory."""

    recipe: PretrainConfig  # fitted to the text
    n_words: int  # of the softmax
    n_positions: int  # of an epoch
    n_heldout: int
    parameters: ParameterCounts
    memory: MemoryBytes
    memory_there: int | None  # bytes; None: not known
    fits: bool
    reading_s: float
    step: StepTime | None = None
    sentence_s: float = 0.0  # of a held-out sentence, measured

    @property
    def tokens_per_s(self) -> float | None:
        """Positions per second, each counted once."""
        return None if self.step is None else self.recipe.rows * self.recipe.window / self.step.seconds

    @property
    def n_steps(self) -> int:
        """Steps of all epochs."""
        return steps_of(self.n_positions, self.recipe)

    def stepping_s(self, n_steps: int) -> float:
        """Seconds of the steps alone."""
        return 0.0 if self.step is None else n_steps * self.step.seconds

    def evaluating_s(self, n_steps: int) -> float:
        """Seconds of all evaluations, the last one included."""
        stride = -(-self.n_heldout // self.recipe.evaluate_sentences)
        return self.sentence_s * (self._n_evaluations(n_steps) * -(-self.n_heldout // stride) + self.n_heldout)

    def saving_s(self, n_steps: int) -> float:
        """Seconds of the checkpoints by the clock, of the last one, and of the best model after each evaluation."""
        n = 1 + int(self.stepping_s(n_steps) / 60 / self.recipe.checkpoint_minutes)
        size_bytes = (
            n * (self.memory.weights + self.memory.moments) + self._n_evaluations(n_steps) * self.memory.weights
        )
        return size_bytes / _DISK_BYTES_PER_S

    def seconds(self, n_steps: int) -> float:
        """Seconds from the command to the model."""
        return self.reading_s + self.stepping_s(n_steps) + self.evaluating_s(n_steps) + self.saving_s(n_steps)

    def steps_within(self, seconds: float) -> int:
        """The maximum number of steps, up to `n_steps`, that fit in the time from the command to the model; 0: none."""
        return max(0, bisect_right(range(self.n_steps + 1), seconds, key=self.seconds) - 1)

    def _n_evaluations(self, n_steps: int) -> int:
        return max(0, n_steps - 1) // self.recipe.evaluate_every


def cost_of_run(
    sample: TextSample,
    recipe: PretrainConfig,
    ranks: Ranks,
    seconds: float,
    say: Callable[[str], None] = lambda line: None,
) -> RunCost:
    """Count the memory of a run and, if it fits, train for some seconds.

    Raises:
        TextError: there is no word to predict, or no repeated word although the recipe has word vectors.
        ConfigError: the vocabulary is too small for an adaptive softmax.
    """
    vocabulary, lexicon = sample.vocabulary(recipe.vocabulary_size), sample.lexicon(recipe)
    fraction_outside(vocabulary, sample.text.count_words(), None)
    recipe = recipe.model_copy(update={"bilm": recipe.bilm.fitted_to(lexicon)})
    words = _words_of_step(sample, recipe, vocabulary)
    cutoffs = cutoffs_of(recipe, sample.text, vocabulary.encode(sample.text.words), vocabulary)
    memory = count_memory(recipe, len(vocabulary), sample.n_types, words, cutoffs)
    there, needed = memory_of_machine(), memory.total
    if ranks.device.type == "cuda":
        there, needed = torch.cuda.get_device_properties(ranks.device).total_memory, memory.on_device
    fits = there is None or needed <= there
    step, sentence_s = None, 0.0
    if fits:
        bilm = recipe.bilm
        word_encoder = WordEncoder(
            bilm.max_characters, lexicon, longest_word=bilm.longest_word, fold_case=bilm.folds_case
        )
        heldout = [sample.text.sentence(i) for i in sample.text.heldout.tolist()]
        corpus = encode_corpus(sample.text, heldout, vocabulary, word_encoder)
        torch.manual_seed(recipe.seed)
        softmax = output_layer(len(vocabulary), recipe.bilm.projection_size, cutoffs)
        config = ModelConfig(bilm=recipe.bilm, n_words=len(vocabulary), adaptive_cutoffs=cutoffs)
        model = SavedModel(config, BiLM(recipe.bilm), softmax, vocabulary, lexicon=lexicon)
        step, sentence_s = _measure(model, corpus, recipe, ranks, seconds, say)
    return RunCost(
        recipe=recipe,
        n_words=len(vocabulary),
        n_positions=sample.n_positions,
        n_heldout=sample.n_heldout,
        parameters=count_parameters(recipe.bilm, len(vocabulary), cutoffs, recipe.tied),
        memory=memory,
        memory_there=there,
        fits=fits,
        reading_s=sample.reading_s,
        step=step,
        sentence_s=sentence_s,
    )


def _measure(
    model: SavedModel,
    corpus: EncodedCorpus,
    recipe: PretrainConfig,
    ranks: Ranks,
    seconds: float,
    say: Callable[[str], None],
) -> tuple[StepTime, float]:
    teacher = deepcopy(model.bilm) if recipe.distillation else None
    trainer = Trainer(model, corpus, recipe, ranks, teacher)
    step = time_steps(trainer, seconds, lambda n, so_far: say(f"step {n:,}, {so_far:.0f} of {seconds:.0f} s"))
    if step.n_steps == 0:
        return step, 0.0
    trainer.refresh()
    return step, time_sentences(model, corpus.heldout, _EVALUATING_FRACTION * seconds)


def _words_of_step(sample: TextSample, recipe: PretrainConfig, vocabulary: Vocabulary) -> StepWords:
    """Count in some windows of the text."""
    targets = vocabulary.encode(sample.text.words)
    reader = WindowReader(
        sample.text,
        recipe.rows,
        recipe.window,
        seed=recipe.seed,
        shuffle=recipe.shuffle,
        heldout=sample.text.heldout,
    )
    position, random = reader.start(), np.random.default_rng(recipe.seed)
    read, predicted = [], []
    part = parts_of(slice(0, recipe.rows), recipe.accumulate)[-1]
    for _ in range(_WINDOWS):
        window, position = reader.read(position)
        inputs = np.stack([window.forward_inputs[part], window.backward_inputs[part]])
        read.append(len(np.unique(inputs)))
        if is_sampled(recipe, len(vocabulary)):
            ids = targets[np.stack([window.forward_targets, window.backward_targets])].astype(np.int64)
            predicted.append(len(draw_outputs(ids, len(vocabulary), recipe.n_negatives, random).word_ids))
    return StepWords(round(np.mean(read)), round(np.mean(predicted)) if predicted else len(vocabulary))
