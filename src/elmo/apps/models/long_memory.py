"""Perplexity of a model on a text file with a cache and with dynamic evaluation, beside the plain figures."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from elmo.apps.models.perplexity import Facts, figures_of, load_language_model
from elmo.checkpoints.saved_model import SavedModel, warn_of_other_tokenizer
from elmo.embed.language_model.surprisal import CarryOrZero
from elmo.embed.language_model.unknown_words import warn_of_unknown_words
from elmo.errors import ConfigError, TextError
from elmo.text.sources.source_sentences import SourceSentence, TextOptions, read_sentences
from elmo.train.long_memory.reading import nats_with_memory
from elmo.train.long_memory.settings import LongMemoryConfig
from elmo.train.long_memory.spooled_sentences import SpooledSentences, spooled
from elmo.train.long_memory.tuning import Tuned, tuned_on
from elmo.train.perplexity import NO_SENTENCE, NOTHING, measure_each


def measure_with_memory(
    model: str,
    text: Path,
    config: LongMemoryConfig,
    pretokenized: bool = False,
    state: CarryOrZero = "zero",
    tune_on: Path | None = None,
    vocabulary: Path | None = None,
    report: Callable[[int], None] = lambda n_tokens: None,
    text_field: str | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Facts:
    """Measure a model on a text, plainly and with the memory that `config` asks for; the text is read once and may be a pipe.

    Args:
        model, text, pretokenized, state, vocabulary, text_field: see `measure_file`.
        tune_on: a validation text of the same kind, on whose first `config.grid.tokens` tokens the settings are chosen.
        report: called with the number of tokens read so far, over all readings.
        say: called with a line for each combination that was tried.
    Returns:
        what `measure_file` returns, and for each of `cache`, `dynamic`, `dynamic_cache` that is asked for: NAME_perplexity,
        NAME_perplexity_forward, NAME_perplexity_backward, NAME_bits_per_byte; then the settings that were used, as cache_size,
        dynamic_decay and so on, and tuned_on.
    Raises:
        CheckpointError: no such model, or it has no softmax. TextError: no such text, or it is empty. ConfigError: the
            settings are to be chosen on the text that is measured, or the steps are too large.
    """
    if tune_on is not None and _same(tune_on, text):
        raise ConfigError(
            f"{tune_on}: settings are not chosen on the text that is measured; give --tune-on another text"
        )
    loaded = load_language_model(model, vocabulary, "it has no perplexity")
    if not pretokenized:
        warn_of_other_tokenizer(loaded.config, model)
    options = TextOptions(pretokenized, text_field, loaded.tokenizer)
    n_read = 0

    def count(n_tokens: int) -> None:
        nonlocal n_read
        n_read += n_tokens
        report(n_read)

    squares = None
    if tune_on is not None:
        config, squares = _tuned(loaded, read_sentences([tune_on], options), state, config, say)
    with _kept(read_sentences([text], options)) as (sentences, size_bytes):
        plain = sum(measure_each(loaded, sentences.read(), state, count), start=NOTHING)
        forward, backward = nats_with_memory(loaded, sentences, state, config, squares, count)
        n_sentences = len(sentences)
    warn_of_unknown_words(plain.unknown, plain.tokens)
    facts = figures_of(plain, size_bytes) | {"state": state, "sentences": n_sentences, "bytes": size_bytes}
    for name in forward:
        found = replace(plain, forward_nats=forward[name], backward_nats=backward[name])
        facts |= {
            f"{name}_perplexity": found.mean,
            f"{name}_perplexity_forward": found.forward,
            f"{name}_perplexity_backward": found.backward,
            f"{name}_bits_per_byte": found.bits_per_byte(size_bytes),
        }
    for part in ("cache", "dynamic"):
        settings = getattr(config, part)
        if settings is not None:
            facts |= {f"{part}_{key}": value for key, value in settings.model_dump().items()}
    return facts | {"tuned_on": None if tune_on is None else str(tune_on)}


def _tuned(
    model: SavedModel,
    text: Iterator[SourceSentence],
    state: CarryOrZero,
    config: LongMemoryConfig,
    say: Callable[[str], None],
) -> Tuned:
    """The settings chosen on the beginning of a text; with dynamic evaluation its first half is for the squared gradients."""
    sentences: list[list[str]] = []
    n_left = config.grid.tokens
    while n_left > 0 and (sentence := next(text, None)) is not None:
        sentences.append(sentence.words)
        n_left -= len(sentence.words) + 1
    least = 1 if config.dynamic is None else 2
    if len(sentences) < least:
        raise TextError(
            f"--tune-on: the text has {len(sentences)} sentences; at least {least} are needed to choose settings"
        )
    half = 0 if config.dynamic is None else len(sentences) // 2
    with spooled(sentences[:half]) as statistics, spooled(sentences[half:]) as tried:
        n_tokens = sum(len(words) + 1 for words in sentences[half:])
        return tuned_on(model, tried, n_tokens, state, config, statistics, lambda trial: say(str(trial)))


@contextmanager
def _kept(text: Iterator[SourceSentence]) -> Iterator[tuple[SpooledSentences, int]]:
    """The sentences of a text, and its bytes."""
    size_bytes = 0
    with spooled() as sentences:
        for sentence in text:
            sentences.add(sentence.words)
            size_bytes += sentence.size_bytes
        if not len(sentences):
            raise TextError(NO_SENTENCE)
        yield sentences, size_bytes


def _same(one: Path, other: Path) -> bool:
    """Whether two names are of one text; standard input is one."""
    if "-" in (str(one), str(other)):
        return str(one) == str(other)
    return one.exists() and other.exists() and one.samefile(other)
