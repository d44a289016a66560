"""Pretrain a model: text files -> a model folder, with checkpoints on the way and a resume from the last of them.

The folder of a run:

    config.json, model.safetensors, vocabulary.txt, README.md    the model, once the run has ended
    run.json                       the recipe, the files it read
    alphabet.json, input_words.txt what the input layer learned of the words, if it asks for that
    corpus/, heldout/              the text as ids; the sentences held out
    words/                         the different words of the text, spelled and numbered
    checkpoints/step-000001250/    model folders that also hold all that a resume needs
    log.jsonl                      one line a report
"""

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel
from torch import Tensor

from elmo.apps.model_card import training_facts, write_card
from elmo.checkpoints.native import StorageType, add_model_files
from elmo.checkpoints.saved_model import PRETOKENIZED, THIS_TOKENIZER, ModelConfig, SavedModel
from elmo.errors import ConfigError, OutputError, TextError, TrainingError
from elmo.model.bilm import BiLM
from elmo.model.config import BiLMConfig
from elmo.model.softmax import Softmax
from elmo.text.corpus import Corpus, CorpusCounts, find_files, read_sentences
from elmo.text.files import read_json, refuse_existing, remove_leftovers, written_whole
from elmo.text.lexicon import Lexicon, learn_lexicon, read_lexicon, write_lexicon
from elmo.text.shards import read_encoded_text, write_encoded_text
from elmo.text.spelled_words import read_spelled_words, write_spelled_words
from elmo.text.speller import Speller
from elmo.text.vocabulary import Vocabulary, read_vocabulary, vocabulary_from_counts, write_vocabulary
from elmo.train.config import PretrainConfig
from elmo.train.loop import Corpus as TrainingCorpus
from elmo.train.loop import Report, frequency_bias, pretrain
from elmo.train.perplexity import Perplexity, measure_perplexity
from elmo.train.run_state import Place, checkpoints_of
from elmo.train.warm_state import settle_state

RUN_FILE = "run.json"
LOG_FILE = "log.jsonl"
WARM_SENTENCES = 50


class RunSettings(BaseModel, frozen=True, extra="forbid"):
    """What `run.json` keeps: all settings of a run that its folder does not hold otherwise."""

    recipe: PretrainConfig
    corpus: list[str]  # names of the files read
    tokens: int
    sentences: int
    pretokenized: bool = False
    max_steps: int | None = None
    storage: StorageType = "float32"


@dataclass(frozen=True)
class PretrainResult:
    """How a session of a run ended."""

    finished: bool  # False: stopped early; the model is not written, the run can be resumed
    place: Place
    checkpoint: Path
    heldout: Perplexity | None


def start_run(
    corpus: Sequence[str],
    out: Path,
    recipe: PretrainConfig,
    *,
    vocabulary_file: Path | None = None,
    heldout_file: Path | None = None,
    pretokenized: bool = False,
    text_field: str | None = None,
    max_steps: int | None = None,
    storage: StorageType = "float32",
    say: Callable[[str], None] = lambda line: None,
) -> None:
    """Read the corpus and lay out the folder of a run; `continue_run` then trains.

    Raises:
        TextError: a file is missing or unreadable, or the corpus has fewer than two sentences or nothing twice for its lexicon.
        OutputError: the folder exists.
    """
    refuse_existing(out, force=None, known_by=[])
    files = find_files(corpus)
    # What is wrong with the small files is told before the wait for the large ones.
    given = None if vocabulary_file is None else _given_vocabulary(vocabulary_file)
    heldout = (
        None if heldout_file is None else list(read_sentences(find_files([heldout_file]), pretokenized, text_field))
    )
    if heldout == []:
        raise TextError(f"{heldout_file}: no text to hold out; give a file with some sentences")
    begun = time.monotonic()
    with written_whole(out) as part:
        part.mkdir()
        read = Corpus(files, pretokenized, text_field)
        text = write_encoded_text(read, part / "corpus", recipe.seed if heldout is None else None)
        if text.n_sentences < 2:
            raise TextError(
                f"{', '.join(map(str, files))}: {'one sentence' if text.n_sentences else 'no text'} in the corpus; "
                "training needs at least two sentences, and a useful model some 100,000 words"
            )
        say(f"read {text.n_tokens:,} tokens in {text.n_sentences:,} sentences, {time.monotonic() - begun:.0f} s")
        if passed_over := _passed_over(read.counts):
            say(f"passed over {passed_over}")
        if heldout is None:
            heldout = [*map(text.sentence, text.heldout.tolist())]
        counts = text.count_words()
        vocabulary = given if given is not None else vocabulary_from_counts(counts, recipe.vocabulary_size)
        lexicon = learn_lexicon(counts, recipe.bilm.alphabet_size, recipe.bilm.n_input_words)
        recipe = recipe.model_copy(update={"bilm": recipe.bilm.fitted_to(lexicon)})
        _refuse_too_large(recipe.bilm, len(vocabulary))
        write_spelled_words(text.words, Speller(recipe.bilm.max_characters, lexicon), vocabulary, part / "words")
        write_encoded_text(((words, True) for words in heldout), part / "heldout")
        write_vocabulary(vocabulary, part / "vocabulary.txt")
        write_lexicon(lexicon, part)
        settings = RunSettings(
            recipe=recipe,
            corpus=[file.name for file in files],
            tokens=text.n_tokens - text.n_heldout_tokens,
            sentences=text.n_sentences - len(text.heldout),
            pretokenized=pretokenized,
            max_steps=max_steps,
            storage=storage,
        )
        (part / RUN_FILE).write_text(settings.model_dump_json(indent=2) + "\n", encoding="utf-8")
    say(f"vocabulary {len(vocabulary):,} words; {len(heldout):,} sentences held out")


def continue_run(
    out: Path,
    *,
    max_minutes: float | None = None,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[Report], None] = lambda line: None,
) -> PretrainResult:
    """Train from the last checkpoint of a run, or from the start if there is none.

    Args:
        max_minutes: of training in this session; the run can be resumed afterwards.
        stop: asked after each step; True ends the session after a checkpoint.
    Raises:
        TrainingError: the folder is no run, or a loss is not finite.
    """
    settings = _read_settings(out)
    recipe = settings.recipe
    text, heldout = read_encoded_text(out / "corpus"), read_encoded_text(out / "heldout")
    vocabulary = read_vocabulary(out / "vocabulary.txt")
    lexicon = read_lexicon(out, recipe.bilm.alphabet_size is not None, recipe.bilm.n_input_words is not None)
    for folder in (out, out / "checkpoints"):
        remove_leftovers(folder)
    kept = checkpoints_of(out / "checkpoints")
    heldout_sentences = [heldout.sentence(i) for i in range(heldout.n_sentences)]
    corpus = TrainingCorpus(text, heldout_sentences, *read_spelled_words(out / "words"))
    model = _new_model(recipe, vocabulary, lexicon, settings.pretokenized, frequency_bias(corpus, vocabulary))
    begun = time.monotonic()

    def stops() -> bool:
        return stop() or (max_minutes is not None and time.monotonic() - begun > 60 * max_minutes)

    def log(line: Report) -> None:
        try:
            with (out / LOG_FILE).open("a", encoding="ascii") as file:
                file.write(json.dumps(_flat(line)) + "\n")
        except OSError as error:
            raise OutputError(
                f"{out / LOG_FILE}: cannot be written ({error.strerror}); make room, then --resume"
            ) from error
        report(line)

    model, place = pretrain(
        model, corpus, recipe, out / "checkpoints", kept[-1] if kept else None, settings.max_steps, stops, log
    )
    checkpoint = checkpoints_of(out / "checkpoints")[-1]
    if stop():
        return PretrainResult(False, place, checkpoint, None)
    if model.softmax is None:
        raise TrainingError(f"{checkpoint}: no softmax in the checkpoint")
    perplexity = measure_perplexity(model.bilm, model.softmax, vocabulary, model.speller, heldout_sentences)
    if stop():
        return PretrainResult(False, place, checkpoint, None)
    _write_model(model, out, settings, place, perplexity, heldout_sentences)
    return PretrainResult(True, place, checkpoint, perplexity)


def is_run(out: Path) -> bool:
    """Whether a folder holds a run that can be resumed."""
    try:
        return (out / RUN_FILE).is_file()
    except OSError:  # a name that no folder can have
        return False


def _read_settings(out: Path) -> RunSettings:
    path = out / RUN_FILE
    try:
        return RunSettings.model_validate(read_json(path))
    except FileNotFoundError:
        raise TrainingError(
            f"{path.absolute()}: no such file; --resume needs the folder of a run, -o DIR of its start"
        ) from None
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"{path}: cannot be read ({' '.join(str(error).split())}); it was written when the run began"
        ) from error


def _given_vocabulary(path: Path) -> Vocabulary:
    """A vocabulary to train with: each line a word of its own, or its row of the softmax would never be right."""
    vocabulary = read_vocabulary(path)
    first: dict[str, int] = {}
    for number, word in enumerate(vocabulary.words, start=1):
        if not word or first.setdefault(word, number) != number:
            fault = f"{word!r} stands in line {first[word]} already" if word else "empty"
            raise TextError(f"{path}, line {number}: {fault}; give each word one line")
    return vocabulary


def _refuse_too_large(config: BiLMConfig, n_words: int) -> None:
    """Refuse a model whose training cannot fit in the memory of this machine: weight, gradient, two moments of 4 bytes."""
    with torch.device("meta"):
        parts = (BiLM(config), Softmax(n_words, config.lstm.projection_size))
    size_bytes = 16 * sum(p.numel() for part in parts for p in part.parameters())
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else size_bytes
    if size_bytes > there:
        raise ConfigError(
            f"training this model takes {size_bytes / 2**30:,.0f} GiB for its weights alone, this machine has "
            f"{there / 2**30:,.0f} GiB; choose a smaller --size or vocabulary"
        )


def _passed_over(counts: CorpusCounts) -> str:
    named = (("empty file", counts.empty_files), ("record without text", counts.skipped_records))
    return ", ".join(f"{n:,} x {what}" for what, n in named if n)


def _new_model(
    recipe: PretrainConfig, vocabulary: Vocabulary, lexicon: Lexicon, pretokenized: bool, bias: Tensor
) -> SavedModel:
    torch.manual_seed(recipe.seed)
    config = ModelConfig(
        bilm=recipe.bilm, n_words=len(vocabulary), tokenizer=PRETOKENIZED if pretokenized else THIS_TOKENIZER
    )
    softmax = Softmax(len(vocabulary), recipe.bilm.lstm.projection_size)
    with torch.no_grad():
        softmax.bias.copy_(bias)
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
    warm = settle_state(model.bilm, model.speller, heldout[:WARM_SENTENCES])
    config = model.config.model_copy(update={"training": facts, "warm_state": warm is not None})
    add_model_files(replace(model, config=config, warm=warm, card=write_card(config)), out, settings.storage)


def _flat(line: Report) -> dict[str, Any]:
    flat = {key: value for key, value in asdict(line).items() if key != "heldout"}
    if line.heldout is not None:
        flat |= {f"heldout_{name}": getattr(line.heldout, name) for name in ("forward", "backward", "mean")}
    return flat
