"""Train a run that `begin_run.py` has set up, from its last checkpoint if there is one, until the model is written.

The folder of a run:

    config.json, model.safetensors, vocabulary.txt, README.md    the model, once the run has ended
    run.json                       the recipe, the files it read
    start/                         the model it began from, if it did not begin with random weights
    alphabet.json, input_words.json what the input layer learned of the words, if it asks for that
    corpus/, heldout/              the text as ids; the sentences held out
    words/                         the different words of the text, spelled and numbered
    checkpoints/step-000001250/    model folders that also hold all that a resume needs
    log.jsonl, sessions.jsonl      what happened, line by line (see `run_record.py`)
    report.html                    the same for reading, renewed whenever a session ends
    tensorboard/                   the same for TensorBoard, if asked for
"""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from elmo.apps.models.model_card import training_facts, write_card
from elmo.apps.pretraining.run_record import End, append_begin, append_end, append_report, read_run
from elmo.apps.pretraining.run_report import report_run
from elmo.apps.pretraining.run_settings import RunSettings, check_word_files, run_folder
from elmo.apps.pretraining.start_model import load_start
from elmo.apps.pretraining.tensorboard_log import TensorBoardLog
from elmo.checkpoints.formats.native import add_model_files
from elmo.checkpoints.saved_model import PRETOKENIZED, THIS_TOKENIZER, ModelConfig, SavedModel
from elmo.errors import OutputError
from elmo.model.bilm import BiLM
from elmo.model.output.adaptive_softmax import output_layer
from elmo.text.shards import read_encoded_text
from elmo.text.words.encoded_words import read_encoded_words
from elmo.text.words.lexicon import Lexicon, read_lexicon
from elmo.text.words.vocabulary import Vocabulary, read_vocabulary
from elmo.train.data.encoded_corpus import EncodedCorpus, frequency_bias
from elmo.train.loop import pretrain
from elmo.train.perplexity import Perplexity, measure_together
from elmo.train.ranks import ALONE, CPU, Ranks
from elmo.train.run_log import Report
from elmo.train.run_state import Place, checkpoints_of
from elmo.train.warm_state import settle_state

TENSORBOARD_FOLDER = "tensorboard"
WARM_SENTENCES = 50


@dataclass(frozen=True)
class PretrainResult:
    """The result of one session of a run."""

    finished: bool  # False: stopped early; the model is not written, and the run can be resumed
    place: Place
    checkpoint: Path
    heldout: Perplexity | None


def continue_run(
    out: Path,
    *,
    max_minutes: float | None = None,
    tensorboard: bool = False,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[Report], None] = lambda line: None,
    ranks: Ranks = ALONE,
) -> PretrainResult:
    """Train from the last checkpoint of a run, or from the start if there is none.

    Args:
        max_minutes: of training in this session; the run can be resumed afterwards.
        tensorboard: write the reports for TensorBoard too.
        stop: asked at each step; True ends the session after a checkpoint.
        ranks: the processes that train together; each calls this function, the first writes.
    Raises:
        TrainingError: the folder is no run, was altered, or steps are not finite. TextError: the run's copy of the text was
        altered. OutputError: another process trains the run; the disk is full; what was saved before is whole.
        ConfigError: TensorBoard is not installed.
    """
    folder = run_folder(out)
    settings = folder.read_settings()
    with folder.hold() if ranks.is_first else nullcontext():
        try:
            return _continue_alone(out, settings, max_minutes, tensorboard, stop, report, ranks)
        except OutputError as error:
            raise OutputError(f"{error}; the last checkpoint is intact: free some space, then --resume") from error


def _continue_alone(
    out: Path,
    settings: RunSettings,
    max_minutes: float | None,
    tensorboard: bool,
    stop: Callable[[], bool],
    report: Callable[[Report], None],
    ranks: Ranks,
) -> PretrainResult:
    """`continue_run` on a folder that no other process writes to."""
    recipe = settings.recipe
    check_word_files(settings, out)
    text, heldout = read_encoded_text(out / "corpus"), read_encoded_text(out / "heldout")
    vocabulary = read_vocabulary(out / "vocabulary.txt")
    lexicon = read_lexicon(out, recipe.bilm.alphabet_size is not None, recipe.bilm.n_input_words is not None)
    ranks.wait()
    kept = checkpoints_of(out / "checkpoints")
    heldout_sentences = [heldout.sentence(i) for i in range(heldout.n_sentences)]
    corpus = EncodedCorpus(text, heldout_sentences, *read_encoded_words(out / "words"))
    model = _new_model(out, settings, vocabulary, lexicon, frequency_bias(corpus, vocabulary))
    teacher = load_start(out, model.config).bilm if recipe.distillation else None
    begun = time.monotonic()

    ended_early = False

    def stops() -> bool:
        nonlocal ended_early
        ended_early = stop() or (max_minutes is not None and time.monotonic() - begun > 60 * max_minutes)
        return ended_early

    scalars: TensorBoardLog | None = None

    def log(line: Report) -> None:
        if ranks.is_first:
            append_report(out, line)
            if scalars is not None:
                scalars.write(line)
            report(line)

    resumed_from = kept[-1] if kept else None
    with ExitStack() as stack:
        if ranks.is_first:
            scalars = stack.enter_context(TensorBoardLog(out / TENSORBOARD_FOLDER)) if tensorboard else None
            append_begin(out, None if resumed_from is None else resumed_from.name)
        model, place = pretrain(
            model, corpus, recipe, out / "checkpoints", resumed_from, settings.max_steps, stops, log, ranks, teacher
        )
    checkpoint = checkpoints_of(out / "checkpoints")[-1]
    perplexity = None
    if not ranks.agree(stop()):
        measured = measure_together(model, heldout_sentences, ranks)
        perplexity = None if ranks.agree(stop()) else measured  # None: interrupted while it was measured
    if ranks.is_first:
        if perplexity is not None:
            model.bilm.to(CPU)
            _write_model(model, out, settings, place, perplexity, heldout_sentences)
        why: End = "interrupted" if perplexity is None else "time was up" if ended_early else "all steps done"
        append_end(out, place.step, why, ranks.device)
        report_run(out)
    ranks.wait()
    return PretrainResult(perplexity is not None, place, checkpoint, perplexity)


def is_run(out: Path) -> bool:
    """Whether a folder holds a run that can be resumed."""
    return run_folder(out).is_begun()


def _new_model(out: Path, settings: RunSettings, vocabulary: Vocabulary, lexicon: Lexicon, bias: Tensor) -> SavedModel:
    recipe = settings.recipe
    torch.manual_seed(recipe.seed)
    config = ModelConfig(
        bilm=recipe.bilm,
        n_words=len(vocabulary),
        adaptive_cutoffs=settings.adaptive_cutoffs,
        tokenizer=PRETOKENIZED if settings.pretokenized else THIS_TOKENIZER,
        scripts=settings.scripts,
    )
    if settings.start is not None:
        return load_start(out, config)
    softmax = output_layer(len(vocabulary), recipe.bilm.projection_size, config.adaptive_cutoffs)
    softmax.start_at(bias)
    return SavedModel(config, BiLM(recipe.bilm), softmax, vocabulary, lexicon=lexicon)


def _write_model(
    model: SavedModel,
    out: Path,
    settings: RunSettings,
    place: Place,
    perplexity: Perplexity,
    heldout: Sequence[Sequence[str]],
) -> None:
    facts = training_facts(settings.recipe, settings.corpus, settings.tokens, settings.sentences, place, perplexity)
    warm = settle_state(model.bilm, model.word_encoder, heldout[:WARM_SENTENCES])
    config = model.config.model_copy(update={"training": facts, "warm_state": warm is not None})
    add_model_files(
        replace(model, config=config, warm=warm, card=write_card(config, read_run(out))), out, settings.storage
    )
