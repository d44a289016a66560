"""One session of a run: from its last checkpoint, if it has one, until the run ends and its model is written."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel
from torch import Tensor

from elmo.checkpoints.formats.native import add_model_files, read_model_config
from elmo.checkpoints.saved_model import PRETOKENIZED, ModelConfig, SavedModel, facts_of
from elmo.errors import OutputError
from elmo.model.bilm import BiLM
from elmo.model.output.adaptive_softmax import output_layer
from elmo.storage.atomic import remove_whole
from elmo.text.shards import read_encoded_text
from elmo.text.tokenizer import VERSIONS
from elmo.text.words.encoded_words import read_encoded_words
from elmo.text.words.lexicon import Lexicon, read_lexicon
from elmo.text.words.vocabulary import Vocabulary, read_vocabulary
from elmo.train.adaptation.mixed_text import MIX_FOLDER, MixedText
from elmo.train.adaptation.outcome import (
    AdaptationResult,
    Before,
    KeptModel,
    after_first_phase,
    best_model,
    measure_before,
)
from elmo.train.data.encoded_corpus import EncodedCorpus, frequency_bias
from elmo.train.loop import pretrain
from elmo.train.objectives.window_layers import product_precision
from elmo.train.perplexity import Perplexity, measure_together
from elmo.train.ranks import ALONE, CPU, Ranks
from elmo.train.run_log import Report
from elmo.train.run_state import RunProgress, checkpoints_of
from elmo.train.runs.model_card import training_facts, write_card
from elmo.train.runs.record import End, append_begin, append_end, append_report, read_run
from elmo.train.runs.settings import RunSettings, check_word_files, epochs_of, run_folder
from elmo.train.runs.start_model import START_FOLDER, load_start
from elmo.train.teachers.kept_vectors import VECTORS_FOLDER
from elmo.train.teachers.load import TEACHER_FOLDER, load_teacher
from elmo.train.teachers.sentence_cosines import fit_sentence_cosines, spread_sentences
from elmo.train.warm_state import settle_state

WARM_SENTENCES = 50


class RunResult(BaseModel, frozen=True):
    """How a session of a run ended."""

    folder: Path
    finished: bool  # False: stopped early; the model is not written, the run can be resumed
    why: End
    progress: RunProgress
    n_steps: int  # at which the run was to end
    epochs: float  # read so far, of all sessions
    checkpoint: Path
    heldout: Perplexity | None  # of the model, over all that is held out
    softmax_steps: int = 0  # of the first phase of an adaptation
    adaptation: AdaptationResult | None = None  # of a run that adapts a model, once it has ended

    @property
    def steps(self) -> int:
        """Steps of the run so far, of all sessions."""
        return self.progress.step

    def facts(self) -> dict[str, Any]:
        """The result under flat keys."""
        facts = {
            "model": str(self.folder),
            "steps": self.steps,
            "epochs": round(self.epochs, 2),
            "minutes": round(self.progress.seconds / 60, 2),
            "ended": self.why,
        }
        if self.heldout is not None:
            names = ("forward", "backward", "mean", "tokens", "oov_rate")
            facts |= {name: getattr(self.heldout, name) for name in names}
        if self.adaptation is not None:
            facts |= self.adaptation.facts()
        return facts


def train_session(
    out: Path,
    max_minutes: float | None = None,
    max_steps: int | None = None,
    report: Callable[[Report], None] = lambda line: None,
    stop: Callable[[], bool] = lambda: False,
    ranks: Ranks = ALONE,
) -> RunResult:
    """Train a run, see `Run.train`."""
    folder = run_folder(out)
    settings = folder.read_settings()
    with folder.hold() if ranks.is_first else nullcontext():
        try:
            return _train_alone(out, settings, max_minutes, max_steps, stop, report, ranks)
        except OutputError as error:
            raise OutputError(f"{error}; the last checkpoint is intact: free some space, then --resume") from error


def _train_alone(
    out: Path,
    settings: RunSettings,
    max_minutes: float | None,
    max_steps: int | None,
    stop: Callable[[], bool],
    report: Callable[[Report], None],
    ranks: Ranks,
) -> RunResult:
    """`train_session` of a folder that no other process writes to."""
    recipe = settings.recipe
    check_word_files(settings, out)
    text, heldout = read_encoded_text(out / "corpus"), read_encoded_text(out / "heldout")
    vocabulary = read_vocabulary(out / "vocabulary.txt")
    lexicon = read_lexicon(out, recipe.bilm.alphabet_size is not None, recipe.bilm.n_input_words is not None)
    ranks.wait()
    kept = checkpoints_of(out / "checkpoints")
    heldout_sentences = [heldout.sentence(i) for i in range(heldout.n_sentences)]
    mixed = None
    if settings.mix is not None:
        fraction = recipe.mixed_rows() / recipe.rows
        mixed = MixedText(read_encoded_text(out / MIX_FOLDER), fraction, is_predicted=settings.teacher is None)
    corpus = EncodedCorpus(text, heldout_sentences, *read_encoded_words(out / "words"), mixed)
    model = _new_model(out, settings, vocabulary, lexicon, frequency_bias(corpus, vocabulary))
    teacher = load_start(out, model.config).bilm if recipe.distillation else None

    taught_by = None
    if settings.teacher is not None:
        taught_by = load_teacher(str(out / TEACHER_FOLDER), product_precision(recipe, CPU))
    before = Before()
    if recipe.adaptation is not None:
        had_softmax = read_model_config(out / START_FOLDER).n_words is not None
        before = measure_before(out, model, had_softmax, heldout_sentences, mixed, ranks)

    def log(line: Report) -> None:
        if ranks.is_first:
            append_report(out, line)
            report(line)

    resumed_from = kept[-1] if kept else None
    if ranks.is_first:
        append_begin(out, None if resumed_from is None else resumed_from.name)
    model, done = pretrain(
        model,
        corpus,
        recipe,
        out / "checkpoints",
        resumed_from,
        settings.max_steps,
        stop,
        log,
        ranks,
        teacher,
        run_folder=out,
        max_minutes=max_minutes,
        end_step=max_steps,
        taught_by=taught_by,
    )
    progress, schedule = done.progress, done.schedule
    checkpoint = checkpoints_of(out / "checkpoints")[-1]
    perplexity = adaptation = None
    if not ranks.agree(stop()):
        chosen = KeptModel(model, measure_together(model, heldout_sentences, ranks), progress.step)
        if recipe.adaptation is not None:
            begin = partial(load_start, out, model.config)
            chosen = best_model(chosen, progress, out / "checkpoints", before, begin, heldout_sentences, ranks)
            old = None if mixed is None else measure_together(chosen.model, mixed.heldout_sentences(), ranks)
            alone = after_first_phase(out, recipe.adaptation.softmax_steps or 0)
            adaptation = AdaptationResult(step=chosen.step, before=before, old=old, softmax_alone=alone)
        model = chosen.model
        perplexity = None if ranks.agree(stop()) else chosen.heldout  # None: interrupted while it was measured
    why: End = "all steps done"
    if perplexity is None:
        why = "interrupted"
    elif progress.step < schedule.n_steps:
        why = "planned step reached" if max_minutes is None else "time was up"
        why = "no longer improving" if done.no_longer_improves() else why
    if ranks.is_first:
        if perplexity is not None:
            if progress.step < schedule.end_at(progress.step):
                schedule.plan(progress.step, progress.step)  # so that a resume continues beyond it
            model.bilm.to(CPU)
            if taught_by is not None and recipe.teacher is not None:
                fit_sentence_cosines(model, taught_by, spread_sentences(text, recipe.teacher.sentence_cosines))
            _write_model(model, out, settings, progress, perplexity, heldout_sentences, adaptation)
            if why == "all steps done":
                remove_whole(out / VECTORS_FOLDER)
        append_end(out, progress.step, why, ranks.device)
    ranks.wait()
    return RunResult(
        folder=out,
        finished=perplexity is not None,
        why=why,
        progress=progress,
        n_steps=schedule.n_steps,
        epochs=epochs_of(settings, progress.step),
        checkpoint=checkpoint,
        heldout=perplexity,
        softmax_steps=0 if recipe.adaptation is None else recipe.adaptation.softmax_steps or 0,
        adaptation=None if perplexity is None else adaptation,
    )


def _new_model(out: Path, settings: RunSettings, vocabulary: Vocabulary, lexicon: Lexicon, bias: Tensor) -> SavedModel:
    recipe = settings.recipe
    torch.manual_seed(recipe.seed)
    config = ModelConfig(
        bilm=recipe.bilm,
        n_words=len(vocabulary),
        adaptive_cutoffs=settings.adaptive_cutoffs,
        tokenizer=PRETOKENIZED if settings.pretokenized else facts_of(VERSIONS[settings.tokenizer]),
        scripts=settings.scripts,
    )
    start = None if settings.start is None else load_start(out, config)
    if start is not None and start.softmax is not None:
        return start
    softmax = output_layer(len(vocabulary), recipe.bilm.projection_size, config.adaptive_cutoffs)
    softmax.start_at(bias)
    if start is not None:
        return replace(start, softmax=softmax, vocabulary=vocabulary)
    return SavedModel(config, BiLM(recipe.bilm), softmax, vocabulary, lexicon=lexicon)


def _write_model(
    model: SavedModel,
    out: Path,
    settings: RunSettings,
    progress: RunProgress,
    perplexity: Perplexity,
    heldout: Sequence[Sequence[str]],
    adaptation: AdaptationResult | None,
) -> None:
    facts = training_facts(settings.recipe, settings.corpus, settings.tokens, settings.sentences, progress, perplexity)
    if settings.teacher is not None:
        facts |= {"teacher": settings.teacher, "started_from": settings.start}
        facts |= {} if settings.mix is None else {"teacher_text": settings.mix.files}
    if adaptation is not None:
        facts |= {
            "adapted_from": settings.start,
            "epochs": round(epochs_of(settings, progress.step), 2),
            "new_words": settings.new_words,
            **adaptation.facts(),
        }
        facts |= {} if settings.mix is None else {"old_text": settings.mix.files}
    warm = settle_state(model.bilm, model.word_encoder, heldout[:WARM_SENTENCES])
    config = model.config.model_copy(update={"training": facts, "warm_state": warm is not None})
    add_model_files(
        replace(model, config=config, warm=warm, card=write_card(config, read_run(out))), out, settings.storage
    )
